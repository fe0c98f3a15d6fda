// Long, as five machines are replaced one after the other, each once the one before serves.
import { describeEc2 } from "../../lab/ec2/describeEc2";
import { until } from "../stack";
import { Cloud } from "./cloud";

const jar = "examples/wordcount/target/wordcount.jar";
const members = ["zookeeper-1", "zookeeper-2", "zookeeper-3"];

describeEc2("prod on EC2", () => {
    let cloud: Cloud;

    /** The members of the ensemble that serve. */
    const serving = () => answering("^Mode");

    /** The members of the ensemble whose answer to `srvr` has this in it. */
    async function answering(pattern: string): Promise<string[]> {
        // All at the same moment: EC2, which is slow, is asked before.
        const hosts = await Promise.allSettled(members.map((member) => cloud.host(member)));
        const asked = members.map(async (member, index) => {
            const ask = `exec 3<>/dev/tcp/$(hostname -i)/2181 && echo srvr >&3 && grep -q "${pattern}" <&3`;
            const host = hosts[index];
            if (host?.status !== "fulfilled" || !host.value.isOn) {
                throw new Error(`${member} is off`);
            }
            await host.value.exec(`docker exec ${cloud.stack.cluster}-${member} timeout 20 bash -c '${ask}'`);
            return member;
        });
        const answers = await Promise.allSettled(asked);
        return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
    }

    beforeAll(async () => {
        const changes = { supervisors: 1 };
        cloud = await Cloud.create({
            name: "awsprod",
            number: 7,
            stackFile: "prod",
            changes,
            host: () => ({ kind: "docker", withImages: true }),
        });
        await cloud.stack.up();
    });
    afterAll(() => cloud?.remove());

    test("is an ensemble of three in three zones, two Nimbus, and a supervisor that they know", async () => {
        expect((await serving()).sort()).toEqual(members);
        const { nimbuses, supervisors } = await cloud.summary();
        expect(nimbuses.filter(({ leader }) => leader)).toHaveLength(1);
        expect([nimbuses.length, supervisors.length]).toEqual([2, 1]);
        const instances = await cloud.ec2.instances();
        const subnets = members.map((member) => instances[`${cloud.stack.cluster}-${member}`]?.SubnetId);
        expect(new Set(subnets).size).toBe(3);
    });

    test("has no public address but the bastion's, through which it is reached", async () => {
        const instances = Object.entries(await cloud.ec2.instances());
        const withPublic = instances.filter(([, { PublicIpAddress }]) => PublicIpAddress).map(([name]) => name);
        expect(withPublic).toEqual([`${cloud.stack.cluster}-bastion`]);
        await cloud.stack.up("--refresh", "--expect-no-changes");
    });

    test("runs a topology", async () => {
        const nimbus = await cloud.host("nimbus-1");
        const seeds = await Promise.all(
            ["nimbus-1", "nimbus-2"].map(async (daemon) => (await cloud.host(daemon)).address),
        );
        await cloud.stack.stormOn(nimbus, seeds, "jar", jar, "wordcount.WordCountTopology", "wordcount", "1");
        await cloud.untilCounting("supervisor-1");
    });

    test("refuses to be destroyed, or to change its machines, as long as it is protected", async () => {
        const before = await cloud.machines();
        const destroyed = await cloud.stack.pulumi("destroy", "--yes", "--skip-preview");
        expect([destroyed.code !== 0, destroyed.output]).toEqual([
            true,
            expect.stringContaining("The stack is protected: nothing was removed."),
        ]);
        expect(destroyed.output).not.toMatch(/ deleted/);
        const first = cloud.aws.ami;
        cloud.setAws({ ami: await cloud.ec2.registerImage("second") });
        const changed = await cloud.stack.pulumi("up", "--yes", "--skip-preview");
        expect([changed.code !== 0, changed.output]).toEqual([true, expect.stringContaining("protect")]);
        expect(await cloud.machines()).toEqual(before);
        expect((await serving()).sort()).toEqual(members);
        cloud.setAws({ ami: first });
        await cloud.stack.up();
        expect(await cloud.machines()).toEqual(before);
    });

    test("has a lost instance recreated with an image of its own, and no other one touched", async () => {
        const before = { machines: await cloud.machines(), containers: await cloud.containers() };
        const lostHost = await cloud.host("zookeeper-2");
        await cloud.ec2.terminateProtectedInstance(cloud.nameOf("zookeeper-2"));
        await until("the machine is off", 300, () => !lostHost.isOn);
        const image = await cloud.ec2.registerImage("own");
        cloud.setAws({ amis: { "zookeeper-2": image } });
        // EC2 gives what a terminated instance had to another one only after a while. The CLI repeats at the end what was said.
        const [, said = ""] = (await cloud.repair("zookeeper-2")).split("Diagnostics:");
        for (const what of ["network interface", "data volume"]) {
            const message = `zookeeper-2: its ${what} is still in use by the instance before, trying again for up to 300 s`;
            expect(said.split(message)).toHaveLength(2);
        }
        const after = { machines: await cloud.machines(), containers: await cloud.containers() };
        const lost = { "zookeeper-2": undefined };
        expect({ ...after.machines, ...lost }).toEqual({ ...before.machines, ...lost });
        expect({ ...after.containers, ...lost }).toEqual({ ...before.containers, ...lost });
        expect(after.machines["zookeeper-2"]?.id).not.toBe(before.machines["zookeeper-2"]?.id);
        expect(after.machines["zookeeper-2"]?.address).toBe(before.machines["zookeeper-2"]?.address);
        const instances = await cloud.ec2.instances();
        expect(instances[cloud.nameOf("zookeeper-2")]?.ImageId).toBe(image);
        expect((await serving()).sort()).toEqual(members);
        await cloud.stack.up("--expect-no-changes");
    });

    test("gives its protection up, in place", async () => {
        const before = await cloud.machines();
        cloud.setAws({ protect: false });
        await cloud.stack.up();
        expect(await cloud.machines()).toEqual(before);
    });

    test("then changes all of its machines, one member after the other, while a majority is up", async () => {
        const before = await cloud.machines();
        cloud.setAws({ amis: {}, ami: await cloud.ec2.registerImage("third") });
        let isDone = false;
        const up = cloud.stack.up().finally(() => (isDone = true));
        const fewest: string[][] = [];
        while (!isDone) {
            // For the moment of an election, members are up and do not serve.
            const now = await answering(".");
            if (now.length < 2) {
                fewest.push(now);
            }
            await new Promise((resolve) => setTimeout(resolve, 1000));
        }
        await up;
        expect(fewest).toEqual([]);
        const after = await cloud.machines();
        for (const daemon of [...members, "nimbus-1", "nimbus-2"]) {
            expect(after[daemon]?.id).not.toBe(before[daemon]?.id);
            expect(after[daemon]?.address).toBe(before[daemon]?.address);
        }
        const { topologies } = await cloud.summary();
        expect(topologies).toMatchObject([{ name: "wordcount", status: "ACTIVE" }]);
        await cloud.untilCounting("supervisor-1");
    });

    test("leaves nothing when it is destroyed", async () => {
        const { code, output } = await cloud.stack.pulumi("destroy", "--yes", "--skip-preview");
        expect(code === 0 ? "" : output).toBe("");
        expect(await cloud.leftovers()).toEqual([]);
        expect(cloud.forbiddenCalls()).toEqual([]);
    });
});
