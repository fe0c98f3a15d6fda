/** The setting `security`: what is protected by certificates. */
import type { ExistingResource } from "../components/stackState";
import { changesCalls, submitted } from "../components/storm/rollout/securityInUpdate";
import type { Security, SecurityInUpdate } from "../components/storm/spec/security";
import { imageVersion } from "../provider/image";
import type { Fields } from "./fields";
import type { Problem, Valid } from "./rules";

/** Name of the cluster's resource. */
export const clusterResource = "storm";

/**
 * Tells why an update cannot take a stack that exists on the way to what the setting asks for.
 * @param next How far the update takes it.
 * @param state The stack's resources, as of its last update.
 */
export function securityChangeProblems(
    { topologies = [] }: Pick<Valid, "topologies">,
    next: SecurityInUpdate | undefined,
    state: ExistingResource[],
    problem: Problem,
): void {
    const cutOff = (names: string[]) =>
        `would cut the workers of ${names.join(", ")} off from each other and from Nimbus: take topologies out of storm:topologies`;
    const running = submitted(state, clusterResource);
    if (next?.nimbus && changesCalls(state, clusterResource, next.nimbus) && running.length > 0) {
        problem(
            ["security"],
            `${cutOff(running)}, run \`make up\`, which kills them, then set this, and submit them again after that update`,
        );
    }
    if (next && next.topologies.length > 0 && topologies.length > 0) {
        problem(
            ["security"],
            `${cutOff(next.topologies)}, run \`make up\`, which kills them, and again, and submit them again after that update`,
        );
    }
}

/** What the setting asks for, as components have it. */
export function securityOf(setting: Fields["security"]): Security | undefined {
    return setting === "none" ? undefined : setting;
}

/** Keys of zoo.cfg that it sets. */
const zooKeys =
    /^(serverCnxnFactory|secureClientPort(Address)?|sslQuorum|portUnification|client\.portUnification|ssl\..*|enforce\.auth\..*|authProvider\..*)$/;
/** Keys of storm.yaml that it sets. */
const stormKeys = {
    zookeeper: /^storm\.zookeeper\.ssl\./,
    tls: /^storm\.zookeeper\.ssl\.|\.tls\.|\.use\.tls$|^(ui|logviewer|drpc)\.(https\.|disable\.http\.)|^nimbus\.(admins|users|authorizer|thrift\.transport)$|^storm\.(principal\.tolocal|thrift\.transport|group\.mapping\.service|blobstore\.acl\.validation\.enabled)$|^supervisor\.thrift\.transport$|^x509\.|^debug\.simple\.transport\.user$/,
};

/** Tells why a stack cannot have what the setting asks for, and what it can have. */
export function securityProblems(settings: Valid, problem: Problem): void {
    const { security = "none", stormImage, zookeeperImage, zookeeperServers, discovery } = settings;
    if (security === "none") {
        return;
    }
    const refuse = (message: string) => problem(["security"], message);
    const oldest = security === "tls" ? ([2, 8, 7] as const) : ([2, 7] as const);
    if (stormImage !== undefined && isBelow(stormImage, oldest)) {
        refuse(
            `needs Storm ${oldest.join(".")} or newer, and storm:stormImage is ${stormImage}: ${insteadOf(settings)}`,
        );
    }
    if (zookeeperImage !== undefined && zookeeperServers === undefined && isBelow(zookeeperImage, [3, 7])) {
        refuse(`needs ZooKeeper 3.7 or newer, and storm:zookeeperImage is ${zookeeperImage}`);
    }
    if (zookeeperServers !== undefined) {
        refuse("is for an ensemble of the stack's own, and storm:zookeeperServers is given: remove one of the two");
    }
    if (discovery === "ambassador") {
        refuse(
            "is for the discoveries `addresses` and `dns`, as ambassadors check ZooKeeper in plain: set storm:discovery to one of these, " +
                "or remove this and set storm:ambassadorTls, on `hosts` and `aws`",
        );
    }
    const entries = [
        ["zooCfg", zooKeys],
        ["stormYaml", stormKeys[security]],
    ] as const;
    for (const [setting, keys] of entries) {
        for (const key of Object.keys(settings[setting] ?? {}).filter((each) => keys.test(each))) {
            problem([setting, key], "is set by storm:security: remove it");
        }
    }
}

/** Whether an image's tag names a version that is older; parts that it does not name may be new enough. */
function isBelow(image: string, oldest: readonly number[]): boolean {
    const version = imageVersion(image)?.split(".").map(Number) ?? [];
    const differing = oldest.findIndex((part, index) => (version[index] ?? part) !== part);
    return differing >= 0 && (version[differing] as number) < (oldest[differing] as number);
}

function insteadOf({ target }: Valid): string {
    return target === "local"
        ? "set a newer image"
        : "set a newer image, or storm:discovery to `ambassador` and storm:ambassadorTls to true";
}
