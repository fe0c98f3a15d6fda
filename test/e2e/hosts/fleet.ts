/** What the tests of the target `hosts` have in common: what runs on a lab's hosts, and what it does. */
import { ports } from "../../../components/storm/spec/ports";
import { connectFrom } from "../../../provider/machines/container";
import { type ClusterSummary, clusterSummary } from "../../../provider/nimbus/client";
import type { Lab, LabHost } from "../../lab/lab";
import { answered } from "../stack";
import { wordsCounted, workerLogs } from "../wordcount";

export const heap = { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 128 };

/** As {@link containersOn} names the node exporter of a host. */
export const nodeExporterOn = (host: string) => `node-exporter on ${host}`;

/** As {@link containersOn} names the reverse proxy of a host. */
export const reverseProxyOn = (host: string) => `reverse-proxy on ${host}`;

/** What each host has one of. */
const onEachHost: Record<string, (host: string) => string> = {
    "node-exporter": nodeExporterOn,
    "reverse-proxy": reverseProxyOn,
};

/** Ids of a cluster's containers by daemon, on those hosts that have power and a Docker that works. */
export async function containersOn(lab: Lab, cluster: string): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const [name, host] of Object.entries(lab.hosts).filter(([, { isOn }]) => isOn)) {
        const list = `docker ps --all --filter label=storm.cluster=${cluster} --format '{{.Label "storm.daemon"}} {{.ID}}'`;
        const listed = await host.exec(`${list} 2>/dev/null || true`);
        for (const line of listed.split("\n").filter(Boolean)) {
            const [daemon = "", id = ""] = line.split(" ");
            found[onEachHost[daemon]?.(name) ?? daemon] = id;
        }
    }
    return found;
}

/** What a Nimbus says of its cluster. */
export function summaryBy(
    nimbus: LabHost,
    cluster: string,
    daemon = "nimbus-1",
    { address = nimbus.address, port = ports.nimbus }: { address?: string; port?: number } = {},
): Promise<ClusterSummary> {
    const connect = connectFrom({ container: `${cluster}-${daemon}`, ssh: nimbus.shell });
    return answered(() => clusterSummary(connect, address, port));
}

/** What Prometheus on a Nimbus's host says of its targets: their labels, and whether they are up. */
export async function targetsBy(
    nimbus: LabHost,
    cluster: string,
): Promise<{ job: string; daemon: string; machine?: string; isUp: boolean }[]> {
    const url = `http://${nimbus.address}:${ports.prometheus}/api/v1/query?query=up`;
    // A server that has just started does not answer yet.
    const said = await answered(() => nimbus.exec(`docker exec ${cluster}-prometheus wget -q -O - '${url}'`));
    type Up = { metric: { job: string; daemon: string; machine?: string }; value: [number, string] };
    const { data } = JSON.parse(said) as { data: { result: Up[] } };
    return data.result.map(({ metric, value: [, is] }) => ({ ...metric, isUp: is === "1" }));
}

/** The words that a host's workers have counted. */
export async function counted(host: LabHost, container: string): Promise<number> {
    return wordsCounted(await host.exec(`docker exec ${container} bash -c '${workerLogs}'`));
}

/** Whether a host has a TCP connection to another's port. */
export async function isConnected(from: LabHost, to: LabHost, port: number): Promise<boolean> {
    const address = to.address
        .split(".")
        .reverse()
        .map((byte) => Number(byte).toString(16).padStart(2, "0"))
        .join("");
    const remote = `${address}:${port.toString(16).padStart(4, "0")} 01`.toUpperCase();
    return (await from.exec("cat /proc/net/tcp /proc/net/tcp6")).toUpperCase().includes(remote);
}

/** Whether a host can connect to another's port. */
export async function reaches(from: LabHost, to: LabHost, port: number): Promise<boolean> {
    const answer = await from.exec(
        `timeout 5 bash -c 'exec 3<>/dev/tcp/${to.address}/${port}' 2>/dev/null && echo yes || echo no`,
    );
    return answer === "yes";
}
