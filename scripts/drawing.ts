/** Draws which daemon of a stack receives whose address: `drawing.ts <stack> <file with the engine's JSON> <SVG to write>`. */
import * as fs from "fs";
import { type Attributes, type Graph, instance } from "@viz-js/viz";
import { type Daemon, type Edge, naturally, resourcesIn, type Wiring, wiring } from "./wiring";

/** The most hosts that are drawn one by one though the same is on each of them. */
const mostAlike = 3;

/** Of the daemons of a kind, and the line of what leads to them. */
const colours: Record<string, { fill: string; line: string }> = {
    zookeeper: { fill: "#d9f0d3", line: "#2e7d32" },
    nimbus: { fill: "#d3e5f7", line: "#1565c0" },
    drpc: { fill: "#f9dcec", line: "#ad1457" },
    supervisor: { fill: "#fdecc8", line: "#8d5a00" },
    ui: { fill: "#e6dcf5", line: "#5e35b1" },
};

function colourOf(kind: string) {
    return colours[kind] ?? { fill: "#eceff1", line: "#455a64" };
}

/** An edge as it is drawn: to a daemon, or by way of an ellipse to all of a kind. */
interface Link {
    from: Daemon;
    to: Daemon | string;
    isReceived: boolean;
}

/** Hosts that are drawn as one: one, or those that are alike. */
interface Box {
    hosts: string[];
    nodes: Node[];
}

/** Daemons that are drawn as one: one, or those in the same place on hosts that are alike. */
interface Node {
    id: string;
    kind: string;
    daemons: Daemon[];
}

/** The SVG of a stack, by the JSON of `pulumi stack export` or `pulumi preview --json`. */
export async function svg(stack: string, json: string): Promise<string> {
    const viz = await instance();
    return viz.renderString(drawing(stack, wiring(resourcesIn(json))), { format: "svg" });
}

/** What Graphviz is to draw: the same for the same daemons and edges. */
export function drawing(stack: string, { daemons, edges }: Wiring): Graph {
    const known = knownByKind(edges);
    const links = linksOf(edges, known);
    const boxes = boxesOf(daemons, links);
    const idOf = (daemon: Daemon) =>
        boxes.flatMap(({ nodes }) => nodes).find((node) => node.daemons.includes(daemon))?.id ?? "";
    const membersOf = (kind: string) => [...new Set(known[kind]?.map(idOf))];
    const ellipses = Object.keys(known).filter(
        (kind) => membersOf(kind).length > 1 && links.some(({ to }) => to === kind),
    );
    const headOf = (to: Daemon | string) =>
        typeof to !== "string" ? idOf(to) : ellipses.includes(to) ? to : (membersOf(to)[0] ?? "");

    const isLocal = daemons.every(({ host }) => host === undefined);
    const parts = boxes.map((box) => part(box, isLocal));
    const inside = {
        nodes: [...ellipses.map(ellipse), ...parts.flatMap(({ node }) => node ?? [])],
        subgraphs: parts.flatMap(({ subgraph }) => subgraph ?? []),
    };
    const between = links.map(({ from, to, isReceived }) => {
        const { line } = colourOf(typeof to === "string" ? to : to.kind);
        return {
            tail: idOf(from),
            head: headOf(to),
            attributes: { color: line, ...(!isReceived && { style: "dashed" }) },
        };
    });
    // One that itself receives all the others' addresses has one edge for both.
    const isOfMember = ({ tail, head }: { tail: string; head: string }) =>
        ellipses.includes(head) && membersOf(head).includes(tail);
    const members = ellipses.flatMap((kind) =>
        membersOf(kind).map((head) => {
            const isBoth = between.some((edge) => edge.tail === head && edge.head === kind);
            return { tail: kind, head, attributes: { color: colourOf(kind).line, dir: isBoth ? "both" : "forward" } };
        }),
    );
    return {
        directed: true,
        // What alike daemons have in common is drawn once.
        strict: true,
        graphAttributes: {
            rankdir: "LR",
            // A daemon stands to the left of the daemons whose addresses it receives, on shared hosts too.
            newrank: true,
            bgcolor: "white",
            fontname: "Helvetica",
            fontsize: 11,
            nodesep: 0.25,
            ranksep: 0.7,
            pad: 0.2,
            labelloc: "b",
            label: [
                `Stack ${stack}. An arrow: receives the address of.`,
                ...(ellipses.length > 0 ? ["An ellipse: all daemons of that kind."] : []),
                ...(edges.some(({ isReceived }) => !isReceived) ? ["A dashed arrow: is made once it is ready."] : []),
                ...(!isLocal && parts.every(({ node }) => node) ? ["Each daemon is on a host of its own."] : []),
            ].join("\n"),
        },
        // The margin is for fonts that are wider than Graphviz takes them to be.
        nodeAttributes: {
            shape: "box",
            style: "rounded,filled",
            fontname: "Helvetica",
            fontsize: 12,
            margin: "0.2,0.07",
        },
        edgeAttributes: { arrowsize: 0.7 },
        ...(isLocal ? { subgraphs: [{ name: "cluster", graphAttributes: frame("this machine"), ...inside }] } : inside),
        edges: [...between.filter((edge) => !isOfMember(edge)), ...members],
    };
}

/** By kind, the daemons whose addresses others receive. */
function knownByKind(edges: Edge[]): Record<string, Daemon[]> {
    const known: Record<string, Daemon[]> = {};
    for (const { to } of edges.filter(({ isReceived }) => isReceived)) {
        known[to.kind] = [...new Set([...(known[to.kind] ?? []), to])];
    }
    return known;
}

/** Edges, with those that lead to all of several daemons of a kind as one. */
function linksOf(edges: Edge[], known: Record<string, Daemon[]>): Link[] {
    return edges.map(({ from, to, isReceived }) => {
        const its = edges.filter((edge) => edge.from === from && edge.isReceived === isReceived).map((edge) => edge.to);
        const all = known[to.kind] ?? [];
        const isToAll = all.length > 1 && all.every((daemon) => daemon === from || its.includes(daemon));
        return { from, to: isToAll ? to.kind : to, isReceived };
    });
}

function boxesOf(daemons: Daemon[], links: Link[]): Box[] {
    const on = (host: string) => daemons.filter((daemon) => hostOf(daemon) === host);
    const alike: Record<string, string[]> = {};
    for (const host of [...new Set(daemons.map(hostOf))].sort(naturally)) {
        const likeness = JSON.stringify(on(host).map((daemon) => likenessOf(daemon, links)));
        alike[likeness] = [...(alike[likeness] ?? []), host];
    }
    const groups = Object.values(alike).flatMap((hosts) =>
        hosts.length > mostAlike ? [hosts] : hosts.map((host) => [host]),
    );
    return groups.map((hosts) => ({
        hosts,
        nodes: on(hosts[0] ?? "").map(({ kind, name }, index) => ({
            id: `${name} on ${hosts[0]}`,
            kind,
            daemons: hosts.flatMap((host) => on(host)[index] ?? []),
        })),
    }));
}

/** What daemons that may be drawn as one have in common: what they lead to, and that nothing from elsewhere leads to one of them alone. */
function likenessOf(daemon: Daemon, links: Link[]): unknown {
    const own = hostOf(daemon);
    const isAimedAt = links.some(({ from, to }) => to === daemon && hostOf(from) !== own);
    const aims = links
        .filter(({ from }) => from === daemon)
        .map(({ to, isReceived }) => {
            const aim = typeof to === "string" ? to : hostOf(to) === own ? [to.kind] : [to.name, hostOf(to)];
            return JSON.stringify([isReceived, aim]);
        });
    return [daemon.kind, isAimedAt && daemon.name, [...new Set(aims)].sort()];
}

/** On this machine each daemon is at an address of its own, which goes by its name. */
function hostOf({ host, name }: Daemon): string {
    return host ?? name;
}

/** A host goes without a frame where one daemon is on it and has its name. */
function part({ hosts, nodes }: Box, isLocal: boolean) {
    const [first] = nodes;
    const count = hosts.length > 1 ? `${hosts.length} ${isLocal ? "addresses" : "hosts"}` : undefined;
    const below = count ?? first?.daemons[0]?.address;
    if (first && nodes.length === 1 && first.daemons.every(({ name }, index) => name === hosts[index])) {
        return { node: box(first, below) };
    }
    const graphAttributes = frame(count ?? [hosts[0], below].join("  "));
    return { subgraph: { name: `cluster ${hosts[0]}`, graphAttributes, nodes: nodes.map((node) => box(node)) } };
}

function box({ id, kind, daemons }: Node, below?: string) {
    const { fill, line } = colourOf(kind);
    const label = [...runs(daemons.map(({ name }) => name)), ...(below === undefined ? [] : [below])].join("\n");
    return { name: id, attributes: { label, fillcolor: fill, color: line, peripheries: daemons.length > 1 ? 2 : 1 } };
}

function ellipse(kind: string) {
    const small = { fontsize: 10, margin: "0.05,0.02", height: 0.3 };
    return {
        name: kind,
        attributes: { label: kind, shape: "ellipse", color: colourOf(kind).line, fillcolor: "white", ...small },
    };
}

function frame(label: string): Attributes {
    return {
        label,
        style: "rounded",
        color: "#9e9e9e",
        bgcolor: "#fafafa",
        fontcolor: "#424242",
        labelloc: "t",
        labeljust: "l",
        margin: 10,
    };
}

/** Names, with those that are numbered one after the other from the first to the last. */
function runs(names: string[]): string[] {
    const all: string[][] = [];
    for (const name of [...new Set(names)].sort(naturally)) {
        const run = all.at(-1);
        if (run && name === run.at(-1)?.replace(/\d+$/, (number) => String(Number(number) + 1))) {
            run.push(name);
        } else {
            all.push([name]);
        }
    }
    return all.map((run) => (run.length > 1 ? `${run[0]} … ${run.at(-1)}` : `${run[0]}`));
}

async function main(stack: string, input: string, file: string): Promise<void> {
    const json = fs.readFileSync(input, "utf8");
    fs.writeFileSync(file, await svg(stack, json));
    console.log(`Drew the stack ${stack} into ${file}. Next: open it in a browser.`);
}

if (require.main === module) {
    const [stack = "", input = "", file = ""] = process.argv.slice(2);
    main(stack, input, file).catch((error: Error) => {
        console.error(`make graph: ${error.message}\nNothing was drawn.`);
        process.exit(1);
    });
}
