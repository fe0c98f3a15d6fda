import { execFileSync, spawnSync } from "child_process";
import { docker, machineSettings, TestStack, until } from "../stack";

/** An ensemble of one, which no stack has made, on Docker's default network: other networks reach it at that one's gateway. */
const server = "storm-e2e-existing-zookeeper";
const port = 12181;

/** What `ip address` says of an interface. */
interface Interface {
    addr_info: { local: string }[];
}

const heap = { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 64, logviewer: 64, ui: 128 };

let stack: TestStack;
beforeAll(async () => {
    spawnSync("docker", ["rm", "--force", "--volumes", server]);
    // Docker's own description of this network may lack the gateway.
    const [docker0] = JSON.parse(
        execFileSync("ip", ["-4", "-json", "address", "show", "docker0"], { encoding: "utf8" }),
    ) as Interface[];
    const gateway = docker0?.addr_info[0]?.local ?? "";
    const image = (machineSettings()["storm:zookeeperImage"] ?? "zookeeper:3.9.5") as string;
    docker(
        "run",
        "--detach",
        "--name",
        server,
        "--env",
        "ZK_SERVER_HEAP=128",
        "--publish",
        `${gateway}:${port}:2181`,
        image,
    );
    const zookeeperServers = [`${gateway}:${port}`];
    stack = new TestStack("e2e-existing", {
        subnet: "172.30.92.0/24",
        zookeeperServers,
        supervisors: 1,
        slots: 1,
        ui: false,
        logviewers: false,
        heap,
    });
    await stack.up();
});
afterAll(async () => {
    stack.discard();
    docker("rm", "--force", "--volumes", server);
});

/** Names of the nodes below a path. */
const nodes = (path: string) =>
    /^\[(.*)\]$/m
        .exec(docker("exec", server, "zkCli.sh", "-waitforconnection", "-server", "localhost:2181", "ls", path))?.[1]
        ?.split(", ");

test("a cluster on an ensemble that is there already has none of its own, and keeps its state below its own name", () => {
    expect(Object.keys(stack.containers()).sort()).toEqual(["nimbus-1", "supervisor-1"]);
    expect(nodes("/")).toEqual(expect.arrayContaining(["storm-e2e-existing"]));
    expect(nodes("/")).not.toContain("storm");
    expect(nodes("/storm-e2e-existing/nimbuses")).toEqual(["172.30.92.33"]);
});

test("a second update changes nothing", async () => {
    expect(await stack.changes()).toEqual([]);
});

test("it moves to an ensemble of its own, and back; the other one is left as it is", async () => {
    const { "storm:zookeeperServers": zookeeperServers } = stack.settings();
    stack.set({ zookeeperServers: [] });
    await stack.up();
    expect(Object.keys(stack.containers()).sort()).toEqual(["nimbus-1", "supervisor-1", "zookeeper-1"]);
    await until("Nimbus has left", 300, () => nodes("/storm-e2e-existing/nimbuses")?.join() === "");
    stack.set({ zookeeperServers });
    await stack.up();
    expect(Object.keys(stack.containers()).sort()).toEqual(["nimbus-1", "supervisor-1"]);
    expect(nodes("/storm-e2e-existing/nimbuses")).toEqual(["172.30.92.33"]);
});
