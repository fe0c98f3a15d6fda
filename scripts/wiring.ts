/** Who receives whose address in a stack: what the program gave the engine of it, as inputs of components. */
import { isIPv4 } from "net";

/** A resource, as the engine's JSON has it, in what matters here. */
export interface Resource {
    urn: string;
    type: string;
    parent?: string;
    inputs?: Record<string, unknown>;
    dependencies?: string[];
}

/** What a component says of its containers: see components/discovery/wiring.ts. */
interface Wired extends Place {
    /** What is not known yet is a string without meaning. */
    address?: string;
    receives: Place[];
}

interface Place {
    name: string;
    host?: string;
}

/** A container with what runs in it: a daemon of Storm or ZooKeeper, or one of those that discovery runs beside. */
export interface Daemon {
    /** Such as `nimbus-1`; with ambassadors, those of several hosts have the same. */
    name: string;
    /** The name without its number. */
    kind: string;
    /** The name of its host; undefined: it is on this machine, at an address of its own. */
    host?: string;
    /** The address of its host; undefined: it is not known yet. */
    address?: string;
}

/** What one daemon has of another. */
export interface Edge {
    from: Daemon;
    to: Daemon;
    /** Whether it receives that one's address; else it is merely created once that one is ready. */
    isReceived: boolean;
}

/** The daemons of a stack, sorted by name, and the edges between them. */
export interface Wiring {
    daemons: Daemon[];
    edges: Edge[];
}

/**
 * The resources in the JSON of `pulumi stack export` or `pulumi preview --json`.
 * @throws Error if it is neither, if the preview has failed, or if no component says who receives whose address.
 */
export function resourcesIn(text: string): Resource[] {
    const json = parsed(text);
    const mistakes = json.diagnostics?.filter(({ severity }) => severity === "error") ?? [];
    if (mistakes.length > 0) {
        throw new Error(mistakes.map(({ message }) => message.replace(/^error: /, "").trim()).join("\n"));
    }
    const resources = json.deployment?.resources ?? json.steps?.flatMap(({ newState }) => newState ?? []);
    if (!resources) {
        throw new Error("this is the JSON of neither `pulumi stack export` nor `pulumi preview --json`");
    }
    if (!resources.some((resource) => wiredOf(resource).length > 0)) {
        throw new Error("none of the stack's resources says whose addresses it receives");
    }
    return resources;
}

interface EngineJson {
    deployment?: { resources?: Resource[] };
    steps?: { newState?: Resource }[];
    diagnostics?: { severity: string; message: string }[];
}

function parsed(text: string): EngineJson {
    try {
        return JSON.parse(text) as EngineJson;
    } catch (error) {
        throw new Error(`this is no JSON: ${(error as Error).message}`);
    }
}

/** The daemons of a stack, sorted by name, and the edges between them. */
export function wiring(resources: Resource[]): Wiring {
    const placed = resources.flatMap((component) =>
        wiredOf(component).map(({ name, host, address = "", receives }) => ({
            component: component.urn,
            daemon: { name, kind: kindOf(name), host, address: isIPv4(address) ? address : undefined },
            receives,
        })),
    );
    const parents = new Map(resources.map(({ urn, parent }) => [urn, parent]));
    const edges = placed.flatMap(({ component, daemon: from, receives }): Edge[] => {
        const received = placed.filter(({ daemon }) => receives.some((place) => isAt(daemon, place)));
        // A gate has the parent of the container behind it.
        const before = resources
            .filter(({ parent, type }) => parent === component && type === containerType)
            .filter(({ inputs }) => String(inputs?.name).endsWith(`-${from.name}`))
            .flatMap(({ dependencies = [] }) => dependencies.map((urn) => parents.get(urn)));
        const known = [component, ...received.map((other) => other.component)];
        const waitedFor = placed.filter(
            (other) => before.includes(other.component) && !known.includes(other.component),
        );
        return [
            ...received.map(({ daemon: to }) => ({ from, to, isReceived: true })),
            ...waitedFor.map(({ daemon: to }) => ({ from, to, isReceived: false })),
        ];
    });
    const compare = (a: Daemon, b: Daemon) => naturally(a.name, b.name) || naturally(a.host ?? "", b.host ?? "");
    return {
        daemons: placed.map(({ daemon }) => daemon).sort(compare),
        edges: edges.sort((a, b) => compare(a.from, b.from) || compare(a.to, b.to)),
    };
}

/** The type of containers in a state. */
export const containerType = "docker:index/container:Container";

function wiredOf({ inputs }: Resource): Wired[] {
    return (inputs?.wiring ?? []) as Wired[];
}

function isAt(daemon: Daemon, { name, host }: Place): boolean {
    return daemon.name === name && daemon.host === host;
}

/** Compares names by their numbers: `supervisor-2` comes before `supervisor-10`. */
export function naturally(a: string, b: string): number {
    return a.localeCompare(b, "en", { numeric: true });
}

function kindOf(name: string): string {
    return name.replace(/-\d+$/, "");
}
