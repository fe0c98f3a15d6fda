/**
 * Prints a stack's addresses, its daemons, who leads, slots and topologies: `status.ts <cluster>`, with the stack's
 * outputs as JSON on standard input.
 */
import { execFileSync } from "child_process";
import * as fs from "fs";
import { commandLine } from "../provider/machines/shell";
import { connectFrom } from "../provider/machines/container";
import { type ClusterSummary, clusterSummary } from "../provider/nimbus/client";

interface Outputs {
    zookeeperServers: string[];
    nimbusSeeds: string[];
    nimbusPort: number;
    supervisors: string[];
    uiUrl?: string;
    /** On `aws` alone. */
    uiTunnel?: string;
    stormVersion: string;
    /** Absent on `local`. */
    hosts?: Record<string, { address: string; daemons: string[]; ssh: string }>;
}

/** The command that runs a shell command line, as its last argument, on a host. */
function remote(ssh: string): string[] {
    return ["sh", "-c", `${ssh} "$1"`, "sh"];
}

/** A line for each container of the cluster on one machine. */
function containers(cluster: string, name?: string, ssh?: string): string[] {
    const words = [
        "docker",
        "ps",
        "--all",
        "--filter",
        `label=storm.cluster=${cluster}`,
        "--format",
        '{{.Label "storm.daemon"}}\t{{.Status}}',
    ];
    const [command = "", ...args] = ssh ? [...remote(ssh), commandLine(words)] : words;
    const on = name ? `on ${name}, ` : "";
    try {
        return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
            .split("\n")
            .filter(Boolean)
            .map((line) => line.split("\t"))
            .map(([daemon = "", status = ""]) => `${daemon.padEnd(16)} ${on}${status}`);
    } catch (error) {
        return [`${name ?? "Docker"} does not answer: ${String((error as { stderr?: string }).stderr).trim()}`];
    }
}

/** Asks, from the container of each Nimbus, what a client there finds Nimbus by. */
async function summary(cluster: string, nimbuses: string[], outputs: Outputs): Promise<ClusterSummary | undefined> {
    const { nimbusSeeds, nimbusPort, hosts = {} } = outputs;
    for (const daemon of nimbuses) {
        const host = Object.values(hosts).find(({ daemons }) => daemons.includes(daemon));
        const connect = connectFrom({ container: `${cluster}-${daemon}`, ...(host && { ssh: remote(host.ssh) }) });
        for (const address of nimbusSeeds) {
            const answer = await clusterSummary(connect, address, nimbusPort).catch(() => undefined);
            if (answer) {
                return answer;
            }
        }
    }
    return undefined;
}

async function main(cluster: string): Promise<void> {
    const outputs = JSON.parse(fs.readFileSync(0, "utf8")) as Partial<Outputs>;
    if (!outputs.nimbusSeeds) {
        console.log(`The cluster ${cluster} is not there. \`make up\` makes it.`);
        return;
    }
    const there = outputs as Outputs;
    const daemons = there.hosts
        ? Object.entries(there.hosts).flatMap(([name, { ssh }]) => containers(cluster, name, ssh))
        : containers(cluster);
    const lines = [
        `Storm ${there.stormVersion}, cluster ${cluster}`,
        `  ZooKeeper    ${there.zookeeperServers.join(" ")}`,
        `  Nimbus       ${there.nimbusSeeds.map((address) => `${address}:${there.nimbusPort}`).join(" ")}`,
        `  supervisors  ${there.supervisors.join(" ")}`,
        `  UI           ${there.uiUrl ?? (there.uiTunnel ? `on this machine, as long as this runs: ${there.uiTunnel}` : "none")}`,
        "",
        ...daemons.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).map((line) => `  ${line}`),
        "",
    ];
    const nimbuses = daemons.flatMap((line) => /^nimbus-\d+/.exec(line) ?? []);
    const state = await summary(cluster, nimbuses, there);
    if (state) {
        const used = state.supervisors.reduce((total, { usedSlots }) => total + usedSlots, 0);
        const slots = state.supervisors.reduce((total, supervisor) => total + supervisor.slots, 0);
        lines.push(
            `  leader       ${state.nimbuses.find(({ leader }) => leader)?.host ?? "none"}`,
            `  slots        ${used} of ${slots} used, on ${state.supervisors.length} supervisors`,
            ...(state.topologies.length ? state.topologies : [undefined]).map(
                (topology) =>
                    `  topology     ${topology ? `${topology.name} ${topology.status}, ${topology.workers} workers` : "none"}`,
            ),
        );
    } else {
        lines.push("  No Nimbus answers: make logs D=nimbus-1");
        process.exitCode = 1;
    }
    console.log(lines.join("\n"));
}

void main(process.argv[2] ?? "");
