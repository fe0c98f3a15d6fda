/**
 * What a stack's containers on this machine are, without Pulumi: script.ts and compose.ts make the same ones from this, under
 * other names and with the same addresses, so that no two of the three are up at once.
 */
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import type { ReadyCheck } from "../../provider/schema";
import { docker, type TestStack } from "../e2e/stack";

/** A daemon's container. */
export interface PlainDaemon {
    /** `nimbus-1`. */
    name: string;
    config: Inspected["Config"];
    hostConfig: Inspected["HostConfig"];
    address: string;
    /** Volumes, without their cluster's name, and where they are mounted: `nimbus-1-data`, `/data`. */
    mounts: { volume: string; target: string }[];
    /** A file of this machine that it has as /conf/storm.yaml, if any. */
    stormYaml?: string;
    /** When the program's gate lets pass. */
    check: ReadyCheck;
}

/** A cluster's containers, in tiers that start one after the other, and its network. */
export interface PlainCluster {
    subnet: string;
    gateway: string;
    ipRange: string;
    tiers: PlainDaemon[][];
    /** Where its files are. */
    folder: string;
}

/** What is used of a container's description by Docker. */
interface Inspected {
    Config: { Image: string; Cmd: string[]; Env: string[]; User: string; Hostname: string; StopTimeout: number };
    HostConfig: {
        Binds: string[];
        Memory: number;
        MemorySwap: number;
        RestartPolicy: { Name: string };
        LogConfig: { Type: string; Config: Record<string, string> };
        CapDrop: string[];
        SecurityOpt: string[];
        Init: boolean;
    };
    NetworkSettings: { Networks: Record<string, { IPAMConfig: { IPv4Address: string } }> };
}

/** Learns from a stack that is up, and is to be removed before another is brought up from this. */
export async function plainCluster(stack: TestStack): Promise<PlainCluster> {
    const exported = (await stack.pulumi("stack", "export")).output;
    const { resources } = (JSON.parse(exported) as { deployment: { resources: { type: string; inputs: unknown }[] } })
        .deployment;
    const gates = resources.filter(({ type }) => type.endsWith(":Ready"));
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-bench-"));
    const daemons = gates.map(({ inputs }) => {
        const { daemon, container, check } = inputs as { daemon: string; container: string; check: ReadyCheck };
        return { ...plainDaemon(daemon, container, stack.cluster, folder), check };
    });
    const ipam = docker("network", "inspect", "--format", "{{json (index .IPAM.Config 0)}}", stack.cluster);
    const { Subnet, Gateway, IPRange } = JSON.parse(ipam) as Record<"Subnet" | "Gateway" | "IPRange", string>;
    const tiers = ["zookeeper-", "nimbus-", "supervisor-"].map((kind) =>
        daemons.filter(({ name }) => name.startsWith(kind)),
    );
    return { subnet: Subnet, gateway: Gateway, ipRange: IPRange, tiers, folder };
}

function plainDaemon(name: string, container: string, cluster: string, folder: string): Omit<PlainDaemon, "check"> {
    const [{ Config, HostConfig, NetworkSettings }] = JSON.parse(docker("inspect", container)) as [Inspected];
    const network = NetworkSettings.Networks[cluster];
    if (!network) {
        throw new Error(`${container} is not on the network ${cluster}`);
    }
    const mounts = HostConfig.Binds.map((bind) => {
        const [volume = "", target = ""] = bind.split(":");
        return { volume: volume.replace(`${cluster}-`, ""), target };
    });
    const plain = { name, config: Config, hostConfig: HostConfig, address: network.IPAMConfig.IPv4Address, mounts };
    if (name.startsWith("zookeeper-")) {
        return plain;
    }
    const stormYaml = path.join(folder, `${name}.yaml`);
    docker("cp", `${container}:/conf/storm.yaml`, stormYaml);
    // Compose mounts it; Storm is not root in its container.
    fs.chmodSync(stormYaml, 0o644);
    return { ...plain, stormYaml };
}
