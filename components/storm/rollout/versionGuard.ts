import * as pulumi from "@pulumi/pulumi";
import { majorVersion } from "../../../provider/image";
import { knownKey, sshCommand } from "../../../provider/machines/ssh";
import { StormVersionGuard } from "../../../provider/resources";
import type { Inputs } from "../../../provider/schema";
import type { PlacedDaemon } from "../../discovery/placedDaemon";
import { type ExistingResource, ofKindIn } from "../../stackState";
import type { PlacedReverseProxy } from "../security/reverseProxies";
import type { CompleteArgs } from "../stormClusterArgs";
import { existingNimbuses } from "./existingNimbuses";

/**
 * The scripts that containers run change with this program. A stack keeps those of its containers until its image changes, which
 * replaces them anyway, or reverse proxies need a logviewer beside Nimbus: `tls` replaces them too. Revision 2 reads the version of Storm
 * from RELEASE too, lets an upgrade pass, has a logviewer beside Nimbus, and lets Storm 3's JVMs call native code without a warning.
 */
const currentRevision = 2;

/** What there is of a cluster before an update. */
export interface Existing {
    /** The stack's resources, as of its last update. */
    state: pulumi.Output<ExistingResource[]>;
    /** Which scripts the cluster's containers run: {@link revisionOf}. */
    revision: pulumi.Output<number>;
}

/** Name of the resource that guards the version of a cluster. */
const nameOf = (cluster: string) => `${cluster}-major-version`;

/**
 * Which scripts the containers of a cluster run: those of a revision.
 * @param state The stack's resources, as of its last update.
 * @param name Name of the cluster's resource.
 * @param proxies The reverse proxies in front of its pages.
 */
export function revisionOf(
    state: ExistingResource[],
    name: string,
    image: string,
    proxies: readonly PlacedReverseProxy[],
): number {
    const existing = existingGuard(state, name);
    const needsLogviewer = proxies.some(({ backends }) => backends.some(({ daemon }) => daemon.kind === "nimbus"));
    return existing?.image === image && !needsLogviewer ? (existing.revision ?? 1) : currentRevision;
}

/**
 * The guard of a cluster's major version, which only changes where `allowMajorVersion` says so.
 * @param name Name of the cluster's resource.
 * @param opts Parent, and what has to exist before a change.
 */
export function versionGuard(
    name: string,
    { stormImage: image, imageRegistry, allowMajorVersion: to, clusterName: cluster }: CompleteArgs,
    daemons: readonly PlacedDaemon[],
    { state, revision }: Existing,
    opts: pulumi.CustomResourceOptions,
): StormVersionGuard {
    const lost = daemons.flatMap(({ host: { machine } }) => (machine?.unusable === "is lost" ? [machine.host] : []));
    const guard = new StormVersionGuard(
        nameOf(name),
        {
            image,
            imageRegistry,
            revision,
            // In the state, as containers of machines that this update creates or replaces have nothing to do with it.
            change:
                to === undefined
                    ? undefined
                    : state.apply((existing) => ({ to, cluster, ...placesOf(existing, name, lost) })),
        },
        opts,
    );
    if (to !== undefined && to === majorVersion(image)) {
        state.apply((existing) => announce(majorVersion(existingGuard(existing, name)?.image ?? ""), to, guard));
    }
    return guard;
}

function existingGuard(state: ExistingResource[], name: string): Partial<Inputs<"StormVersionGuard">> | undefined {
    return ofKindIn("StormVersionGuard", state).find((each) => each.name === nameOf(name))?.outputs;
}

/** Where a cluster's containers are, as of the last update, except on lost machines. */
function placesOf(
    state: ExistingResource[],
    name: string,
    lost: string[],
): Pick<NonNullable<Inputs<"StormVersionGuard">["change"]>, "machines" | "nimbuses"> {
    const nimbuses = existingNimbuses(state, name);
    if (nimbuses.every(({ ssh }) => ssh === undefined)) {
        return { nimbuses, machines: [{}] };
    }
    const connections = ofKindIn("SshConnection", state).map(({ outputs }) => outputs as Inputs<"SshConnection">);
    const machines = connections
        .filter(({ host }) => !lost.includes(host))
        .map(({ host, endpoint, access, hostKey }) => ({
            host,
            ssh: sshCommand(endpoint, access, knownKey(hostKey)),
        }));
    const logins = machines.map(({ ssh }) => ssh.at(-1));
    return { nimbuses: nimbuses.filter(({ ssh }) => logins.includes(ssh?.at(-1))), machines };
}

/** Says before an update, too, what it is going to do. */
function announce(from: number | undefined, to: number, guard: StormVersionGuard): void {
    if (from === undefined || from === to) {
        return;
    }
    const what =
        from < to
            ? "All topologies are deactivated, all daemons of Storm are stopped, ZooKeeper's and Nimbus's data are copied, the daemons start " +
              `with Storm ${to}, and the topologies are activated again.`
            : `ZooKeeper's and Nimbus's data are replaced by the copy that the upgrade to Storm ${from} made: what has changed since is lost.`;
    void pulumi.log.warn(`The cluster goes from Storm ${from} to Storm ${to}. ${what}`, guard);
}
