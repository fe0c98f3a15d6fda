/** Who is told whose address in a stack, by what the engine knows of its resources. */
import { isIPv4 } from "net";

/** A resource, as the engine's JSON has it, in what matters here. */
export interface Resource {
    urn: string;
    type: string;
    parent?: string;
    /** URN and id of its provider. */
    provider?: string;
    /** What is not known yet, or secret, is a string or an object without meaning. */
    inputs?: Record<string, unknown>;
    dependencies?: string[];
    propertyDependencies?: Record<string, string[] | null>;
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
    /** Whether it is told where that one is; else it is merely made once that one is ready. */
    isTold: boolean;
}

/** The daemons of a stack, sorted by name, and the edges between them. */
export interface Wiring {
    daemons: Daemon[];
    edges: Edge[];
}

const containerType = "docker:index/container:Container";

/** The settings by which a container is told where others are, and the kind of these. */
const settings: Record<string, string> = {
    ZOO_SERVERS: "zookeeper",
    "storm.zookeeper.servers": "zookeeper",
    "nimbus.seeds": "nimbus",
    "drpc.servers": "drpc",
    "--initial-cluster": "etcd",
};

/**
 * The resources in the JSON of `pulumi stack export` or `pulumi preview --json`.
 * @throws Error when it is neither, when the preview has failed, or when there is no container.
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
    if (!resources.some(({ type }) => type === containerType)) {
        throw new Error("no container is among the stack's resources");
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
    const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
    const hostOf = (urn: string) => {
        let host: string | undefined;
        for (let at = byUrn.get(urn); at; at = byUrn.get(at.parent ?? "")) {
            // An Ec2Host has an SshHost within.
            host = /^storm:hosts:\w+Host$/.test(at.type) ? lastPart(at.urn).replace(/^host-/, "") : host;
        }
        return host;
    };
    const placed = resources.filter(({ type }) => type === containerType).map((container) => {
        const name = daemonName(container);
        const host = hostOf((container.provider ?? "").replace(/::[^:]*$/, ""));
        return { container, daemon: { name, kind: kindOf(name), host, address: ownAddress(name, container) } };
    });
    const daemons: Daemon[] = placed.map(({ daemon }) => daemon);
    for (const daemon of daemons.filter(({ host }) => host !== undefined)) {
        daemon.address ??= daemons.find(({ host, address }) => host === daemon.host && address !== undefined)?.address;
    }

    const edges = placed.flatMap(({ container, daemon: from }): Edge[] => {
        // A gate has the parent of the container behind it.
        const before = new Set(container.dependencies?.map((urn) => byUrn.get(urn)?.parent));
        before.delete(container.parent);
        const waitedFor = placed.filter((other) => before.has(other.container.parent));
        const values = [...inSettings(textOf(container, resources)), ...inAttachment(from.name, container)];
        // The engine knows whose outputs an input is made of before it knows the value.
        const urns = Object.values(container.propertyDependencies ?? {}).flatMap((each) => each ?? []);
        const hosts = new Set(urns.flatMap((urn) => hostOf(urn) ?? []).filter((host) => host !== from.host));
        const told = new Set([
            ...values.flatMap(([kind, value]) => meant(kind, value, from, daemons)),
            ...[...hosts].flatMap((host) => meantOn(host, from, daemons, waitedFor.map(({ daemon }) => daemon))),
        ]);
        told.delete(from);
        const knows = new Set(placed.filter(({ daemon }) => told.has(daemon)).map((other) => other.container.parent));
        return [
            ...[...told].map((to) => ({ from, to, isTold: true })),
            ...waitedFor.filter((other) => !knows.has(other.container.parent)).map(({ daemon: to }) => ({ from, to, isTold: false })),
        ];
    });
    const compare = (a: Daemon, b: Daemon) => naturally(a.name, b.name) || naturally(a.host ?? "", b.host ?? "");
    return {
        daemons: daemons.sort(compare),
        edges: edges.sort((a, b) => compare(a.from, b.from) || compare(a.to, b.to)),
    };
}

/** Compares names by their numbers: `supervisor-2` comes before `supervisor-10`. */
export function naturally(a: string, b: string): number {
    return a.localeCompare(b, "en", { numeric: true });
}

function lastPart(urn: string): string {
    return urn.slice(urn.lastIndexOf("::") + 2);
}

/** A container goes by `<project>-<stack>-<daemon>`. */
function daemonName({ urn, inputs }: Resource): string {
    const [, , stack, , project] = urn.split(":");
    return String(inputs?.name).slice(`${project}-${stack}-`.length);
}

function kindOf(name: string): string {
    return name.replace(/-\d+$/, "");
}

function ownAddress(name: string, { inputs }: Resource): string | undefined {
    const { networksAdvanced, hosts } = inputs as Attachment;
    const address = networksAdvanced?.[0]?.ipv4Address ?? hosts?.find(({ host }) => host === name)?.ip;
    return address !== undefined && isIPv4(address) ? address : undefined;
}

/** How a container joins its host's network. */
interface Attachment {
    networksAdvanced?: { ipv4Address: string }[];
    hosts?: { host: string; ip: string }[];
    dns?: string[];
}

/** Command, environment and files of a container, those that it mounts too. */
function textOf({ inputs, parent }: Resource, resources: Resource[]): string {
    const files = resources.filter((other) => other.parent === parent && other.type.endsWith(":ConfigFile"));
    return strings([inputs?.command, inputs?.envs, inputs?.uploads, files.map((file) => file.inputs?.content)]).join("\n");
}

function strings(value: unknown): string[] {
    if (typeof value === "string") {
        return [value];
    }
    return typeof value === "object" && value !== null ? Object.values(value).flatMap(strings) : [];
}

/** By kind, what the settings in a text say: behind them on their line, or indented, as YAML has it, on those below. */
function inSettings(text: string): [kind: string, value: string][] {
    return Object.entries(settings).flatMap(([key, kind]) => {
        const [, value] = new RegExp(`^${key}[=:\n](.*(?:\n +.*)*)`, "m").exec(text) ?? [];
        return value === undefined ? [] : [[kind, value]];
    });
}

/** By kind, whom a container is told of by the way it joins the network: by DNS servers, and entries of /etc/hosts. */
function inAttachment(name: string, { inputs }: Resource): [kind: string, value: string][] {
    const { hosts = [], dns = [] } = inputs as Attachment;
    const others = hosts.filter(({ host }) => host !== name && !host.startsWith(`${name}.`));
    return [...dns.map((ip): [string, string] => ["dns", ip]), ...others.map(({ host, ip }): [string, string] => [kindOf(host), ip])];
}

/** The daemons of a kind that a value names; where it names none, the proxy that leads to them. */
function meant(kind: string, value: string, from: Daemon, daemons: Daemon[]): Daemon[] {
    const words = value.match(/[\w.-]+/g) ?? [];
    const isNamed = ({ name, address }: Daemon) => words.some((word) => word === address || word.startsWith(`${name}.`));
    const named = daemons.filter((daemon) => daemon.kind === kind && isNamed(daemon));
    const isOwn = ({ host }: Daemon) => host !== undefined && host === from.host;
    return named.length > 0 ? named : daemons.filter((daemon) => daemon.kind === "proxy" && (isOwn(daemon) || isNamed(daemon)));
}

/** The daemons meant by the address of a host: those waited for, else those of the same kind, else the one that it is named after. */
function meantOn(host: string, { kind }: Daemon, daemons: Daemon[], waitedFor: Daemon[]): Daemon[] {
    const there = daemons.filter((daemon) => daemon.host === host);
    const choices = [
        there.filter((daemon) => waitedFor.includes(daemon)),
        there.filter((daemon) => daemon.kind === kind),
        there.filter(({ name }) => name === host),
    ];
    return choices.find(({ length }) => length > 0) ?? [];
}
