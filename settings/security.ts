/** The setting `security`: what is protected by certificates. */
import { securedBy } from "../components/storm/rollout/securitySteps";
import type { Security } from "../components/storm/spec/security";
import { type ExistingResource, ofKindIn } from "../components/stackState";
import { imageVersion } from "../provider/image";
import type { Fields } from "./fields";
import type { Problem, Valid } from "./rules";

/**
 * Tells why a stack that exists cannot get what the setting asks for in this update.
 * @param state The stack's resources, as of its last update.
 */
export function securityChangeProblem(setting: Fields["security"], state: ExistingResource[]): string | undefined {
    const has = securedBy(state) ?? "none";
    if (levels.indexOf(setting) < levels.indexOf(has)) {
        const server = has === "tls" ? "Nimbus" : "ZooKeeper";
        return `would cut off the daemons of a cluster whose ${server} has TLS: set it to ${has} again, or create another stack without it`;
    }
    const topologies = ofKindIn("Submission", state).map(({ outputs }) => String(outputs.topology));
    return setting === "tls" && has !== "tls" && topologies.length > 0
        ? `would cut the workers of ${topologies.join(", ")} off from each other and from Nimbus: take topologies out of storm:topologies, ` +
              "run `make up`, which kills them, then set this, and submit them again after that update"
        : undefined;
}

/** From nothing to everything. */
const levels: Fields["security"][] = ["none", "zookeeper", "tls"];

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
