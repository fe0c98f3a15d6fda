// Long, as machines are launched and replaced, each with all of its set-up.
import { describeEc2 } from "../../lab/ec2/describeEc2";
import { Cloud, type SharedInstance } from "./cloud";

const jar = "examples/wordcount/target/wordcount.jar";

describeEc2("a stack with an instance for each daemon, which gets fewer", () => {
    let cloud: Cloud;
    let shared: SharedInstance[];

    beforeAll(async () => {
        cloud = await Cloud.create({
            ...{ name: "awsshare", number: 14, stackFile: "dev", changes: {} },
            host: () => ({ kind: "docker", withImages: true }),
        });
        shared = cloud.instances;
        cloud.setAws({ instances: [] });
        await cloud.stack.up();
    });
    afterAll(() => cloud?.remove());

    test("runs a topology", async () => {
        expect(Object.keys(await cloud.machines())).toHaveLength(shared.flatMap(({ daemons }) => daemons).length);
        const nimbus = await cloud.host("nimbus-1");
        const submit = ["jar", jar, "wordcount.WordCountTopology", "wordcount", "2"] as const;
        await cloud.stack.stormOn(nimbus, [nimbus.address], ...submit);
        await cloud.untilCounting("supervisor-1", "supervisor-2");
    });

    test("is refused instances on which ZooKeeper or Nimbus would start without data, before anything is touched", async () => {
        const before = await cloud.ec2.resources();
        cloud.setAws({ instances: shared.map((instance, index) => ({ ...instance, name: `machine-${index}` })) });
        const { code, output } = await cloud.stack.pulumi("up", "--yes");
        expect(code).not.toBe(0);
        expect(output).toMatch(
            /Its volume is that of the instance (zookeeper|nimbus)-1: place it on an instance of this name/,
        );
        expect(await cloud.ec2.resources()).toEqual(before);
        cloud.setAws({ instances: [] });
    });

    test("gets those of the stack file, with the addresses, the data and the topology that it had", async () => {
        const before = { machines: await cloud.machines(), topologies: (await cloud.summary()).topologies };
        cloud.setAws({ instances: shared });
        await cloud.stack.up();
        const after = { machines: await cloud.machines(), topologies: (await cloud.summary()).topologies };
        expect(Object.keys(after.machines).sort()).toEqual(["nimbus-1", "zookeeper-1"]);
        for (const [name, { address, id }] of Object.entries(after.machines)) {
            expect(address).toBe(before.machines[name]?.address);
            expect(id).not.toBe(before.machines[name]?.id);
        }
        expect(after.topologies.map(({ id }) => id)).toEqual(before.topologies.map(({ id }) => id));
        await cloud.untilCounting("supervisor-1", "supervisor-2");
        await cloud.stack.up("--refresh", "--expect-no-changes");
    });

    test("leaves nothing when it is destroyed", async () => {
        const { code, output } = await cloud.stack.pulumi("destroy", "--yes", "--skip-preview");
        expect(code === 0 ? "" : output).toBe("");
        expect(await cloud.leftovers()).toEqual([]);
        expect(cloud.forbiddenCalls()).toEqual([]);
    });
});
