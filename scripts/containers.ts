/** A stack's cluster, as the Docker engines of its machines and its Nimbus daemons describe it. */
import { run } from "../provider/machines/command";
import { connectFrom } from "../provider/machines/container";
import { shellFile } from "../provider/machines/shell";
import { byTls, type ClusterSummary, clusterSummary, type NimbusAt } from "../provider/nimbus/client";
import { stormPem } from "../provider/nimbus/tlsFiles";
import { naturally, type Resource } from "./wiring";

/** What the commands of `make` use of a stack's outputs. */
export interface Outputs {
    zookeeperServers: string[];
    nimbusSeeds: string[];
    nimbusPort: number;
    /** `tls`: Nimbus is called by TLS; absent otherwise. */
    security?: string;
    supervisors: string[];
    uiUrl?: string;
    /** On `aws` alone. */
    uiTunnel?: string;
    /** If a Prometheus server runs; on `aws`, if browsers are let in. */
    prometheusUrl?: string;
    /** On `aws` alone. */
    prometheusTunnel?: string;
    /** If Grafana runs; on `aws`, if browsers are let in. */
    grafanaUrl?: string;
    /** On `aws` alone. */
    grafanaTunnel?: string;
    /** When the first of the certificates ends, those of authorities too; if there are any. */
    certificatesExpire?: string;
    stormVersion: string;
    /** Absent on `local`. */
    hosts?: Record<string, { address: string; daemons: string[]; ssh: string; lost?: boolean }>;
}

/** A resource of a state. */
export type StateResource = Resource & { outputs?: Record<string, unknown> };

/**
 * What a stack has.
 * @param state Its state, as `pulumi stack export` prints it.
 * @returns Its resources, and its outputs; undefined: it has no cluster.
 */
export function deployed(state: string): { resources: StateResource[]; outputs: Outputs | undefined } {
    const { deployment } = JSON.parse(state) as { deployment?: { resources?: StateResource[] } };
    const resources = deployment?.resources ?? [];
    const outputs = resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs as Outputs | undefined;
    return { resources, outputs: outputs?.nimbusSeeds && outputs };
}

/** A container of the cluster's. */
export interface Container {
    /** What runs in it, such as `nimbus-1`. */
    daemon: string;
    /** Its name in Docker. */
    container: string;
    /** Docker's own words for its state, such as `Up 15 seconds`. */
    says: string;
    /** Such as `running`, `restarting` or `exited`. */
    status: string;
    /** How often Docker has started it again by itself. */
    restarts: number;
    /** Seconds since it was started the last time. */
    seconds: number;
    /** How it ended the last time; undefined: it never has, or Docker does not know any more. */
    ending?: { exitCode: number; outOfMemory: boolean };
}

/** A machine that containers of the cluster are on. */
export interface Machine {
    /** Its name among the hosts; undefined: it is this one. */
    name?: string;
    /** The command that runs a shell command line, as its last argument, on it; undefined: it is this one. */
    ssh?: string[];
    /** Sorted by daemon. */
    containers: Container[];
    /** Why it could not be asked. */
    problem?: string;
}

const script = shellFile(__dirname, "containers.sh");

/** Asks each machine of a stack, one process each, for the containers of the cluster; lost machines are not asked. */
export async function machinesOf(cluster: string, { hosts }: Outputs): Promise<Machine[]> {
    const machines: Pick<Machine, "name" | "ssh">[] = hosts
        ? Object.entries(hosts)
              .filter(([, { lost }]) => !lost)
              .map(([name, { ssh }]) => ({ name, ssh: ["sh", "-c", `${ssh} "$1"`, "sh"] }))
        : [{}];
    return Promise.all(
        machines.map((machine) =>
            run(machine.ssh, ["sh", "-c", script, "sh", cluster]).then(
                (printed) => ({ ...machine, containers: parseContainers(String(printed)) }),
                (error: Error) => ({ ...machine, containers: [], problem: error.message }),
            ),
        ),
    );
}

/** What a Nimbus says of a cluster. */
export interface Answer {
    summary: ClusterSummary;
    /** The Nimbus that leads, as seen from the container of the one that answered; undefined: none leads. */
    leader: NimbusAt | undefined;
}

/** Asks, from the container of each Nimbus, the addresses by which a client there finds Nimbus; undefined: none answers. */
export async function answerOf(
    machines: Machine[],
    { nimbusSeeds, nimbusPort, security }: Outputs,
): Promise<Answer | undefined> {
    const tls = security === "tls" ? stormPem : undefined;
    for (const { ssh, containers } of machines) {
        for (const { container } of containers.filter(({ daemon }) => daemon.startsWith("nimbus-"))) {
            for (const address of nimbusSeeds) {
                const connect = connectFrom({ container, ssh });
                const summary = await clusterSummary(connect, address, nimbusPort, tls).catch(() => undefined);
                if (summary) {
                    const leading = summary.nimbuses.find(({ leader }) => leader);
                    const { host = "", port = 0 } = leading ?? {};
                    return { summary, leader: leading && { connect: byTls(connect, tls), address: host, port } };
                }
            }
        }
    }
    return undefined;
}

/** The state of a cluster, as {@link answerOf} asks for it; undefined: no Nimbus answers. */
export async function summaryOf(machines: Machine[], outputs: Outputs): Promise<ClusterSummary | undefined> {
    return (await answerOf(machines, outputs))?.summary;
}

/** The slots of a cluster that are used, and how many there are: `2 of 4`. */
export function usedSlots({ supervisors }: ClusterSummary): string {
    const used = supervisors.reduce((total, supervisor) => total + supervisor.usedSlots, 0);
    const slots = supervisors.reduce((total, supervisor) => total + supervisor.slots, 0);
    return `${used} of ${slots}`;
}

/** What explains, in the log of a container, why it has ended: a few lines of its output, and of its daemon's log file. */
export async function explanationOf({ container, daemon }: Container, { ssh }: Machine): Promise<string[]> {
    const ofOutput = 'docker logs --tail 200 "$0" 2>&1';
    // Unlike exec, cp works on a container that is not running.
    const ofFile = 'docker cp "$0:$1" - 2>/dev/null | tar -xOf - 2>/dev/null | tail -n 500';
    const file = `/logs/${daemon.replace(/-\d+$/, "")}.log`;
    const [output, log] = await Promise.all(
        [ofOutput, ofFile].map((command) =>
            run(ssh, ["sh", "-c", command, container, file]).then(String, (error: Error) => error.message),
        ),
    );
    return explaining(output ?? "", log ?? "");
}

/**
 * The lines that explain why a daemon has ended: the last errors, or else the last line of the output.
 * @param output What its process has printed.
 * @param log The end of its log file; empty: it has none.
 */
export function explaining(output: string, log: string): string[] {
    const printed = linesOf(output);
    const errors = [errorsIn(printed), errorsIn(linesOf(log))].flat();
    return (errors.length > 0 ? errors : printed.slice(-1)).map((line) =>
        line.length > longest ? `${line.slice(0, longest)}...` : line,
    );
}

/** Characters of a line of a log that are shown. */
const longest = 200;

/** The lines of a log, without the command line that Storm prints first, and without the frames of stack traces. */
function linesOf(text: string): string[] {
    return text
        .split("\n")
        .filter((line) => line.trim() !== "" && !/^Running: |^\s+at |^\s*\.\.\. \d+ more/.test(line))
        .map((line) => line.trim());
}

/** The last two errors. */
function errorsIn(lines: string[]): string[] {
    const errors = lines.filter(
        (line) =>
            /ERROR|FATAL|Exception|Error\b|Killed|No space left/.test(line) && !/\b(INFO|DEBUG|WARN)\b/.test(line),
    );
    return errors.slice(-2);
}

type Line =
    | { now: number }
    | { id: string; says: string }
    | { id: string; event: string; exitCode: string }
    | { id: string; daemon: string; container: string; restarts: number; state: State };

interface State {
    Status: string;
    ExitCode: number;
    OOMKilled: boolean;
    StartedAt: string;
}

/** The containers that containers.sh has printed. */
export function parseContainers(printed: string): Container[] {
    const lines = printed
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Line);
    const now = lines.reduce((found, line) => ("now" in line ? line.now : found), 0);
    const says = new Map(lines.flatMap((line) => ("says" in line ? [[line.id, line.says] as const] : [])));
    return lines
        .flatMap((line) => ("state" in line ? [line] : []))
        .map(({ id, daemon, container, restarts, state }) => {
            const { Status: status, ExitCode: exitCode, OOMKilled: outOfMemory, StartedAt: started } = state;
            const events = lines.flatMap((line) => ("event" in line && line.id === id ? [line] : []));
            // Docker says 0 of a container that runs.
            const ending = status === "running" ? lastEnding(events) : { exitCode, outOfMemory };
            return {
                ...{ daemon, container: container.replace(/^\//, ""), says: says.get(id) ?? status, status, restarts },
                ...{ seconds: now - Date.parse(started) / 1000, ...(ending && { ending }) },
            };
        })
        .sort((one, other) => naturally(one.daemon, other.daemon));
}

/** Exit code of a process that was killed by SIGKILL, as it is when memory runs out. */
const killed = 137;

function lastEnding(events: { event: string; exitCode: string }[]): Container["ending"] {
    const last = events.map(({ event }) => event).lastIndexOf("die");
    if (last < 0) {
        return undefined;
    }
    const exitCode = Number(events[last]?.exitCode);
    // Memory that runs out may have killed another process in the container: a supervisor's worker.
    return { exitCode, outOfMemory: exitCode === killed && events[last - 1]?.event === "oom" };
}
