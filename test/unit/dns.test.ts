import { zoneFile } from "../../provider/kinds/dnsRecords";
import { stackFile } from "./awsFixture";
import { onHosts } from "./hostsFixture";
import { type Declared, madeAfter, type Run, runProgram } from "./program";

const onNamedHosts = {
    ...onHosts,
    discovery: "dns",
    hosts: onHosts.hosts.map((host) => ({
        ...host,
        daemons: [...host.daemons, ...({ d: ["dns-1"], e: ["dns-2"] }[host.name] ?? [])],
    })),
};
const targets = {
    local: { supervisors: 2, discovery: "dns" },
    hosts: onNamedHosts,
    aws: { ...stackFile("dev"), discovery: "dns" },
};
const name = (daemon: string) => `${daemon}.storm-test.internal`;
const container = (run: Run, daemon: string) => run.get(`storm-${daemon}-container`);
const containers = (run: Run) =>
    run.resources.filter(({ type, name: each }) => type.includes("Container") && each.startsWith("storm-"));
const words = ({ inputs }: Declared) => JSON.stringify([inputs.command, inputs.envs, inputs.uploads]);

jest.setTimeout(180_000);

let runs: Record<keyof typeof targets, Run>;
beforeAll(async () => {
    runs = {
        local: await runProgram(targets.local),
        hosts: await runProgram(targets.hosts),
        aws: await runProgram(targets.aws),
    };
});

describe.each(["local", "hosts", "aws"] as const)("on %s", (target) => {
    let run: Run;
    beforeAll(() => (run = runs[target]));

    test("daemons are told names", () => {
        const told = words(container(run, "supervisor-1"));
        expect(told).toContain(`nimbus.seeds=[\\"${name("nimbus-1")}`);
        expect(told).toContain(`storm.zookeeper.servers=[\\"${name("zookeeper-1")}`);
        expect(told).toContain(`storm.local.hostname=\\"${name("supervisor-1")}\\"`);
    });

    test("and no address, but UI and ZooKeeper those that they listen at", () => {
        for (const each of containers(run).filter((one) => !/-(ui|zookeeper-\d)-/.test(one.name))) {
            expect(words(each)).not.toMatch(/\d+\.\d+\.\d+\.\d+|private address/);
        }
    });

    test("a JVM keeps what it has found for as long as a record says", () => {
        for (const each of containers(run)) {
            // YAML may break a long line between two of them.
            const told = words(each).replaceAll(/(\\n|\s)+/g, " ");
            expect(told).toContain("-Dsun.net.inetaddr.ttl=5 -Dsun.net.inetaddr.negative.ttl=5");
        }
    });
});

describe("on hosts", () => {
    let run: Run;
    beforeAll(() => (run = runs.hosts));

    test("two servers have the address of every daemon, one after the other, before the first daemon", () => {
        const addresses = {
            "zookeeper-1": "10.0.0.1",
            "nimbus-2": "10.0.0.2",
            "supervisor-2": "10.0.0.5",
            ui: "10.0.0.1",
        };
        for (const server of ["dns-1", "dns-2"]) {
            expect(run.get(`host-${server}-records`).inputs).toMatchObject({ zone: "storm-test.internal", addresses });
        }
        expect(madeAfter(run.get("host-dns-2-container"), run)).toContain("host-dns-1-records");
        expect(madeAfter(container(run, "zookeeper-1"), run)).toEqual(
            expect.arrayContaining(["host-dns-1-records", "host-dns-2-records"]),
        );
    });

    test("every container asks both, and finds itself without", () => {
        for (const each of containers(run)) {
            expect(each.inputs).toMatchObject({ dns: ["10.0.0.4", "10.0.0.5"], dnsOpts: ["timeout:1", "attempts:3"] });
        }
        expect(container(run, "nimbus-2").inputs.hosts).toEqual([
            { host: "nimbus-2", ip: "10.0.0.2" },
            { host: name("nimbus-2"), ip: "10.0.0.2" },
        ]);
    });

    test("a ZooKeeper member has names of the others alone: who knows none yet learns from it where it is", () => {
        const own = "server.1=10.0.0.1:2888:3888";
        const others = [2, 3].map((id) => `server.${id}=zookeeper-${id}.storm-test.internal:2888:3888`);
        expect(container(run, "zookeeper-1").inputs.envs).toContain(`ZOO_SERVERS=${[own, ...others].join(" ")}`);
    });

    test("a server may open port 53, and nothing else of what root may", () => {
        expect(run.get("host-dns-1-container").inputs).toMatchObject({
            user: "0:0",
            capabilities: { drops: ["ALL"], adds: ["CAP_NET_BIND_SERVICE"] },
            securityOpts: ["no-new-privileges:true"],
        });
    });

    test("another address of a host changes its own containers, and the records", async () => {
        const hosts = onNamedHosts.hosts.map((host) => (host.name === "c" ? { ...host, address: "10.0.0.33" } : host));
        const moved = await runProgram({ ...onNamedHosts, hosts });
        const differing = [
            ...containers(moved),
            moved.get("host-dns-1-records"),
            moved.get("host-dns-2-records"),
            moved.get("host-dns-1-container"),
        ]
            .filter(
                ({ name: each, type, inputs }) => JSON.stringify(run.get(each, type).inputs) !== JSON.stringify(inputs),
            )
            .map((each) => each.name);
        expect(differing.sort()).toEqual(["host-dns-1-records", "host-dns-2-records", "storm-zookeeper-3-container"]);
    });

    test("records are a zone file that ends with what makes it one, and has another serial where they are others", () => {
        const text = zoneFile({ zone: "a.internal", addresses: { "nimbus-1": "10.0.0.2" }, recordSeconds: 5 });
        const [, serial] = /\n@ SOA a\.internal\. hostmaster\.a\.internal\. (\d+) 3600 600 86400 5\n$/.exec(text) ?? [];
        expect(text).toContain("$ORIGIN a.internal.\n$TTL 5\nnimbus-1 A 10.0.0.2\n");
        expect(Number(serial)).toBeLessThan(2 ** 32);
        expect(zoneFile({ zone: "a.internal", addresses: { "nimbus-1": "10.0.0.3" }, recordSeconds: 5 })).not.toContain(
            ` ${serial} `,
        );
    });
});

test("on local, Docker's own network knows the names", () => {
    const [network] = container(runs.local, "nimbus-1").inputs.networksAdvanced as [{ aliases: string[] }];
    expect(network.aliases).toEqual(["nimbus-1", name("nimbus-1")]);
});

test("on aws, a private zone of the network's has a record for each daemon, before the first one", () => {
    const run = runs.aws;
    expect(run.get("host-dns-zone").inputs).toMatchObject({
        name: "storm-test.internal",
        vpcs: [{ vpcId: "host-network-id", vpcRegion: "eu-central-1" }],
    });
    const daemons = containers(run).map((each) => each.name.replace(/^storm-(.*)-container$/, "$1"));
    for (const daemon of daemons) {
        const { inputs } = run.get(`host-dns-${daemon}`);
        expect(inputs).toMatchObject({ zoneId: "host-dns-zone-id", name: name(daemon), type: "A", ttl: 5 });
        const hosts = Object.entries(run.outputs.hosts as Record<string, { daemons: string[] }>);
        const [host] = hosts.find(([, each]) => each.daemons.includes(daemon)) ?? [];
        expect(inputs.records).toEqual([`private address of host-${host}-interface`]);
    }
    expect(madeAfter(container(run, "zookeeper-1"), run)).toEqual(
        expect.arrayContaining(daemons.map((daemon) => `host-dns-${daemon}`)),
    );
});
