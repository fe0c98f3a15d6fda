/** What `make status` prints. */
import { parseDaemonName } from "../components/daemonRef";
import type { ClusterSummary } from "../provider/nimbus/client";
import type { Alert } from "./alerts";
import { type Container, type Machine, type Outputs, usedSlots } from "./containers";
import { type Daemon, naturally } from "./wiring";

/** A stack as it was found. */
export interface Found {
    cluster: string;
    outputs: Outputs;
    machines: Machine[];
    /** The daemons that the stack has created. */
    expected: Pick<Daemon, "name" | "host">[];
    /** Lines of the logs of containers that have restarted, by the container's name. */
    logs: Record<string, string[]>;
    /** What Nimbus says; undefined: none answers. */
    summary: ClusterSummary | undefined;
    /** The alerts that fire; undefined, or left out: no Prometheus server of the stack's answers. */
    alerts?: Alert[] | undefined;
}

/** Seconds for which a restart is recent. */
const recentSeconds = 300;

/** How often a container that runs may have restarted, the last time recently. */
const fewRestarts = 3;

/** Whether a container restarts just now, or has restarted by itself in the last 5 minutes. */
export function hasRestarted({ status, restarts, seconds }: Container): boolean {
    return status === "restarting" || (restarts > 0 && seconds < recentSeconds);
}

/** Whether a container will restart again, as far as one can tell. */
function keepsRestarting(container: Container): boolean {
    return container.status === "restarting" || (container.restarts >= fewRestarts && hasRestarted(container));
}

/** The lines that `make status` prints, and whether all daemons run and a Nimbus answers. */
export function report(found: Found): { lines: string[]; isWell: boolean } {
    const { cluster, outputs, summary } = found;
    const problems = problemsOf(found);
    const lines = [
        `Storm ${outputs.stormVersion}, cluster ${cluster}`,
        `  ZooKeeper    ${outputs.zookeeperServers.join(" ")}`,
        ...(outputs.certificatesExpire
            ? [
                  `  certificates until ${outputs.certificatesExpire.slice(0, 10)}, and \`make up\` renews them before, or says why not`,
              ]
            : []),
        `  Nimbus       ${outputs.nimbusSeeds.map((address) => `${address}:${outputs.nimbusPort}`).join(" ")}`,
        `  supervisors  ${outputs.supervisors.join(" ")}`,
        `  UI           ${page(outputs.uiUrl, outputs.uiTunnel)}`,
        ...(hasPrometheus(outputs) ? [`  Prometheus   ${page(outputs.prometheusUrl, outputs.prometheusTunnel)}`] : []),
        ...(hasGrafana(outputs) ? [`  Grafana      ${page(outputs.grafanaUrl, outputs.grafanaTunnel)}`] : []),
        "",
        ...daemonLines(found),
        "",
        ...(summary ? summaryLines(summary) : []),
        ...problems.map((problem) => `  ${problem}`),
    ];
    return { lines, isWell: problems.length === 0 };
}

/** Where a browser finds a page. */
function page(url: string | undefined, tunnel: string | undefined): string {
    return url ?? (tunnel ? `on this machine, as long as this runs: ${tunnel}` : "none");
}

function hasPrometheus({ prometheusUrl, prometheusTunnel }: Outputs): boolean {
    return prometheusUrl !== undefined || prometheusTunnel !== undefined;
}

function hasGrafana({ grafanaUrl, grafanaTunnel }: Outputs): boolean {
    return grafanaUrl !== undefined || grafanaTunnel !== undefined;
}

function daemonLines({ outputs, machines, logs }: Found): string[] {
    const lost = Object.entries(outputs.hosts ?? {}).filter(([, host]) => host.lost);
    const lines = machines
        .flatMap(({ name, containers }) => containers.map((container) => ({ name, container })))
        .sort((one, other) => naturally(one.container.daemon, other.container.daemon))
        .flatMap(({ name, container }) => [
            `  ${container.daemon.padEnd(16)} ${name ? `on ${name}, ` : ""}${stateOf(container)}`,
            ...(logs[container.container] ?? []).map((line) => `      log: ${line}`),
        ]);
    return [...lines, ...lost.map(([name, { daemons }]) => `  ${name} is lost, with ${daemons.join(", ")}`)];
}

function stateOf({ says, restarts, ending }: Container): string {
    const times = restarts === 1 ? "once" : `${restarts} times`;
    const notes = [
        ...(restarts > 0 ? [`restarted ${times} by itself`] : []),
        ...(restarts > 0 && ending ? [`last exit code ${ending.exitCode}`] : []),
        ...(ending?.outOfMemory ? ["out of memory"] : []),
    ];
    return notes.length > 0 ? `${says}; ${notes.join(", ")}` : says;
}

function summaryLines(summary: ClusterSummary): string[] {
    const { nimbuses, supervisors, topologies } = summary;
    return [
        `  leader       ${nimbuses.find(({ leader }) => leader)?.host ?? "none"}`,
        `  slots        ${usedSlots(summary)} used, on ${supervisors.length} supervisors`,
        ...(topologies.length ? topologies : [undefined]).map(
            (topology) =>
                `  topology     ${topology ? `${topology.name} ${topology.status}, ${topology.workers} workers` : "none"}`,
        ),
    ];
}

/** A line for each thing that is wrong, and what to do. */
function problemsOf({ outputs, machines, expected, summary, alerts }: Found): string[] {
    const asked = machines.filter(({ problem }) => problem === undefined);
    const containers = asked.flatMap(({ name, containers }) => containers.map((container) => ({ name, container })));
    const missing = expected.filter(
        ({ name, host }) =>
            asked.some((machine) => machine.name === host) &&
            !containers.some((each) => each.container.daemon === name && (isAlone(name, host) || each.name === host)),
    );
    return [
        ...machines.flatMap(({ name, problem }) =>
            problem === undefined ? [] : [`${name ?? "Docker"} does not answer: ${problem}`],
        ),
        ...missing.map(({ name, host }) => `${whole(name, host)} has no container: make up creates it again`),
        ...containers.flatMap(({ name, container }) => {
            const { daemon } = container;
            if (keepsRestarting(container)) {
                const logs = `D=${daemon}${isAlone(daemon, name) ? "" : ` ON=${name}`}`;
                return [`${whole(daemon, name)} keeps restarting: make logs ${logs}`];
            }
            return container.status === "running"
                ? []
                : [`${whole(daemon, name)} does not run: make up starts it again`];
        }),
        ...(summary ? [] : ["No Nimbus answers: make logs D=nimbus-1"]),
        ...(hasPrometheus(outputs) && !alerts ? ["Prometheus does not answer: make logs D=prometheus"] : []),
        ...(alerts ?? []).map(({ name, summary, runbook }) => `${name}: ${summary} ${runbook}`),
    ];
}

/** Whether no other machine can have one of that name, such as a reverse proxy each. */
function isAlone(daemon: string, machine: string | undefined): boolean {
    return machine === undefined || parseDaemonName(daemon) !== undefined;
}

/** A daemon, with its machine if others may have one of that name. */
function whole(daemon: string, machine: string | undefined): string {
    return isAlone(daemon, machine) ? daemon : `${daemon} on ${machine}`;
}
