import { ofKind, parseDaemonName } from "../../components/daemonRef";
import type { Host } from "../../components/hosts/host";
import { compositionProblem, placeDaemons } from "../../components/storm/spec/composition";

const hostsFor = (names: string[]) => Object.fromEntries(names.map((name) => [name, {} as Host]));
const problemOf = (names: string[], hasZooKeeper: boolean) => {
    try {
        return compositionProblem(placeDaemons("storm-test", hostsFor(names)), hasZooKeeper);
    } catch (error) {
        return (error as RangeError).message;
    }
};

test.each([
    [["zookeeper-1", "supervisor-1"], false, "has no host for nimbus-1"],
    [["nimbus-1"], false, "has no host for zookeeper-1, and `zookeeper` names no existing ensemble"],
    [
        ["zookeeper-1", "nimbus-1"],
        true,
        "has zookeeper-1, and `zookeeper` names an existing ensemble: remove one of the two",
    ],
    [
        ["zookeeper-1", "zookeeper-3", "nimbus-1"],
        false,
        "has zookeeper-3, and not zookeeper-2: the daemons of a kind must be numbered from 1",
    ],
    [
        ["zookeeper-1", "zookeeper-2", "zookeeper-3", "zookeeper-4", "nimbus-1"],
        false,
        "has 4 ZooKeeper members: an ensemble must have 1, 3 or 5",
    ],
    [
        ["zookeeper-1", "nimbus-1", "supervisor"],
        false,
        "has supervisor: names must be as in zookeeper-1, nimbus-1, supervisor-1, drpc-1, ui",
    ],
])("hosts for %j are no cluster; it uses an existing ensemble: %p", (names, hasZooKeeper, message) => {
    expect(problemOf(names, hasZooKeeper)).toBe(message);
});

test("the hosts' names say which daemons a cluster has, whatever their order", () => {
    const names = ["supervisor-10", "nimbus-1", "ui", "supervisor-1"];
    names.push(...[9, 8, 7, 6, 5, 4, 3, 2].map((index) => `supervisor-${index}`));
    expect(problemOf(names, true)).toBeUndefined();
    const daemons = placeDaemons("storm-test", hostsFor(names));
    expect(daemons.map(({ container }) => container).slice(0, 2)).toEqual([
        "storm-test-nimbus-1",
        "storm-test-supervisor-1",
    ]);
    expect(ofKind(daemons, "supervisor").map(({ index }) => index)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test.each(["nimbus", "nimbus-0", "nimbus-01", "ui-1", "worker-1", "nimbus-1-x", ""])(
    "%j is not a daemon's name",
    (name) => {
        expect(parseDaemonName(name)).toBeUndefined();
    },
);
