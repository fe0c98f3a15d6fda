import { ports } from "../../../components/storm/ports";
import { clusterConfiguration } from "../../../components/storm/nimbusClient";
import { dialFrom } from "../../../components/hosts/container";
import { describeLab } from "../../lab/describeLab";
import { Lab, type LabHost } from "../../lab/lab";
import { containersOn, counted, heap, summaryBy } from "../hosts/fleet";
import { TestStack, until } from "../stack";
import { wordcount } from "../topologies/topologies";
import { untilCounting } from "../wordcount";

jest.setTimeout(600_000);

const placement: Record<string, string[]> = {
    a: ["zookeeper-1", "dns-1"],
    b: ["zookeeper-2", "dns-2", "supervisor-1"],
    c: ["zookeeper-3"],
    n: ["nimbus-1", "supervisor-2"],
};

describeLab("on hosts, daemons find each other", () => {
    let lab: Lab;
    let stack: TestStack;
    const host = (name: string) => lab.hosts[name] as LabHost;
    const container = (daemon: string) => `${stack.cluster}-${daemon}`;
    const onHost = (daemon: string) => {
        const [name = ""] = Object.entries(placement).find(([, daemons]) => daemons.includes(daemon)) ?? [];
        return host(name);
    };
    const inside = (daemon: string, command: string) => onHost(daemon).exec(`docker exec ${container(daemon)} bash -c '${command}'`);
    const entries = ({ without = /^$/ } = {}) =>
        Object.entries(placement).map(([each, daemons]) => ({
            ...{ name: each, address: host(each).address },
            daemons: daemons.filter((daemon) => !without.test(daemon)),
        }));
    const name = (daemon: string) => `${daemon}.${stack.cluster}.internal`;

    const words = () =>
        untilCounting(
            Object.fromEntries(
                ["supervisor-1", "supervisor-2"].map((daemon) => [daemon, () => counted(onHost(daemon), container(daemon))]),
            ),
        );
    /** Names of the daemons whose containers an action has made anew. */
    const madeAnew = async (action: () => Promise<unknown>) => {
        const before = await containersOn(lab, stack.cluster);
        await action();
        const after = await containersOn(lab, stack.cluster);
        return Object.keys(after).filter((daemon) => after[daemon] !== before[daemon]).sort();
    };
    const configuration = (nimbus: string) =>
        clusterConfiguration({ dial: dialFrom({ container: container("nimbus-1"), ssh: host("n").shell }), address: nimbus, port: ports.nimbus });
    /** Host names by which supervisors are registered. */
    const registered = async (nimbus: string) => {
        const { supervisors } = await summaryBy(host("n"), stack.cluster, "nimbus-1", nimbus);
        return supervisors.map((supervisor) => supervisor.host).sort();
    };
    const followers = async () => {
        const answers = await Promise.all(
            ["zookeeper-1", "zookeeper-2", "zookeeper-3"].map((member) =>
                inside(member, `exec 3<>/dev/tcp/${name(member)}/2181 && printf mntr >&3 && cat <&3 || true`),
            ),
        );
        return answers.map((answer) => /zk_synced_followers\s+(\d+)/.exec(answer)?.[1]).find(Boolean);
    };

    beforeAll(async () => {
        lab = await Lab.create({ name: "e2edisco", subnet: "10.77.10.0/24" });
        await Promise.all(Object.keys(placement).map((each) => lab.addHost(each, { withImages: true })));
        stack = new TestStack("e2e-discovery", {
            target: "hosts",
            zookeepers: 3,
            supervisors: 2,
            slots: 1,
            ui: false,
            logviewers: false,
            heap,
            ssh: { keyFile: lab.keyFile },
            registryMirror: `http://${lab.registry}`,
            delivery: "file",
            hosts: entries({ without: /^dns/ }),
            topologies: [wordcount()],
        });
        await stack.up();
    });
    afterAll(async () => {
        await stack?.remove();
        await lab?.remove();
    });

    test("by addresses in a file", async () => {
        const { "nimbus.seeds": seeds } = await configuration(host("n").address);
        expect(seeds).toEqual([host("n").address]);
        expect(await inside("nimbus-1", "cat /conf/storm.yaml")).toContain(host("n").address);
        await words();
    });

    describe("by names", () => {
        test("in a file", async () => {
            stack.set({ discovery: "dns", hosts: entries() });
            const made = await madeAnew(() => stack.up());
            expect(made).toEqual([...Object.values(placement).flat()].sort());
            const found = await configuration(name("nimbus-1"));
            expect(found["nimbus.seeds"]).toEqual([name("nimbus-1")]);
            expect(found["storm.zookeeper.servers"]).toEqual(["zookeeper-1", "zookeeper-2", "zookeeper-3"].map(name));
            expect(await registered(name("nimbus-1"))).toEqual(["supervisor-1", "supervisor-2"].map(name));
            await words();
        });

        test("whose servers are asked by containers, and ask whom their host asks for the rest", async () => {
            const servers = `nameserver ${host("a").address}\nnameserver ${host("b").address}`;
            expect(await inside("supervisor-1", "grep nameserver /etc/resolv.conf")).toBe(servers);
            expect(await inside("supervisor-1", "getent hosts b")).toContain(host("b").address);
            expect(await inside("supervisor-1", `getent hosts none.${stack.cluster}.internal || echo none`)).toBe("none");
        });

        test("and a second update changes nothing, nor has anything changed outside", async () => {
            await stack.up("--expect-no-changes");
            await stack.up("--refresh", "--expect-no-changes");
        });

        test("a ZooKeeper member's host changes its address: nobody else's container is made anew, and the others find it", async () => {
            await host("c").changeAddress("10.77.10.133");
            stack.set({ hosts: entries() });
            expect(await madeAnew(() => stack.up())).toEqual(["zookeeper-3"]);
            await until("both followers are in sync", 60, async () => (await followers()) === "2");
            await words();
        });

        test("Nimbus's host changes its address, with a supervisor's: the others find them", async () => {
            await host("n").changeAddress("10.77.10.134");
            stack.set({ hosts: entries() });
            expect(await madeAnew(() => stack.up())).toEqual(["nimbus-1", "supervisor-2"]);
            await until("both supervisors are registered", 120, async () => (await registered(name("nimbus-1"))).length === 2);
            await words();
        });

        test("one of the servers is gone: names are found by the other, and an update brings it back", async () => {
            await host("a").exec(`docker rm --force ${container("dns-1")}`);
            expect(await inside("supervisor-1", `getent hosts ${name("zookeeper-3")}`)).toContain("10.77.10.133");
            // A daemon that starts now finds the others, too.
            await onHost("supervisor-1").exec(`docker restart ${container("supervisor-1")}`);
            await words();
            expect(await madeAnew(() => stack.up("--refresh"))).toEqual(["dns-1"]);
        });

        test("by arguments", async () => {
            stack.set({ delivery: "arguments" });
            expect(await madeAnew(() => stack.up())).toEqual(["nimbus-1", "supervisor-1", "supervisor-2"]);
            await words();
        });
    });
});
