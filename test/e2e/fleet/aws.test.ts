// Long, as machines of a group are launched, drained, lost and replaced, each with all of its set-up, and by a controller that looks every
// 20 seconds.
import { ports } from "../../../components/storm/spec/ports";
import { describeEc2 } from "../../lab/ec2/describeEc2";
import { Cloud } from "../aws/cloud";
import { heap } from "../hosts/fleet";
import { answered, machineSettings, until } from "../stack";
import { running, type Running, sentences, sentencesInTheEnd, wordcount } from "../topologies/topologies";

interface Member {
    InstanceId: string;
    LifecycleState: string;
    LaunchTemplate: { Version: string };
}
interface Group {
    DesiredCapacity: number;
    MinSize: number;
    Instances: Member[];
}

describeEc2("a fleet on EC2", () => {
    let cloud: Cloud;
    const night = { name: "night", cron: "0 20 * * 1-5", timeZone: "Asia/Tokyo", max: 1 };
    const fleet = { max: 2, instanceTypes: ["t3.large"], schedule: [night] };

    const name = () => `${cloud.stack.cluster}-fleet`;
    const scaling = (action: string, parameters: Record<string, unknown> = {}) =>
        cloud.ec2.scale(action, { AutoScalingGroupName: name(), ...parameters });
    async function group(): Promise<Group> {
        const described = await scaling("DescribeAutoScalingGroups", { AutoScalingGroupNames: [name()] });
        return (described as { AutoScalingGroups: Group[] }).AutoScalingGroups[0] as Group;
    }
    const members = async () => (await group()).Instances;
    const ids = async () => (await members()).map(({ InstanceId }) => InstanceId);
    const areInService = async () => (await members()).every(({ LifecycleState }) => LifecycleState === "InService");
    const addressOf = async (id: string) => (await cloud.ec2.instances())[id]?.PrivateIpAddress ?? "none";
    /** Waits until so many machines are in service, and no other ones are there; their ids. */
    const untilInService = (count: number, what: string) =>
        until(what, 900, async () => {
            const there = await ids();
            return there.length === count && (await areInService()) && there;
        });

    /** The topology, as the cluster has it. */
    const only = (): Promise<Running> =>
        answered(async () => {
            const { address, shell } = await cloud.host("nimbus-1");
            const container = `${cloud.stack.cluster}-nimbus-1`;
            const [found] = await running([{ container, ssh: shell, address, port: ports.nimbus }]);
            if (!found) {
                throw new Error("there is no topology");
            }
            return found;
        });
    const storm = async (...args: string[]) => {
        const nimbus = await cloud.host("nimbus-1");
        return cloud.stack.stormOn(nimbus, [nimbus.address], ...args);
    };

    beforeAll(async () => {
        cloud = await Cloud.create({
            ...{ name: "awsfleet", number: 15, stackFile: "dev" },
            changes: {
                ...machineSettings("storm:fleetImage"),
                ...{ supervisors: 0, slots: 2, ui: false, logviewers: false, fleet },
                // With no machine there is no slot for it until the controller has launched one.
                topologies: [wordcount({ readySeconds: 900 })],
            },
            host: () => ({ kind: "docker", withImages: true }),
        });
        const daemons = ["zookeeper-1", "nimbus-1"];
        cloud.setAws({ instances: [{ name: "nimbus-1", type: "t3.large", daemons }] });
        await cloud.stack.up();
    });
    afterAll(() => cloud?.remove());

    test("gets its first machine as a topology wants slots: it runs there when `pulumi up` has returned", async () => {
        const [id = ""] = await untilInService(1, "the first machine is in service");
        const { status, workers } = await only();
        expect([status, workers]).toEqual(["ACTIVE", { [await addressOf(id)]: 2 }]);
        const host = await cloud.ec2.host(id);
        expect(await host.exec("docker ps --format '{{.Names}}'")).toBe(`${cloud.stack.cluster}-supervisor`);
    });

    test("gets another one by target tracking, and then the topology is spread over both", async () => {
        // A minute's demand, of 100 percent, that lasts for six minutes. It is published once in each minute of this machine's.
        await until(
            "two machines are wanted",
            300,
            async () => {
                await cloud.ec2.tick(6);
                return (await group()).DesiredCapacity === 2;
            },
            5000,
        );
        const both = await Promise.all((await untilInService(2, "both machines are in service")).map(addressOf));
        await until("the topology is rebalanced", 900, async () => {
            const { status, workers } = await only();
            return status === "ACTIVE" && Object.keys(workers).sort().join() === both.sort().join();
        });
    });

    test("a schedule lets one go: its work moves first, and every sentence is counted in the end", async () => {
        const before = await only();
        await cloud.ec2.fireScheduledAction(name(), "night");
        const states = (await members()).map(({ LifecycleState }) => LifecycleState).sort();
        expect(states).toEqual(["InService", "Terminating:Wait"]);
        const [id = ""] = await untilInService(1, "the other one is drained");
        const after = await only();
        const address = await addressOf(id);
        expect([after.id, after.workers]).toEqual([before.id, { [address]: 2 }]);

        const place = ({ task, host, port }: Running["executors"][number]) => `${task} ${host}:${port}`;
        const places = before.executors.map(place);
        const stayed = after.executors.filter(
            (executor) => executor.component === "sentences" && places.includes(place(executor)),
        );
        expect(stayed.length).toBeGreaterThan(0);
        const host = await cloud.ec2.host(id);
        const said = async () => {
            const logs = stayed.map(async ({ task, port }) => {
                const file = `/logs/workers-artifacts/${after.id}/${port}/worker.log`;
                return { task, log: await host.exec(`docker exec ${cloud.stack.cluster}-supervisor cat ${file}`) };
            });
            return sentences(await Promise.all(logs));
        };
        const { emitted, acked } = await sentencesInTheEnd((command) => storm(command, "wordcount"), said);
        expect(acked).toBe(emitted);
        await storm("activate", "wordcount");
    });

    test("a changed setting replaces the machine by another one, which comes before it goes, and nothing else", async () => {
        const before = { ids: await ids(), containers: await cloud.containers(), topology: await only() };
        cloud.stack.set({ heap: { ...heap, worker: 160 } });
        const up = cloud.stack.up();
        let isDone = false;
        void up.finally(() => (isDone = true)).catch(() => undefined);
        // What the refresh waits for while nobody comes or goes is time, in which new machines warm up.
        await until(
            "the update ends",
            1200,
            async () => {
                if (!isDone && (await areInService())) {
                    await cloud.ec2.tick();
                }
                return isDone;
            },
            5000,
        );
        await up;
        const [id = ""] = await untilInService(1, "the new machine is alone");
        expect(before.ids).not.toContain(id);
        const host = await cloud.ec2.host(id);
        const workers = async () => host.exec(`docker top ${cloud.stack.cluster}-supervisor -eo pid,args`);
        await until("a worker has the new heap", 300, async () => (await workers()).includes("-Xmx160m"));
        const containers = await cloud.containers();
        for (const daemon of Object.keys(before.containers).filter((each) => each !== "supervisor")) {
            expect([daemon, containers[daemon]]).toEqual([daemon, before.containers[daemon]]);
        }
        const { id: topology, status } = await only();
        expect([topology, status]).toEqual([before.topology.id, "ACTIVE"]);
    });

    test("a machine that is lost gets another in its place, and an update finds nothing to change", async () => {
        const [lost = ""] = await ids();
        const host = await cloud.ec2.host(lost);
        await cloud.ec2.terminateInstance(lost);
        await until("the machine is off", 300, () => !host.isOn);
        await until("it is in the group no more", 300, async () => !(await ids()).includes(lost));
        const [id = ""] = await untilInService(1, "another one is in service");
        const address = await addressOf(id);
        await until("the topology runs there", 900, async () => {
            const { status, workers } = await only();
            return status === "ACTIVE" && workers[address] === 2;
        });
        // What the schedule, target tracking and the group have done is no change from outside.
        await cloud.stack.up("--refresh", "--expect-no-changes");
    });

    test("another minimum changes the group, and another time when the schedule is next, and no machine", async () => {
        const before = await ids();
        cloud.stack.set({ fleet: { ...fleet, min: 1, schedule: [{ ...night, cron: "30 22 * * *" }] } });
        const changes = ["replace fleet-schedule-night", "update fleet-group", "update fleet-ready"];
        expect((await cloud.stack.changes()).sort()).toEqual(changes);
        await cloud.stack.up();
        const { ScheduledUpdateGroupActions: actions } = (await scaling("DescribeScheduledActions")) as {
            ScheduledUpdateGroupActions: { StartTime: Date }[];
        };
        expect(actions.map(({ StartTime }) => StartTime.toISOString().slice(11))).toEqual(["13:30:00.000Z"]);
        expect([(await group()).MinSize, await ids()]).toEqual([1, before]);
    });

    test("leaves nothing when it is destroyed", async () => {
        const { code, output } = await cloud.stack.pulumi("destroy", "--yes", "--skip-preview");
        expect(code === 0 ? "" : output).toBe("");
        expect(await cloud.leftovers()).toEqual([]);
    });

    test("nobody has called of AWS what docs/aws-policy.json or the role of Nimbus's machine does not allow", () => {
        expect(cloud.forbiddenCalls()).toEqual([]);
        const allowed = [
            "autoscaling:CompleteLifecycleAction",
            "autoscaling:DescribeAutoScalingGroups",
            "autoscaling:RecordLifecycleActionHeartbeat",
            "autoscaling:SetDesiredCapacity",
            "cloudwatch:PutMetricData",
            "ec2:CreateTags",
            "ec2:DescribeInstances",
        ];
        const called = cloud.ec2.calls("instances");
        expect(called.filter((call) => !allowed.includes(call))).toEqual([]);
        expect(called).toEqual(expect.arrayContaining(["autoscaling:SetDesiredCapacity", "cloudwatch:PutMetricData"]));
    });
});
