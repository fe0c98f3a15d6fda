/**
 * Prints a stack's addresses, its daemons, who leads, slots and topologies: `status.ts <cluster>`, with the stack's
 * outputs as JSON on standard input.
 */
import { execFileSync } from "child_process";
import * as fs from "fs";
import { ports } from "../components/storm/ports";
import { dialFrom } from "../components/storm/ready/container";
import { type ClusterSummary, clusterSummary } from "../components/storm/ready/nimbusClient";

interface Outputs {
    zookeeperServers: string[];
    nimbusSeeds: string[];
    supervisors: string[];
    uiUrl?: string;
    stormVersion: string;
}

function containers(cluster: string): { daemon: string; status: string }[] {
    const format = '{{.Label "storm.daemon"}}\t{{.Status}}';
    const filter = `label=storm.cluster=${cluster}`;
    const lines = execFileSync("docker", ["ps", "--all", "--filter", filter, "--format", format], { encoding: "utf8" });
    return lines
        .split("\n")
        .filter(Boolean)
        .map((line) => line.split("\t"))
        .map(([daemon = "", status = ""]) => ({ daemon, status }))
        .sort((a, b) => a.daemon.localeCompare(b.daemon, "en", { numeric: true }));
}

async function summary(cluster: string, { nimbusSeeds }: Outputs): Promise<ClusterSummary | undefined> {
    for (const [index, address] of nimbusSeeds.entries()) {
        const dial = dialFrom(`${cluster}-nimbus-${index + 1}`);
        const answer = await clusterSummary(dial, address, ports.nimbus).catch(() => undefined);
        if (answer) {
            return answer;
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
    const lines = [
        `Storm ${there.stormVersion}, cluster ${cluster}`,
        `  ZooKeeper    ${there.zookeeperServers.join(" ")}`,
        `  Nimbus       ${there.nimbusSeeds.map((address) => `${address}:${ports.nimbus}`).join(" ")}`,
        `  supervisors  ${there.supervisors.join(" ")}`,
        `  UI           ${there.uiUrl ?? "none"}`,
        "",
        ...containers(cluster).map(({ daemon, status }) => `  ${daemon.padEnd(16)} ${status}`),
        "",
    ];
    const state = await summary(cluster, there);
    if (state) {
        const used = state.supervisors.reduce((total, { usedSlots }) => total + usedSlots, 0);
        const slots = state.supervisors.reduce((total, supervisor) => total + supervisor.slots, 0);
        lines.push(
            `  leader       ${state.nimbuses.find(({ leader }) => leader)?.host ?? "none"}`,
            `  slots        ${used} of ${slots} used, on ${state.supervisors.length} supervisors`,
            ...(state.topologies.length ? state.topologies : [undefined]).map(
                (topology) => `  topology     ${topology ? `${topology.name} ${topology.status}, ${topology.workers} workers` : "none"}`,
            ),
        );
    } else {
        lines.push("  No Nimbus answers: make logs D=nimbus-1");
        process.exitCode = 1;
    }
    console.log(lines.join("\n"));
}

void main(process.argv[2] ?? "");
