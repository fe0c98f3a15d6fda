/**
 * A plain cluster by `docker-compose`, as a user without Pulumi would have it: what a daemon needs is healthy before it is made, and
 * the cluster is up when all are healthy.
 */
import * as fs from "fs";
import * as path from "path";
import { run } from "../../provider/machines/command";
import { thriftCall } from "../../provider/nimbus/thrift";
import type { ReadyCheck } from "../../provider/schema";
import { waitUntil } from "../../provider/waiting";
import { docker } from "../e2e/stack";
import type { PlainCluster, PlainDaemon } from "./plain";

const project = "storm-bench-compose";

/** All daemons together have so many seconds to become healthy. */
const healthySeconds = 180;

export class ComposedCluster {
    private readonly file: string;

    constructor(private readonly plain: PlainCluster) {
        this.file = path.join(plain.folder, "docker-compose.yml");
        // Which is YAML too. A dollar sign would be a variable's.
        fs.writeFileSync(this.file, JSON.stringify(composeFile(plain), undefined, 4).replaceAll("$", "$$$$"));
    }

    /**
     * Makes it, from nothing until all of it is healthy. Compose 1.29, Debian 12's, has no `up --wait`: it waits for what others depend
     * on, and for the rest this asks as often as version 2 does.
     */
    async up(): Promise<void> {
        await this.compose("up", "--detach");
        const containers = this.plain.tiers.flat().map(({ name }) => `${project}-${name}`);
        const look = async () => {
            const states = docker("inspect", "--format", "{{.Name}} {{.State.Health.Status}}", ...containers).split(
                "\n",
            );
            return states.find((state) => !state.endsWith(" healthy"));
        };
        const unhealthy = await waitUntil("health checks", look, { seconds: healthySeconds });
        if (unhealthy !== undefined) {
            throw new Error(`not healthy within ${healthySeconds} s: ${unhealthy}`);
        }
    }

    /** Removes containers, volumes and network, whatever of them is there. */
    async remove(): Promise<void> {
        await this.compose("down", "--volumes", "--timeout", "0");
    }

    private async compose(...args: string[]): Promise<void> {
        await run(undefined, ["docker-compose", "--project-name", project, "--file", this.file, ...args], {
            seconds: healthySeconds,
        });
    }
}

/** @returns As the Compose specification has it. */
function composeFile({ subnet, gateway, ipRange, tiers }: PlainCluster): object {
    const services = tiers.flatMap((daemons, tier) =>
        daemons.map((daemon) => [daemon.name, serviceOf(daemon, tiers[tier - 1] ?? [])]),
    );
    const volumes = tiers.flat().flatMap(({ mounts }) => mounts.map(({ volume }) => [volume, {}]));
    return {
        services: Object.fromEntries(services) as object,
        volumes: Object.fromEntries(volumes) as object,
        networks: { default: { driver: "bridge", ipam: { config: [{ subnet, gateway, ip_range: ipRange }] } } },
    };
}

function serviceOf(
    { name, config, hostConfig, address, mounts, stormYaml, check }: PlainDaemon,
    before: PlainDaemon[],
): object {
    const volumes = mounts.map(({ volume, target }) => `${volume}:${target}`);
    return {
        container_name: `${project}-${name}`,
        image: config.Image,
        command: config.Cmd,
        hostname: config.Hostname,
        environment: config.Env,
        user: config.User,
        volumes: stormYaml === undefined ? volumes : [...volumes, `${stormYaml}:/conf/storm.yaml:ro`],
        networks: { default: { ipv4_address: address, aliases: [name] } },
        restart: hostConfig.RestartPolicy.Name,
        stop_grace_period: `${config.StopTimeout}s`,
        mem_limit: hostConfig.Memory,
        memswap_limit: hostConfig.MemorySwap,
        logging: { driver: hostConfig.LogConfig.Type, options: hostConfig.LogConfig.Config },
        cap_drop: hostConfig.CapDrop,
        security_opt: hostConfig.SecurityOpt,
        init: hostConfig.Init,
        depends_on: Object.fromEntries(
            before.map((daemon) => [daemon.name, { condition: "service_healthy" }]),
        ) as object,
        // Docker asks for the first time when an interval has passed. What fails until then is not counted in less than `retries`.
        healthcheck: {
            test: ["CMD", "bash", "-c", healthCheck(check)],
            interval: "1s",
            timeout: "5s",
            retries: healthySeconds,
        },
    };
}

/** What the program's gate waits for, as far as a line of bash can tell. */
function healthCheck(check: ReadyCheck): string {
    switch (check.kind) {
        case "zookeeper":
            return `exec 3<>/dev/tcp/${check.members[check.member]}/${check.port} && printf srvr >&3 && grep -q ^Mode: <&3`;
        case "nimbus":
            return knows(check.address, check.port, check.address);
        case "supervisor":
            return knows(check.nimbuses[0] as string, check.nimbusPort, check.address);
        case "port":
            return `exec 3<>/dev/tcp/${check.address}/${check.port}`;
        case "http":
            return `wget -q -O /dev/null ${check.url}`;
    }
}

/** Whether what a Nimbus says of its cluster, by Thrift, names an address. */
function knows(nimbus: string, port: number, address: string): string {
    return [
        `exec 3<>/dev/tcp/${nimbus}/${port} && printf ${thriftCall("getClusterInfo").toString("base64")} | base64 -d >&3 || exit`,
        "length=0",
        "for byte in $(head -c 4 <&3 | od -An -tu1); do length=$((length << 8 | byte)); done",
        `head -c $length <&3 | grep -qawF ${address}`,
    ].join("\n");
}
