import * as fs from "fs";
import * as path from "path";
import * as pulumi from "@pulumi/pulumi";
import { certificatesFolder } from "../../provider/nimbus/tlsFiles";
import { Ready } from "../../provider/resources";
import type { Discovery } from "../discovery/discovery";
import type { Service } from "../discovery/service";
import { type Peer, wiringOf } from "../discovery/wiring";
import { hostContainer } from "../hosts/docker/hostContainer";
import { hostImage } from "../hosts/docker/hostImage";
import type { Host } from "../hosts/host";
import { ports } from "../storm/spec/ports";
import { monitoringMemory } from "./defaults";

/** Arguments of {@link Exporter}. */
export interface ExporterArgs {
    /** First part of the container's name. */
    clusterName: string;
    /** Where it runs: on the machine of a Nimbus. */
    host: Host;
    /** Image, with Python: any image of Storm. */
    image: string;
    /** The Nimbus daemons that it asks. */
    nimbus: Service;
    /** How it resolves them. */
    discovery: Discovery;
    /** Seconds that it has to become ready. */
    readySeconds: number;
    /**
     * What it asks Nimbus by: the PEM files at the paths of provider/nimbus/tlsFiles.ts, content by path.
     * @default Nimbus is asked in plain
     */
    tls?: { files: Record<string, pulumi.Output<string>> } | undefined;
}

/** The program, and those by which it asks Nimbus by TLS. A changed byte in one that a container has replaces the container. */
const programs = {
    plain: ["exporter.py"],
    tls: ["exporter.py", "exporterByTls.py", "../../provider/machines/exchangeByTls.py"],
} as const;

function uploads(files: readonly string[]): { file: string; content: string }[] {
    return files.map((file) => ({
        file: `/${path.basename(file)}`,
        content: fs.readFileSync(path.join(__dirname, file), "utf8"),
    }));
}

/** A Prometheus exporter: it asks the Nimbus that leads for the cluster, its topologies and their components. */
export class Exporter extends pulumi.ComponentResource {
    /** Its name and its host. */
    readonly peer: Peer;
    /** Exists once it answers. */
    readonly ready: pulumi.Resource;

    constructor(name: string, args: ExporterArgs, opts?: pulumi.ComponentResourceOptions) {
        const { clusterName, host, image, nimbus, discovery, readySeconds, tls } = args;
        const peer = { name: "exporter", host };
        const resolved = discovery.resolve(nimbus, peer);
        super(
            "storm:monitoring:Exporter",
            name,
            { wiring: [wiringOf(peer, [...resolved.peers, ...discovery.peers(peer)])] },
            opts,
        );
        this.peer = peer;
        const options = { parent: this, ...host.docker.options };
        const pulled = hostImage(`${name}-image`, image, host, { parent: this });
        const container = hostContainer(
            `${name}-container`,
            { clusterName, daemon: peer.name, host, memory: monitoringMemory.exporter },
            {
                image,
                command: ["python3", tls ? "/exporterByTls.py" : "/exporter.py"],
                envs: [
                    resolved.servers.apply(
                        (servers) =>
                            `STORM_EXPORTER_NIMBUSES=${servers.map((server) => `${server}:${resolved.port}`).join()}`,
                    ),
                    pulumi.interpolate`STORM_EXPORTER_LISTEN=${host.address}:${ports.exporter}`,
                    ...(tls ? [`STORM_EXPORTER_TLS=${certificatesFolder}`] : []),
                ],
                uploads: [
                    ...uploads(programs[tls ? "tls" : "plain"]),
                    ...Object.entries(tls?.files ?? {}).map(([file, content]) => ({ file, content })),
                ],
                ...discovery.attach(peer, []),
                init: true,
                user: "1000:1000",
            },
            { ...options, dependsOn: [pulled, ...discovery.before(host), ...nimbus.restarted] },
        );
        this.ready = new Ready(
            `${name}-ready`,
            {
                daemon: peer.name,
                container: container.name,
                containerId: container.id,
                check: host.address.apply((address) => ({ kind: "port" as const, address, port: ports.exporter })),
                seconds: readySeconds,
                logFiles: [],
                ssh: host.docker.ssh,
            },
            options,
        );
        this.registerOutputs({ address: host.address });
    }
}
