import * as fs from "fs";
import { drawing, svg } from "../../scripts/drawing";
import { type Resource, resourcesIn, wiring } from "../../scripts/wiring";
import { runProgram } from "./program";

jest.setTimeout(180_000);

const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

function urn(type: string, name: string): string {
    return `urn:pulumi:dev::storm::${type}::${name}`;
}

function container(daemon: string, inputs: Record<string, unknown>, more: Partial<Resource> = {}): Resource {
    const type = "docker:index/container:Container";
    const parent = urn("storm:storm:Daemon", `storm-${daemon}`);
    return { urn: urn(type, `storm-${daemon}-container`), type, parent, inputs: { name: `storm-dev-${daemon}`, ...inputs }, ...more };
}

/** A daemon on this machine. */
function local(daemon: string, address: string, command: string[] = []): Resource {
    return container(daemon, { networksAdvanced: [{ ipv4Address: address }], command });
}

/** A daemon on a machine of its address. */
function onHost(host: string, daemon: string, address: string, command: string[] = []): Resource {
    return container(daemon, { hosts: [{ host: daemon, ip: address }], command }, { provider: `${urn("provider", `${host}-provider`)}::id` });
}

function sshHost(host: string): Resource[] {
    const type = "storm:hosts:SshHost";
    return [
        { urn: urn(type, `host-${host}`), type },
        { urn: urn("provider", `${host}-provider`), type: "provider", parent: urn(type, `host-${host}`) },
    ];
}

/** An instance with what is on it: its address is an output of its interface. */
function ec2Host(host: string): Resource[] {
    const type = "storm:hosts:Ec2Host";
    const parent = urn(type, `host-${host}`);
    const [ssh, provider] = sshHost(`${host}-ssh`) as [Resource, Resource];
    return [{ urn: parent, type }, { urn: urn("interface", host), type: "interface", parent }, { ...ssh, parent }, provider];
}

function onEc2(host: string, daemon: string, ...told: string[]): Resource {
    return container(
        daemon,
        { hosts: [{ host: daemon, ip: unknown }], command: unknown },
        {
            provider: `${urn("provider", `${host}-ssh-provider`)}::id`,
            propertyDependencies: { command: told.map((each) => urn("interface", each)), hosts: [urn("interface", host)], labels: null },
        },
    );
}

/** What exists once a daemon is ready. */
function gate(daemon: string): Resource {
    return { urn: urn("ready", daemon), type: "ready", parent: urn("storm:storm:Daemon", `storm-${daemon}`) };
}

function after(resource: Resource, ...daemons: string[]): Resource {
    return { ...resource, dependencies: daemons.map((daemon) => urn("ready", daemon)) };
}

const zookeepers = (...addresses: string[]) => ["-c", `storm.zookeeper.servers=${JSON.stringify(addresses)}`];
const seeds = (...addresses: string[]) => ["-c", `nimbus.seeds=${JSON.stringify(addresses)}`];

/** Who is told of whom, or, with a tilde, waits for whom. */
function edges(...resources: Resource[]): string[] {
    return wiring(resources).edges.map(({ from, to, isTold }) => `${from.name} ${isTold ? ">" : "~"} ${to.name}`);
}

describe("a daemon is told", () => {
    test("addresses, word by word, without its own", () => {
        const all = [
            local("zookeeper-1", "10.0.0.1"),
            local("zookeeper-2", "10.0.0.11"),
            local("nimbus-1", "10.0.0.2", [...zookeepers("10.0.0.11"), ...seeds("10.0.0.2")]),
        ];
        expect(edges(...all)).toEqual(["nimbus-1 > zookeeper-2"]);
        expect(wiring(all).daemons[0]).toEqual({ name: "nimbus-1", kind: "nimbus", host: undefined, address: "10.0.0.2" });
    });

    test("addresses in its environment", () => {
        const envs = ["ZOO_MY_ID=1", "ZOO_SERVERS=server.1=10.0.0.1:2888:3888 server.2=10.0.0.2:2888:3888"];
        const [first, second] = [local("zookeeper-1", "10.0.0.1"), local("zookeeper-2", "10.0.0.2")] as const;
        expect(edges({ ...first, inputs: { ...first.inputs, envs } }, second)).toEqual(["zookeeper-1 > zookeeper-2"]);
    });

    test("addresses in a file that it mounts", () => {
        const nimbus = local("nimbus-1", "10.0.0.2");
        const content = "storm.zookeeper.servers:\n  - 10.0.0.1\nstorm.zookeeper.port: 2181\nnimbus.seeds:\n  - 10.0.0.2\n";
        const file = { urn: urn("file", "conf"), type: "storm:index:ConfigFile", parent: nimbus.parent, inputs: { content } };
        expect(edges(local("zookeeper-1", "10.0.0.1"), nimbus, file)).toEqual(["nimbus-1 > zookeeper-1"]);
    });

    test("names", () => {
        const ui = local("ui", "10.0.0.3", seeds("nimbus-1.storm-dev.internal"));
        expect(edges(local("nimbus-1", "10.0.0.1"), local("nimbus-10", "10.0.0.2"), ui)).toEqual(["ui > nimbus-1"]);
    });

    test("the address of a host with several daemons, of which the setting says whom it means", () => {
        const all = [
            ...sshHost("a"),
            onHost("a", "zookeeper-1", "10.0.0.1"),
            onHost("a", "nimbus-1", "10.0.0.1"),
            onHost("a", "ui", "10.0.0.1", seeds("10.0.0.1")),
        ];
        expect(edges(...all)).toEqual(["ui > nimbus-1"]);
        expect(wiring(all).daemons.map(({ host }) => host)).toEqual(["a", "a", "a"]);
    });

    test("addresses that are not known yet, by the resources that they come from", () => {
        const all = [
            ...["zookeeper-1", "nimbus-1"].flatMap(ec2Host),
            onEc2("zookeeper-1", "zookeeper-1"),
            onEc2("nimbus-1", "nimbus-1", "zookeeper-1", "nimbus-1"),
        ];
        expect(edges(...all)).toEqual(["nimbus-1 > zookeeper-1"]);
        expect(wiring(all).daemons[0]).toEqual({ name: "nimbus-1", kind: "nimbus", host: "nimbus-1", address: undefined });
    });

    test("of the proxy on its own host, which leads to the others", () => {
        const all = [
            ...["a", "b"].flatMap(sshHost),
            onHost("a", "nimbus-1", "10.0.0.1"),
            { ...onHost("a", "proxy", "10.0.0.1"), urn: urn("proxy", "a") },
            { ...onHost("b", "proxy", "10.0.0.2"), urn: urn("proxy", "b") },
            onHost("b", "supervisor-1", "10.0.0.2", seeds("127.0.0.1")),
        ];
        expect(wiring(all).edges.map(({ from, to }) => [from.name, to.name, to.host])).toEqual([["supervisor-1", "proxy", "b"]]);
    });
});

test("a daemon waits for those whom it is not told of", () => {
    const told = local("ui", "10.0.0.3", seeds("10.0.0.2"));
    const all = [local("zookeeper-1", "10.0.0.1"), gate("zookeeper-1"), local("nimbus-1", "10.0.0.2"), gate("nimbus-1")];
    expect(edges(...all, after(told, "zookeeper-1", "nimbus-1"))).toEqual(["ui > nimbus-1", "ui ~ zookeeper-1"]);
});

describe("the program's own settings", () => {
    test.each([{}, { delivery: "file", discovery: "dns" }])("say what the README's picture shows: %j", async (settings) => {
        const { resources } = await runProgram({ zookeepers: 3, nimbuses: 2, drpcs: 2, ...settings });
        const told = wiring(resources).edges.map(({ from, to }) => `${from.kind} --> ${to.kind}`);
        const drawn = [...fs.readFileSync("README.md", "utf8").matchAll(/^ +(\w+ --> \w+)$/gm)].map(([, edge]) => edge);
        expect([...new Set(told)].sort()).toEqual(drawn.sort());
    });
});

const cluster = [
    local("zookeeper-1", "10.0.0.1"),
    local("nimbus-1", "10.0.0.2", [...zookeepers("10.0.0.1"), ...seeds("10.0.0.2")]),
    local("ui", "10.0.0.3", [...zookeepers("10.0.0.1"), ...seeds("10.0.0.2")]),
];

function supervisors(count: number): Resource[] {
    const command = [...zookeepers("10.0.0.1"), ...seeds("10.0.0.2")];
    return Array.from({ length: count }, (_, index) => local(`supervisor-${index + 1}`, `10.0.1.${index + 1}`, command));
}

/** What is drawn: labels of daemons and of hosts, and the edges between them. */
function drawn(...resources: Resource[]) {
    const { nodes = [], subgraphs = [], edges: lines = [] } = drawing("dev", wiring(resources));
    const all = [...nodes, ...subgraphs.flatMap((subgraph) => subgraph.nodes ?? [])];
    const labelOf = ({ attributes }: (typeof all)[number]) => attributes?.label as string;
    const first = (name: string) => all.flatMap((node) => (node.name === name ? labelOf(node).split("\n")[0] : [])).join();
    return {
        labels: all.map((node) => labelOf(node).replace("\n", ": ")).sort(),
        frames: subgraphs.map(({ graphAttributes }) => graphAttributes?.label),
        // Graphviz draws each once.
        lines: [...new Set(lines.map(({ tail, head, attributes }) => `${first(tail)} ${attributes?.dir === "both" ? "<" : ""}> ${first(head)}`))].sort(),
    };
}

describe("drawn are", () => {
    test("daemons one by one, where they are few", () => {
        const { labels, frames, lines } = drawn(...cluster, ...supervisors(3));
        const each = ["supervisor-1: 10.0.1.1", "supervisor-2: 10.0.1.2", "supervisor-3: 10.0.1.3"];
        expect(labels).toEqual(["nimbus-1: 10.0.0.2", ...each, "ui: 10.0.0.3", "zookeeper-1: 10.0.0.1"]);
        expect(frames).toEqual(["this machine"]);
        expect(lines).toHaveLength(9);
    });

    test("many alike as one", () => {
        const { labels, lines } = drawn(...cluster, ...supervisors(30));
        expect(labels).toEqual(["nimbus-1: 10.0.0.2", "supervisor-1 … supervisor-30: 30 addresses", "ui: 10.0.0.3", "zookeeper-1: 10.0.0.1"]);
        expect(lines).toHaveLength(5);
    });

    test("alike those alone that know the same", () => {
        const all = supervisors(7);
        all[1] = local("supervisor-2", "10.0.1.2", zookeepers("10.0.0.1"));
        expect(drawn(...cluster, ...all).labels).toContain("supervisor-1: supervisor-3 … supervisor-7\n6 addresses");
    });

    test("hosts with what is on them, and many alike as one", () => {
        const hosts = Array.from({ length: 30 }, (_, index) => `h${index + 1}`);
        const { labels, frames, lines } = drawn(
            ...hosts.flatMap(sshHost),
            onHost("h1", "nimbus-1", "10.0.0.1"),
            ...hosts.map((host, index) => onHost(host, `supervisor-${index + 1}`, `10.0.0.${index + 1}`, seeds("10.0.0.1"))),
        );
        expect(labels).toEqual(["nimbus-1", "supervisor-1", "supervisor-2 … supervisor-30"]);
        expect(frames).toEqual(["h1  10.0.0.1", "29 hosts"]);
        expect(lines).toEqual(["supervisor-1 > nimbus-1", "supervisor-2 … supervisor-30 > nimbus-1"]);
    });

    test("several of whom all are told, by way of an ellipse", () => {
        const told = seeds("10.0.0.1", "10.0.0.2");
        const { lines } = drawn(local("nimbus-1", "10.0.0.1", told), local("nimbus-2", "10.0.0.2", told), local("ui", "10.0.0.3", told));
        expect(lines).toEqual(["nimbus <> nimbus-1", "nimbus <> nimbus-2", "ui > nimbus"]);
    });
});

describe("the engine's JSON", () => {
    const exported = (...resources: Resource[]) => JSON.stringify({ version: 3, deployment: { resources } });
    const previewed = (...resources: Resource[]) => JSON.stringify({ steps: resources.map((newState) => ({ op: "create", newState })) });

    test("gives the same picture as state and as preview, in whatever order it is", async () => {
        const picture = await svg("dev", exported(...cluster, ...supervisors(2)));
        expect(picture).toContain(">Stack dev. An arrow: is told the address of.<");
        expect(picture).toContain('<polygon fill="white"');
        expect(await svg("dev", previewed(...supervisors(2).reverse(), ...cluster))).toBe(picture);
    });

    test.each([
        ["nothing", "", "this is no JSON: Unexpected end"],
        ["something else", "{}", "neither `pulumi stack export` nor `pulumi preview --json`"],
        ["a stack without containers", exported(gate("ui")), "no container is among"],
        [
            "a preview that failed",
            JSON.stringify({ steps: [], diagnostics: [{ severity: "error", message: "error: storm:zookeepers (2) is not 1, 3 or 5\n" }] }),
            /^storm:zookeepers \(2\) is not 1, 3 or 5$/,
        ],
    ])("of %s is refused", (_, text, message) => {
        expect(() => resourcesIn(text)).toThrow(message);
    });
});
