import { placedNames } from "../../components/storm/daemonNames";

test.each([
    [["zookeeper-1", "supervisor-1"], false, "has no host for nimbus-1"],
    [["nimbus-1"], false, "has no host for zookeeper-1, and no `zookeeper` says where there is one already"],
    [["zookeeper-1", "nimbus-1"], true, "has zookeeper-1, and `zookeeper` says where ZooKeeper is already: take one of the two out"],
    [["zookeeper-1", "zookeeper-3", "nimbus-1"], false, "has zookeeper-3, and not zookeeper-2: the daemons of a kind are numbered from 1"],
    [["zookeeper-1", "nimbus-1", "supervisor"], false, "has supervisor: names are as in zookeeper-1, nimbus-1, supervisor-1, drpc-1, ui"],
])("hosts for %j are no cluster; an ensemble is there already: %p", (placed, hasZooKeeper, message) => {
    expect(() => placedNames(placed, hasZooKeeper)).toThrow(new RangeError(message));
});

test("the hosts' names say which daemons a cluster has, whatever their order", () => {
    expect(placedNames(["supervisor-2", "nimbus-1", "dns-1", "ui", "supervisor-1", "dns-2"], true)).toEqual({
        zookeeper: [],
        nimbus: ["nimbus-1"],
        supervisor: ["supervisor-1", "supervisor-2"],
        drpc: [],
        ui: ["ui"],
    });
});
