/** The provider's resources, as a program declares them. What they do is in kinds/. */
import * as pulumi from "@pulumi/pulumi";
import { typesOf } from "./formerKinds";
import type { Inputs, schema } from "./schema";

type Kind = keyof typeof schema;

/** Arguments of a resource, each of which may be an output of another. */
export type Args<Name extends Kind> = { [key in keyof Inputs<Name>]: pulumi.Input<Inputs<Name>[key]> };

/**
 * The class of a kind of resource.
 * @param outputs Names of what it has beside its arguments.
 */
function resource<Name extends Kind>(
    kind: Name,
    { outputs = [] }: { outputs?: string[] } = {},
): new (name: string, args: Args<Name>, opts?: pulumi.CustomResourceOptions) => pulumi.CustomResource {
    return class extends pulumi.CustomResource {
        constructor(name: string, args: Args<Name>, opts?: pulumi.CustomResourceOptions) {
            const properties = { ...Object.fromEntries(outputs.map((output) => [output, undefined])), ...args };
            const [type = "", ...former] = typesOf(kind);
            super(
                type,
                name,
                properties,
                pulumi.mergeOptions(opts, { aliases: former.map((each) => ({ type: each })) }),
            );
        }
    };
}

/**
 * A gate: it exists once a daemon is ready, and waits again when the daemon's container is another one. Past its limit
 * the update fails with the daemon's name, what was missing, and the end of its log.
 */
export class Ready extends resource("Ready") {}

/**
 * A restart gate: daemons that are created after it start beside those before it. Where a change restarts these, the others wait until
 * they are ready again and, for supervisors, until all topologies run again.
 */
export class RestartGate extends resource("RestartGate") {}

/**
 * Nothing, until it is deleted: then it stops a supervisor, waits until what ran there runs elsewhere and no tuple that was
 * under way is overdue. Then the container may be deleted. (Storm has no way to give one supervisor no work.) Drains that are
 * created one after the other are deleted one after the other.
 */
export class Drain extends resource("Drain") {}

/**
 * Stops Nimbus when it is deleted. As it is created after all drains, a `destroy` begins with it, and no supervisor that is
 * taken down waits for its work to move to another that is taken down too.
 */
export class NimbusShutdown extends resource("NimbusShutdown") {}

/**
 * Who the members of the ensemble are. Members that leave must be named in `mayLeave`, and are stopped before the others receive the new
 * list: otherwise these would continue without the writes that only the leaving ones have, and clients would write to both.
 */
export class EnsembleMembership extends resource("EnsembleMembership") {}

/**
 * The major version of a cluster's Storm. Another one is refused before anything is touched, as it cannot read the data. Where it is
 * allowed, this prepares the cluster for it: topologies are deactivated, all daemons of Storm are stopped, and their data is copied.
 */
export class StormVersionGuard extends resource("StormVersionGuard") {}

/** Where the daemons are of another major version: activates the topologies that were deactivated for it, and waits until they run. */
export class Activation extends resource("Activation") {}

/** The machine or the availability zone that has a daemon's data. The daemon stays there, unless it may start empty in another. */
export class DataLocation extends resource("DataLocation") {}

/**
 * Refuses to be deleted, and with it all that it is created after. (Pulumi's own `protect` keeps a resource, but a `destroy` that
 * meets it deletes first what depends on it, which are the containers: seen with 3.259.)
 */
export class DeletionProtection extends resource("DeletionProtection") {}

/** A file on a host, in a Docker volume of its own, that containers mount. Another content is in another volume, which is created first. */
export class ConfigFile extends resource("ConfigFile") {}

/**
 * A gate: it exists once an auto scaling group has as many machines as it wants, all from its launch template as it is now, and Nimbus
 * lists each. It waits again when the template or a trigger is another one. Without progress, the update fails with the machines that are
 * missing and the group's last failed activity.
 */
export class FleetReady extends resource("FleetReady") {}

/** A jar that lies on the cluster, with the data of a Nimbus, under the name that its content gives it. */
export class Jar extends resource("Jar") {}

/** A topology that is on the cluster once, as it is wanted, and that is running. */
export class Submission extends resource("Submission", { outputs: ["shortfall"] }) {
    /** How its spread differs from what is wanted; empty: it does not. */
    declare readonly shortfall: pulumi.Output<string>;
}

/**
 * Nothing, until it is deleted: then it kills a topology, or warns if no Nimbus answers. With its {@link Submission}, which is
 * created after it and `deletedWith` the {@link NimbusShutdown}, a cluster is removed whether or not it has a Nimbus, while a topology
 * that leaves a cluster that stays is deleted by its submission, which needs one.
 */
export class Kill extends resource("Kill") {}

/** The records of a DNS server. Other records take the place of those before while it runs. */
export class DnsRecords extends resource("DnsRecords") {}

/** Files of a Prometheus server. Other contents take the place of those before while it runs. */
export class PrometheusFiles extends resource("PrometheusFiles") {}

/**
 * The password of Grafana's user `admin`. It exists once Grafana answers and accepts it. A database that Grafana finds keeps the password
 * that it has, whatever Grafana's configuration says: that one is set to the wanted one.
 */
export class GrafanaPassword extends resource("GrafanaPassword") {}

/** The users of etcd, without whom nobody may read or write in it. */
export class RegistryUsers extends resource("RegistryUsers") {}

/** A password that the stack has made, and keeps as a secret. */
export class Password extends resource("Password", { outputs: ["value"] }) {
    declare readonly value: pulumi.Output<string>;

    constructor(name: string, opts: pulumi.CustomResourceOptions) {
        super(name, {}, opts);
        this.value = pulumi.secret(this.value);
    }
}

/** The key by which a stack's containers are known from another's: the stack has created it, and keeps it. */
export class StackKey extends resource("StackKey", { outputs: ["value"] }) {
    declare readonly value: pulumi.Output<string>;
}

/** A certificate that the stack has made, and its private key, which it keeps as a secret. Valid for ten years, or for `days`. */
export class Certificate extends resource("Certificate", { outputs: ["certificate", "key", "keyStore", "expires"] }) {
    /** As PEM, followed by its `chain`. */
    declare readonly certificate: pulumi.Output<string>;
    declare readonly key: pulumi.Output<string>;
    /** Both, in base64, with `storePassword`. */
    declare readonly keyStore: pulumi.Output<string>;
    /** When it ends, with `days`: `2027-11-30T15:00:00.000Z`. */
    declare readonly expires: pulumi.Output<string>;

    constructor(name: string, args: Args<"Certificate">, opts: pulumi.CustomResourceOptions) {
        super(name, args, opts);
        this.key = pulumi.secret(this.key);
        this.keyStore = pulumi.secret(this.keyStore);
    }
}

/** A certificate of an authority of the stack's that is signed by another one. Valid as long as both are. */
export class CrossCertificate extends resource("CrossCertificate", { outputs: ["certificate"] }) {
    declare readonly certificate: pulumi.Output<string>;
}

/** How far an existing cluster is on its way to TLS. */
export class SecurityStep extends resource("SecurityStep") {}

/** A host key that a machine is launched with, to be known at the first connection. */
export class LaunchKey extends resource("LaunchKey", { outputs: ["privateKey", "publicKey"] }) {
    /** In OpenSSH's format; secret, as long as the machine has not exchanged it. */
    declare readonly privateKey: pulumi.Output<string>;
    /** Such as `ssh-ed25519 AAAA...`. */
    declare readonly publicKey: pulumi.Output<string>;

    constructor(name: string, args: Args<"LaunchKey">, opts: pulumi.CustomResourceOptions) {
        super(name, args, opts);
        this.privateKey = pulumi.secret(this.privateKey);
    }
}

/** A host key that a machine makes for itself, over a connection on which it has shown its launch key. */
export class OwnHostKey extends resource("OwnHostKey", { outputs: ["made"] }) {
    /** Such as `ssh-ed25519 AAAA...`; the machine does not show it yet. */
    declare readonly made: pulumi.Output<string>;
}

/**
 * A machine that shows the key that it has made, and no longer the one that it was launched with. Making and
 * exchanging are two resources, so that an update which is interrupted between them still knows both keys.
 */
export class ExchangedHostKey extends resource("ExchangedHostKey", { outputs: ["active"] }) {
    /** Such as `ssh-ed25519 AAAA...`. */
    declare readonly active: pulumi.Output<string>;
}

/** The key that a machine has shown at the first connection, by which it is known from then on. */
export class PinnedHostKey extends resource("PinnedHostKey", { outputs: ["pinned"] }) {
    /** Such as `ssh-ed25519 AAAA...`. */
    declare readonly pinned: pulumi.Output<string>;
}

/** A machine that has shown the right key and has let us in. One that shows another key stops the update. */
export class SshConnection extends resource("SshConnection") {}

/** A script that has run on a machine, by `ssh` itself; remote.Command has an SSH of its own, which runs no proxy command. */
export class Script extends resource("Script", { outputs: ["stdout"] }) {
    /** What it has printed. */
    declare readonly stdout: pulumi.Output<string>;
}
