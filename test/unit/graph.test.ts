import * as fs from "fs";
import { drawing, svg } from "../../scripts/drawing";
import { type Resource, resourcesIn, wiring } from "../../scripts/wiring";
import { stackFile } from "./awsFixture";
import { onHosts } from "./hostsFixture";
import { runProgram } from "./program";

jest.setTimeout(180_000);

/** What the engine shows of an address that is not known yet. */
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

function urn(type: string, name: string): string {
    return `urn:pulumi:dev::storm::${type}::${name}`;
}

/** The component of a daemon on this machine. */
function local(name: string, address: string, ...receives: string[]): Resource {
    return daemon({ name, address, receives: receives.map((each) => ({ name: each })) });
}

/** The component of a daemon on a host; whom it receives, as `nimbus-1 on a`. */
function onHost(host: string, name: string, address: string, ...receives: string[]): Resource {
    const places = receives.map((each) => each.split(" on "));
    return daemon({ name, host, address, receives: places.map(([other, on]) => ({ name: other, host: on })) });
}

function daemon({ name, host = "", ...wired }: { name: string; host?: string; [more: string]: unknown }): Resource {
    const type = "storm:storm:Daemon";
    return {
        urn: urn(type, `storm-${host}-${name}`),
        type,
        inputs: { wiring: [{ name, ...(host && { host }), ...wired }] },
    };
}

/** What exists once a daemon is ready. */
function gate({ urn: parent }: Resource): Resource {
    return { urn: `${parent}-ready`, type: "ready", parent };
}

/** The container of a daemon, created after other daemons are ready. */
function container(name: string, { urn: parent }: Resource, ...after: Resource[]): Resource {
    const type = "docker:index/container:Container";
    return {
        urn: `${parent}-container`,
        type,
        parent,
        inputs: { name: `storm-dev-${name}` },
        dependencies: after.map((other) => gate(other).urn),
    };
}

/** Who receives whose address, or, with a tilde, waits for whom. */
function edges(...resources: Resource[]): string[] {
    const at = ({ name, host }: { name: string; host?: string }) => (host === undefined ? name : `${name} on ${host}`);
    return wiring(resources).edges.map(({ from, to, isReceived }) => `${at(from)} ${isReceived ? ">" : "~"} ${at(to)}`);
}

describe("a daemon", () => {
    test("receives the addresses that its component says", () => {
        const all = [
            local("zookeeper-1", "10.0.0.1"),
            local("zookeeper-2", "10.0.0.11"),
            local("nimbus-1", "10.0.0.2", "zookeeper-2"),
        ];
        expect(edges(...all)).toEqual(["nimbus-1 > zookeeper-2"]);
        expect(wiring(all).daemons[0]).toEqual({ name: "nimbus-1", kind: "nimbus", address: "10.0.0.2" });
    });

    test("receives those of one of several of a name, on the host that is meant", () => {
        const all = [
            onHost("a", "proxy", "10.0.0.1"),
            onHost("b", "proxy", "10.0.0.2"),
            onHost("b", "supervisor-1", "10.0.0.2", "proxy on b"),
        ];
        expect(edges(...all)).toEqual(["supervisor-1 on b > proxy on b"]);
    });

    test("has no address before that is known", () => {
        expect(wiring([onHost("nimbus-1", "nimbus-1", unknown)]).daemons).toEqual([
            { name: "nimbus-1", kind: "nimbus", host: "nimbus-1", address: undefined },
        ]);
    });

    test("waits for daemons whose addresses it does not receive", () => {
        const [zookeeper, nimbus] = [local("zookeeper-1", "10.0.0.1"), local("nimbus-1", "10.0.0.2")] as const;
        const ui = local("ui", "10.0.0.3", "nimbus-1");
        const all = [zookeeper, gate(zookeeper), nimbus, gate(nimbus), ui, container("ui", ui, zookeeper, nimbus)];
        expect(edges(...all)).toEqual(["ui > nimbus-1", "ui ~ zookeeper-1"]);
    });
});

describe("the program says", () => {
    test.each([{}, { delivery: "file", discovery: "dns" }])("what the README's picture shows: %j", async (settings) => {
        const { resources } = await runProgram({ zookeepers: 3, nimbuses: 2, drpcs: 2, ...settings });
        const told = wiring(resources).edges.map(({ from, to }) => `${from.kind} --> ${to.kind}`);
        const drawn = [...fs.readFileSync("README.md", "utf8").matchAll(/^ +(\w+ --> \w+)$/gm)].map(([, edge]) => edge);
        expect([...new Set(told)].sort()).toEqual(drawn.sort());
    });

    test("of every container where it runs, and what its address is", async () => {
        for (const settings of [{ discovery: "ambassador" }, onHosts, { ...onHosts, discovery: "ambassador" }]) {
            const { resources } = await runProgram({ ssh: {}, ...settings });
            const containers = resources.filter(({ type }) => type === "docker:index/container:Container");
            const { daemons } = wiring(resources);
            expect(daemons.map(({ name }) => `storm-test-${name}`).sort()).toEqual(
                containers.map(({ inputs }) => inputs.name).sort(),
            );
            expect(daemons.filter(({ address }) => address === undefined)).toEqual([]);
        }
    });

    test("who receives the addresses in a container's command, environment and files", async () => {
        const { resources } = await runProgram({ zookeepers: 3, nimbuses: 2, supervisors: 2, drpcs: 2 });
        const { daemons, edges: all } = wiring(resources);
        for (const from of daemons) {
            const { inputs } = resources.find(({ inputs: { name } }) => name === `storm-test-${from.name}`) as Resource;
            const text = JSON.stringify([inputs?.command, inputs?.envs, inputs?.uploads]);
            const found = daemons.filter((to) => to !== from && text.match(new RegExp(`${to.address}(?!\\d)`)));
            const received = all.filter((edge) => edge.from === from && edge.isReceived).map(({ to }) => to.name);
            expect([from.name, received]).toEqual([from.name, found.map(({ name }) => name)]);
        }
    });

    test("on hosts, of DNS servers", async () => {
        const [first, ...others] = onHosts.hosts;
        const servers = {
            ...onHosts,
            discovery: "dns",
            hosts: [
                { ...first, daemons: [...(first?.daemons ?? []), "dns-1"] },
                { ...others[0], daemons: [...(others[0]?.daemons ?? []), "dns-2"] },
                ...others.slice(1),
            ],
        };
        const { resources } = await runProgram(servers);
        const received = edges(...resources).filter((edge) => edge.startsWith("supervisor-1"));
        expect(received).toEqual(
            [
                "dns-1 on a",
                "dns-2 on b",
                "nimbus-1 on a",
                "nimbus-2 on b",
                "zookeeper-1 on a",
                "zookeeper-2 on b",
                "zookeeper-3 on c",
            ].map((to) => `supervisor-1 on d > ${to}`),
        );
    });

    test("with ambassadors, of the proxy on the daemon's own host, and of the registry", async () => {
        const { resources } = await runProgram({ ...onHosts, discovery: "ambassador" });
        const received = edges(...resources).filter((edge) => / on d (>|~)/.test(edge));
        expect(received).toEqual([
            ...["etcd-1 on a", "etcd-2 on b", "etcd-3 on c"].map((member) => `registrar on d > ${member}`),
            "supervisor-1 on d > proxy on d",
        ]);
    });

    test("on EC2, in a preview of a stack that does not exist", async () => {
        const { resources } = await runProgram({ target: "aws", ...stackFile("dev") }, { preview: true, stack: "dev" });
        expect(wiring(resources).daemons.map(({ name, host }) => [name, host])).toEqual(
            Object.entries({
                "nimbus-1": "nimbus-1",
                "supervisor-1": "zookeeper-1",
                "supervisor-2": "nimbus-1",
                ui: "nimbus-1",
                "zookeeper-1": "zookeeper-1",
            }),
        );
        // make graph STACK=dev FILE=docs/dev.svg
        const steps = resources.map((newState) => ({ op: "create", newState }));
        expect(await svg("dev", JSON.stringify({ steps }))).toBe(fs.readFileSync("docs/dev.svg", "utf8"));
    });
});

const cluster = [
    local("zookeeper-1", "10.0.0.1"),
    local("nimbus-1", "10.0.0.2", "zookeeper-1"),
    local("ui", "10.0.0.3", "zookeeper-1", "nimbus-1"),
];

function supervisors(count: number): Resource[] {
    return Array.from({ length: count }, (_, index) =>
        local(`supervisor-${index + 1}`, `10.0.1.${index + 1}`, "zookeeper-1", "nimbus-1"),
    );
}

/** What is drawn: labels of daemons and of hosts, and the edges between them. */
function drawn(...resources: Resource[]) {
    const { nodes = [], subgraphs = [], edges: lines = [] } = drawing("dev", wiring(resources));
    const all = [...nodes, ...subgraphs.flatMap((subgraph) => subgraph.nodes ?? [])];
    const labelOf = ({ attributes }: (typeof all)[number]) => attributes?.label as string;
    const first = (name: string) =>
        all.flatMap((node) => (node.name === name ? labelOf(node).split("\n")[0] : [])).join();
    return {
        labels: all.map((node) => labelOf(node).replace("\n", ": ")).sort(),
        frames: subgraphs.map(({ graphAttributes }) => graphAttributes?.label),
        // Graphviz draws each once.
        lines: [
            ...new Set(
                lines.map(
                    ({ tail, head, attributes }) =>
                        `${first(tail)} ${attributes?.dir === "both" ? "<" : ""}> ${first(head)}`,
                ),
            ),
        ].sort(),
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
        expect(labels).toEqual([
            "nimbus-1: 10.0.0.2",
            "supervisor-1 … supervisor-30: 30 addresses",
            "ui: 10.0.0.3",
            "zookeeper-1: 10.0.0.1",
        ]);
        expect(lines).toHaveLength(5);
    });

    test("alike those alone that know the same", () => {
        const all = supervisors(7);
        all[1] = local("supervisor-2", "10.0.1.2", "zookeeper-1");
        expect(drawn(...cluster, ...all).labels).toContain("supervisor-1: supervisor-3 … supervisor-7\n6 addresses");
    });

    test("hosts with what is on them, and many alike as one", () => {
        const hosts = Array.from({ length: 30 }, (_, index) => `h${index + 1}`);
        const { labels, frames, lines } = drawn(
            onHost("h1", "nimbus-1", "10.0.0.1"),
            ...hosts.map((host, index) =>
                onHost(host, `supervisor-${index + 1}`, `10.0.0.${index + 1}`, "nimbus-1 on h1"),
            ),
        );
        expect(labels).toEqual(["nimbus-1", "supervisor-1", "supervisor-2 … supervisor-30"]);
        expect(frames).toEqual(["h1  10.0.0.1", "29 hosts"]);
        expect(lines).toEqual(["supervisor-1 > nimbus-1", "supervisor-2 … supervisor-30 > nimbus-1"]);
    });

    test("several of whom all are told, by way of an ellipse", () => {
        const told = ["nimbus-1", "nimbus-2"];
        const { lines } = drawn(
            local("nimbus-1", "10.0.0.1", ...told),
            local("nimbus-2", "10.0.0.2", ...told),
            local("ui", "10.0.0.3", ...told),
        );
        expect(lines).toEqual(["nimbus <> nimbus-1", "nimbus <> nimbus-2", "ui > nimbus"]);
    });
});

describe("the engine's JSON", () => {
    const exported = (...resources: Resource[]) => JSON.stringify({ version: 3, deployment: { resources } });
    const previewed = (...resources: Resource[]) =>
        JSON.stringify({ steps: resources.map((newState) => ({ op: "create", newState })) });

    test("gives the same picture as state and as preview, in whatever order it is", async () => {
        const picture = await svg("dev", exported(...cluster, ...supervisors(2)));
        expect(picture).toContain(">Stack dev. An arrow: receives the address of.<");
        expect(picture).toContain('<polygon fill="white"');
        expect(await svg("dev", previewed(...supervisors(2).reverse(), ...cluster))).toBe(picture);
    });

    test.each([
        ["nothing", "", "this is no JSON: Unexpected end"],
        ["something else", "{}", "neither `pulumi stack export` nor `pulumi preview --json`"],
        [
            "a stack of a program from before",
            exported(container("ui", local("ui", "10.0.0.3"))),
            "none of the stack's resources says",
        ],
        [
            "a preview that failed",
            JSON.stringify({
                steps: [],
                diagnostics: [{ severity: "error", message: "error: storm:zookeepers (2) must be 1, 3 or 5\n" }],
            }),
            /^storm:zookeepers \(2\) must be 1, 3 or 5$/,
        ],
    ])("of %s is refused", (_, text, message) => {
        expect(() => resourcesIn(text)).toThrow(message);
    });
});
