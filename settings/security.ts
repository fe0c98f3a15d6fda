/** The setting `security`: what is protected by certificates. */
import type { Security } from "../components/storm/spec/security";
import { imageVersion } from "../provider/image";
import type { Fields } from "./fields";
import type { Problem, Valid } from "./rules";

/** What the setting asks for, as components have it. */
export function securityOf(setting: Fields["security"]): Security | undefined {
    return setting === "none" ? undefined : setting;
}

/** Keys of zoo.cfg that it sets. */
const zooKeys =
    /^(serverCnxnFactory|secureClientPort(Address)?|sslQuorum|portUnification|client\.portUnification|ssl\..*|enforce\.auth\..*|authProvider\..*)$/;
/** Keys of storm.yaml that it sets. */
const stormKeys = /^storm\.zookeeper\.ssl\./;

/** Tells why a stack cannot have what the setting asks for, and what it can have. */
export function securityProblems(settings: Valid, problem: Problem): void {
    const { security = "none", stormImage, zookeeperImage, zookeeperServers, discovery } = settings;
    if (security === "none") {
        return;
    }
    const refuse = (message: string) => problem(["security"], message);
    if (stormImage !== undefined && isBelow(stormImage, [2, 7])) {
        refuse(`needs Storm 2.7 or newer, and storm:stormImage is ${stormImage}: ${insteadOf(settings)}`);
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
        ["stormYaml", stormKeys],
    ] as const;
    for (const [setting, keys] of entries) {
        for (const key of Object.keys(settings[setting] ?? {}).filter((each) => keys.test(each))) {
            problem([setting, key], "is set by storm:security: remove it");
        }
    }
}

/** Whether an image's tag names a version that is older. */
function isBelow(image: string, [major, minor]: readonly [number, number]): boolean {
    const [first = major, second = minor] = imageVersion(image)?.split(".").map(Number) ?? [];
    return first < major || (first === major && second < minor);
}

function insteadOf({ target }: Valid): string {
    return target === "local"
        ? "set a newer image"
        : "set a newer image, or storm:discovery to `ambassador` and storm:ambassadorTls to true";
}
