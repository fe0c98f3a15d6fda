/**
 * The containers of a stack on this machine, made by plain `docker` commands, as a script would make them: the same ones under
 * other names, with the same addresses, so that the two are never there at once.
 */
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { run } from "../../provider/machines/command";
import { ageOf, connectFrom } from "../../provider/machines/container";
import { missingAfter } from "../../provider/waiting";
import { check } from "../../provider/kinds/check";
import type { ReadyCheck } from "../../provider/schema";
import { docker, type TestStack } from "../e2e/stack";

/** The network's name, the first part of all others, and the value of the label by which they are removed. */
const cluster = "storm-bench-plain";
const label = ["--label", `storm.cluster=${cluster}`];

/** A daemon has so many seconds to become ready. */
const readySeconds = 180;

interface PlainDaemon {
    container: string;
    /** Names of its volumes. */
    volumes: string[];
    /** Arguments of `docker create`, or of `docker run`. */
    args: string[];
    /** A file to put at /conf/storm.yaml before it starts, if any. */
    stormYaml?: string;
    /** When it is ready. */
    check: ReadyCheck;
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
    NetworkSettings: { Networks: Record<string, { IPAMConfig: { IPv4Address: string }; Aliases: string[] }> };
}

/** A cluster as a person would script it. */
export class PlainCluster {
    private constructor(
        private readonly folder: string,
        private readonly networkArgs: string[],
        private readonly daemons: PlainDaemon[],
    ) {}

    /** Learns from a stack that is up, and is to be removed before this one is brought up. */
    static async like(stack: TestStack): Promise<PlainCluster> {
        const exported = (await stack.pulumi("stack", "export")).output;
        const { resources } = (JSON.parse(exported) as { deployment: { resources: { type: string; inputs: unknown }[] } }).deployment;
        const gates = resources.filter(({ type }) => type === "storm:index:Ready");
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-bench-"));
        const daemons = gates.map(({ inputs }) => {
            const { daemon, container, check } = inputs as { daemon: string; container: string; check: ReadyCheck };
            return { ...likewise(container, daemon, stack.cluster, folder), check };
        });
        const ipam = docker("network", "inspect", "--format", "{{json (index .IPAM.Config 0)}}", stack.cluster);
        const { Subnet, Gateway, IPRange } = JSON.parse(ipam) as Record<"Subnet" | "Gateway" | "IPRange", string>;
        const plain = new PlainCluster(folder, ["--subnet", Subnet, "--gateway", Gateway, "--ip-range", IPRange], daemons);
        // What a run that was killed has left.
        plain.down();
        return plain;
    }

    /** Makes it, from nothing until all of it is ready. */
    async up(): Promise<void> {
        const of = (kind: string) => this.daemons.filter(({ container }) => container.startsWith(`${cluster}-${kind}-`));
        await run(undefined, ["docker", "network", "create", "--driver", "bridge", ...this.networkArgs, ...label, cluster]);
        for (const volume of this.daemons.flatMap(({ volumes }) => volumes)) {
            await run(undefined, ["docker", "volume", "create", ...label, volume]);
        }
        for (const daemons of [of("zookeeper"), of("nimbus"), of("supervisor")]) {
            await Promise.all(daemons.map(start));
            await Promise.all(daemons.map(ready));
        }
    }

    /** Removes containers, volumes and network, whatever of them is there. */
    down(): void {
        const filter = ["--quiet", "--filter", `label=storm.cluster=${cluster}`];
        const remove = (list: string[], removal: string[]) => {
            const found = docker(...list, ...filter).split("\n").filter(Boolean);
            if (found.length > 0) {
                docker(...removal, ...found);
            }
        };
        remove(["ps", "--all"], ["rm", "--force", "--volumes"]);
        remove(["volume", "ls"], ["volume", "rm"]);
        remove(["network", "ls"], ["network", "rm"]);
    }

    /** Removes it, and what was learnt of it. */
    forget(): void {
        this.down();
        fs.rmSync(this.folder, { recursive: true });
    }
}

/** Derives, from a container of a stack, the plain one. */
function likewise(container: string, daemon: string, stackCluster: string, folder: string): Omit<PlainDaemon, "check"> {
    const [{ Config, HostConfig, NetworkSettings }] = JSON.parse(docker("inspect", container)) as [Inspected];
    const network = NetworkSettings.Networks[stackCluster];
    if (!network) {
        throw new Error(`${container} is not on the network ${stackCluster}`);
    }
    const name = `${cluster}-${daemon}`;
    const binds = HostConfig.Binds.map((bind) => bind.replace(stackCluster, cluster));
    const each = (option: string, values: string[]) => values.flatMap((value) => [option, value]);
    const args = [
        ...["--name", name, "--hostname", Config.Hostname, ...label, "--label", `storm.daemon=${daemon}`],
        ...["--network", cluster, "--ip", network.IPAMConfig.IPv4Address, "--network-alias", daemon],
        ...each("--volume", binds),
        ...each("--env", Config.Env),
        ...["--user", Config.User, "--restart", HostConfig.RestartPolicy.Name, "--stop-timeout", String(Config.StopTimeout)],
        ...["--memory", String(HostConfig.Memory), "--memory-swap", String(HostConfig.MemorySwap)],
        ...["--log-driver", HostConfig.LogConfig.Type],
        ...each("--log-opt", Object.entries(HostConfig.LogConfig.Config).map(([key, value]) => `${key}=${value}`)),
        ...each("--cap-drop", HostConfig.CapDrop),
        ...each("--security-opt", HostConfig.SecurityOpt),
        ...(HostConfig.Init ? ["--init"] : []),
        ...[Config.Image, ...Config.Cmd],
    ];
    const volumes = binds.map((bind) => bind.slice(0, bind.indexOf(":")));
    if (daemon.startsWith("zookeeper-")) {
        return { container: name, volumes, args };
    }
    const stormYaml = path.join(folder, `${daemon}.yaml`);
    docker("cp", `${container}:/conf/storm.yaml`, stormYaml);
    return { container: name, volumes, args, stormYaml };
}

async function start({ container, args, stormYaml }: PlainDaemon): Promise<void> {
    if (stormYaml === undefined) {
        await run(undefined, ["docker", "run", "--detach", ...args]);
        return;
    }
    await run(undefined, ["docker", "create", ...args]);
    await run(undefined, ["docker", "cp", stormYaml, `${container}:/conf/storm.yaml`]);
    await run(undefined, ["docker", "start", container]);
}

/** Waits as the program's gate does: by the same check, as often. */
async function ready({ container, check: wanted }: PlainDaemon): Promise<void> {
    const probe = { connect: connectFrom({ container }), age: () => ageOf({ container }) };
    const lacking = await missingAfter(container, () => check(wanted, probe), { seconds: readySeconds });
    if (lacking !== undefined) {
        throw new Error(`${container} was not ready within ${readySeconds} s: ${lacking}`);
    }
}
