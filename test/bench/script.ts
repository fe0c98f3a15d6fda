/** A plain cluster as a person would script it: by `docker` commands, daemons of one kind side by side. */
import { check } from "../../provider/kinds/check";
import { run } from "../../provider/machines/command";
import { watched } from "../../provider/machines/watched";
import { waitUntil } from "../../provider/waiting";
import { docker } from "../e2e/stack";
import type { PlainCluster, PlainDaemon } from "./plain";

/** The network's name, the first part of all others, and the value of the label by which they are removed. */
const cluster = "storm-bench-script";
const label = ["--label", `storm.cluster=${cluster}`];

/** A daemon has so many seconds to become ready. */
const readySeconds = 180;

export class ScriptedCluster {
    constructor(private readonly plain: PlainCluster) {
        // What a run that was killed has left.
        this.remove();
    }

    /** Makes it, from nothing until all of it is ready. */
    async up(): Promise<void> {
        const { subnet, gateway, ipRange, tiers } = this.plain;
        const network = ["--driver", "bridge", "--subnet", subnet, "--gateway", gateway, "--ip-range", ipRange];
        await run(undefined, ["docker", "network", "create", ...network, ...label, cluster]);
        for (const { volume } of tiers.flat().flatMap(({ mounts }) => mounts)) {
            await run(undefined, ["docker", "volume", "create", ...label, `${cluster}-${volume}`]);
        }
        for (const daemons of tiers) {
            await Promise.all(daemons.map(start));
            await Promise.all(daemons.map(ready));
        }
    }

    /** Removes containers, volumes and network, whatever of them is there. */
    remove(): void {
        const filter = ["--quiet", "--filter", `label=storm.cluster=${cluster}`];
        const removeAll = (list: string[], removal: string[]) => {
            const found = docker(...list, ...filter)
                .split("\n")
                .filter(Boolean);
            if (found.length > 0) {
                docker(...removal, ...found);
            }
        };
        removeAll(["ps", "--all"], ["rm", "--force", "--volumes"]);
        removeAll(["volume", "ls"], ["volume", "rm"]);
        removeAll(["network", "ls"], ["network", "rm"]);
    }
}

async function start(daemon: PlainDaemon): Promise<void> {
    if (daemon.stormYaml === undefined) {
        await run(undefined, ["docker", "run", "--detach", ...argumentsOf(daemon)]);
        return;
    }
    await run(undefined, ["docker", "create", ...argumentsOf(daemon)]);
    await run(undefined, ["docker", "cp", daemon.stormYaml, `${cluster}-${daemon.name}:/conf/storm.yaml`]);
    await run(undefined, ["docker", "start", `${cluster}-${daemon.name}`]);
}

/** Waits as the program's gate does: by the same check, as often. */
async function ready({ name, check: wanted }: PlainDaemon): Promise<void> {
    const container = `${cluster}-${name}`;
    const lacking = await waitUntil(container, () => check(wanted, watched({ container })), { seconds: readySeconds });
    if (lacking !== undefined) {
        throw new Error(`${container} was not ready within ${readySeconds} s: ${lacking}`);
    }
}

/** Arguments of `docker create`, or of `docker run`. */
function argumentsOf({ name, config, hostConfig, address, mounts }: PlainDaemon): string[] {
    const each = (option: string, values: string[]) => values.flatMap((value) => [option, value]);
    return [
        ...["--name", `${cluster}-${name}`, "--hostname", config.Hostname, ...label, "--label", `storm.daemon=${name}`],
        ...["--network", cluster, "--ip", address, "--network-alias", name],
        ...each(
            "--volume",
            mounts.map(({ volume, target }) => `${cluster}-${volume}:${target}`),
        ),
        ...each("--env", config.Env),
        ...[
            "--user",
            config.User,
            "--restart",
            hostConfig.RestartPolicy.Name,
            "--stop-timeout",
            String(config.StopTimeout),
        ],
        ...["--memory", String(hostConfig.Memory), "--memory-swap", String(hostConfig.MemorySwap)],
        ...["--log-driver", hostConfig.LogConfig.Type],
        ...each(
            "--log-opt",
            Object.entries(hostConfig.LogConfig.Config).map(([key, value]) => `${key}=${value}`),
        ),
        ...each("--cap-drop", hostConfig.CapDrop),
        ...each("--security-opt", hostConfig.SecurityOpt),
        ...(hostConfig.Init ? ["--init"] : []),
        ...[config.Image, ...config.Cmd],
    ];
}
