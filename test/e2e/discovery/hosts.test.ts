// Long, as three ways to find each other are tried with an ensemble of three on six hosts, each moved one after the other.
import { ports } from "../../../components/storm/spec/ports";
import { clusterConfiguration } from "../../../provider/nimbus/client";
import { connectFrom } from "../../../provider/machines/container";
import { describeLab } from "../../lab/describeLab";
import { Lab, type LabHost } from "../../lab/lab";
import { containersOn, counted, heap, reaches, summaryBy } from "../hosts/fleet";
import { TestStack, until } from "../stack";
import { wordcount } from "../topologies/topologies";
import { untilCounting } from "../wordcount";

const placement: Record<string, string[]> = {
    a: ["zookeeper-1"],
    b: ["zookeeper-2"],
    c: ["zookeeper-3"],
    n: ["nimbus-1"],
    d: ["dns-1", "supervisor-1"],
    e: ["dns-2", "supervisor-2"],
};

/** Asks as both ZooKeeper and etcd understand it: address, port, and the file of a certificate, if any. */
const askByTls = `
import socket, ssl, sys
context = ssl.create_default_context(cafile="/certificates/authority.pem")
if len(sys.argv) > 3:
    context.load_cert_chain(sys.argv[3])
with context.wrap_socket(socket.create_connection((sys.argv[1], int(sys.argv[2])), 5), server_hostname=sys.argv[1]) as connection:
    connection.sendall(b"srvr" if sys.argv[2] == "12181" else b"GET /version HTTP/1.0\\r\\n\\r\\n")
    print(connection.recv(4096).decode())
`;

describeLab("on hosts, daemons find each other", () => {
    let lab: Lab;
    let stack: TestStack;
    const host = (name: string) => lab.hosts[name] as LabHost;
    const container = (daemon: string) => `${stack.cluster}-${daemon}`;
    const onHost = (daemon: string) => {
        const [name = ""] = Object.entries(placement).find(([, daemons]) => daemons.includes(daemon)) ?? [];
        return host(name);
    };
    const inside = (daemon: string, command: string) =>
        onHost(daemon).exec(`docker exec ${container(daemon)} bash -c '${command}'`);
    const entries = ({ without = /^$/ } = {}) =>
        Object.entries(placement).map(([each, daemons]) => ({
            ...{ name: each, address: host(each).address },
            daemons: daemons.filter((daemon) => !without.test(daemon)),
        }));
    const name = (daemon: string) => `${daemon}.${stack.cluster}.internal`;

    const words = () =>
        untilCounting(
            Object.fromEntries(
                ["supervisor-1", "supervisor-2"].map((daemon) => [
                    daemon,
                    () => counted(onHost(daemon), container(daemon)),
                ]),
            ),
        );
    /** Names of the daemons whose containers an action has made anew. */
    const madeAnew = async (action: () => Promise<unknown>) => {
        const before = await containersOn(lab, stack.cluster);
        await action();
        const after = await containersOn(lab, stack.cluster);
        return Object.keys(after)
            .filter((daemon) => after[daemon] !== before[daemon])
            .sort();
    };
    /** Prints a figure of docs/discovery.md: how long something took. */
    const timed = async <T>(what: string, action: () => Promise<T>): Promise<T> => {
        const began = Date.now();
        const result = await action();
        process.stderr.write(`discovery: ${what}: ${((Date.now() - began) / 1000).toFixed(0)} s\n`);
        return result;
    };
    const configuration = (address: string, port: number = ports.nimbus) =>
        clusterConfiguration({
            connect: connectFrom({ container: container("nimbus-1"), ssh: host("n").shell }),
            address,
            port,
        });
    /** Host names by which supervisors are registered. */
    const registered = async (address: string, port: number = ports.nimbus) => {
        const { supervisors } = await summaryBy(host("n"), stack.cluster, "nimbus-1", { address, port });
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
        stack?.discard();
        await lab?.remove();
    });

    test("by addresses in a file", async () => {
        const { "nimbus.seeds": seeds } = await configuration(host("n").address);
        expect(seeds).toEqual([host("n").address]);
        expect(await inside("nimbus-1", "cat /conf/storm.yaml")).toContain(host("n").address);
        await words();
    });

    test("by addresses, Nimbus's and a supervisor's host change their own: all that use them are made anew, workers find each other", async () => {
        await host("n").changeAddress("10.77.10.124");
        await host("d").changeAddress("10.77.10.125");
        stack.set({ hosts: entries({ without: /^dns/ }) });
        const made = await madeAnew(() =>
            timed("by addresses, Nimbus and a supervisor move, the update", () => stack.up()),
        );
        expect(made).toEqual(["nimbus-1", "supervisor-1", "supervisor-2"]);
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
            const all = ["supervisor-1", "supervisor-2"].map(name).join();
            await until("both are registered", 300, async () => (await registered(name("nimbus-1"))).join() === all);
            await words();
        });

        test("whose servers are asked by containers, and ask whom their host asks for the rest", async () => {
            const servers = `nameserver ${host("d").address}\nnameserver ${host("e").address}`;
            expect(await inside("supervisor-1", "grep nameserver /etc/resolv.conf")).toBe(servers);
            expect(await inside("supervisor-1", "getent hosts b")).toContain(host("b").address);
            expect(await inside("supervisor-1", `getent hosts none.${stack.cluster}.internal || echo none`)).toBe(
                "none",
            );
        });

        test.each(["a", "b", "c"])(
            "%s, a ZooKeeper member's host, changes its address: only that member is made anew, and found",
            async (moved) => {
                await host(moved).changeAddress(host(moved).address.replace(/\.1(.)$/, ".13$1"));
                stack.set({ hosts: entries() });
                const made = await madeAnew(() => timed(`by names, ${moved} moves, the update`, () => stack.up()));
                expect(made).toEqual(placement[moved]);
                await timed(`by names, ${moved} moves, until it is found`, () =>
                    until("both followers are in sync", 300, async () => (await followers()) === "2"),
                );
            },
        );

        test("and none of the members is where it was, while Storm's daemons have run on", async () => {
            await until(
                "both supervisors are registered",
                300,
                async () => (await registered(name("nimbus-1"))).length === 2,
            );
            await words();
        });

        test("Nimbus's host changes its address: the others find it", async () => {
            await host("n").changeAddress("10.77.10.134");
            stack.set({ hosts: entries() });
            const made = await madeAnew(() => timed("by names, Nimbus moves, the update", () => stack.up()));
            expect(made).toEqual(["nimbus-1"]);
            await timed("by names, Nimbus moves, until it is found", () =>
                until(
                    "both supervisors are registered",
                    300,
                    async () => (await registered(name("nimbus-1"))).length === 2,
                ),
            );
            await words();
        });

        test("one of the servers is gone: names are found by the other, and an update brings it back", async () => {
            await host("d").exec(`docker rm --force ${container("dns-1")}`);
            expect(await inside("supervisor-1", `getent hosts ${name("zookeeper-3")}`)).toContain(host("c").address);
            // A daemon that starts now finds the others, too.
            await onHost("supervisor-1").exec(`docker restart ${container("supervisor-1")}`);
            await words();
            expect(await madeAnew(() => stack.up("--refresh"))).toEqual(["dns-1"]);
        });
    });

    describe("by ambassadors", () => {
        const port = 6641;
        const pair = ["proxy", "registrar"];
        const bothAreRegistered = () =>
            until("both supervisors are registered, by the addresses of their hosts", 300, async () => {
                const found = await registered("nimbus-1", port);
                return found.join() === [host("d").address, host("e").address].join();
            });
        /** What the ambassador of a host has done, the last time that it did something about this. */
        const lastOf = async (name: string, about: string) =>
            (await host(name).exec(`docker logs ${container("registrar")} 2>&1 | grep '${about}' | tail -n 1`)).trim();
        const kill = (name: string, victim: string) =>
            host(name).exec(`kill -9 $(docker inspect --format '{{.State.Pid}}' ${container(victim)})`);

        test("on their own hosts", async () => {
            stack.set({ discovery: "ambassador", delivery: "arguments", hosts: entries({ without: /^dns/ }) });
            await stack.up();
            const found = await configuration("nimbus-1", port);
            expect(found).toMatchObject({
                "nimbus.seeds": ["127.0.0.1"],
                "storm.zookeeper.servers": ["127.0.0.1"],
                "nimbus.thrift.port": port,
            });
            await bothAreRegistered();
            expect(Object.keys(await containersOn(lab, stack.cluster))).not.toContain("dns-1");
            await words();
        });

        test("Nimbus's host changes its address: the others find it through theirs, and are not made anew", async () => {
            await host("n").changeAddress("10.77.10.144");
            stack.set({ hosts: entries({ without: /^dns/ }) });
            const made = await madeAnew(() => timed("by ambassadors, Nimbus moves, the update", () => stack.up()));
            expect(made.filter((daemon) => !pair.includes(daemon))).toEqual(["nimbus-1"]);
            await timed("by ambassadors, Nimbus moves, until it is found", bothAreRegistered);
            await words();
        });

        test("a host dies: its registration ends, though a member of the registry died with it, and words are counted on", async () => {
            const { address } = host("c");
            await host("c").powerOff();
            await timed("by ambassadors, a dead host is led to", () =>
                until("nobody is led there", 300, async () =>
                    (await lastOf("d", `zookeeper leads to ${address}`)).endsWith("no more"),
                ),
            );
            await words();
            await host("c").powerOn();
            await until("it is led to again", 300, async () =>
                (await lastOf("d", `zookeeper leads to ${address}`)).endsWith(":2181"),
            );
        });

        test.each([...pair, "etcd-1"])("%s is killed: it is started again, and nobody else", async (victim) => {
            const name = victim === "etcd-1" ? "a" : "d";
            const before = await containersOn(lab, stack.cluster);
            await kill(name, victim);
            const state = () =>
                host(name).exec(`docker inspect --format '{{.State.Running}} {{.RestartCount}}' ${container(victim)}`);
            await timed(`${victim} is killed, until it runs again`, () =>
                until("it does", 300, async () => (await state()) === "true 1"),
            );
            await words();
            expect(await containersOn(lab, stack.cluster)).toEqual(before);
        });

        test("with mutual TLS, and nothing else that has changed", async () => {
            stack.set({ ambassadorTls: true });
            await stack.up();
            await bothAreRegistered();
            await words();
            await stack.up("--refresh", "--expect-no-changes");
        });

        test("a direct dial gets nothing", async () => {
            const closed = [
                ["a", 2181],
                ["n", port],
            ] as const;
            for (const [name, direct] of closed) {
                expect(await reaches(host("e"), host(name), direct)).toBe(false);
            }
            // What does not go through ambassadors.
            expect(await reaches(host("n"), host("d"), ports.supervisor)).toBe(true);
        });

        test.each([
            ["an ambassador", "a", 12181],
            ["the registry", "a", 2379],
        ])("%s answers those who have a certificate, and nobody else", async (_who, name, secured) => {
            const ask = (by: string) =>
                host("d").exec(
                    `docker exec --interactive ${container("registrar")} python3 - ${host(name).address} ${secured} ${by}`,
                    askByTls,
                );
            expect(await ask("/certificates/own.pem")).toMatch(/^(Zookeeper version|HTTP\/1)/);
            await expect(ask("")).rejects.toThrow(/certificate.required/i);
        });
    });
});
