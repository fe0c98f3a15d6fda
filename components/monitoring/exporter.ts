import * as fs from "fs";
import * as path from "path";
import * as pulumi from "@pulumi/pulumi";
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
}

/** The program. A changed byte in it replaces the container. */
const script = fs.readFileSync(path.join(__dirname, "exporter.py"), "utf8");

/** A Prometheus exporter: it asks the Nimbus that leads for the cluster, its topologies and their components. */
export class Exporter extends pulumi.ComponentResource {
    /** Its name and its host. */
    readonly peer: Peer;
    /** Exists once it answers. */
    readonly ready: pulumi.Resource;

    constructor(name: string, args: ExporterArgs, opts?: pulumi.ComponentResourceOptions) {
        const { clusterName, host, image, nimbus, discovery, readySeconds } = args;
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
                command: ["python3", "/exporter.py"],
                envs: [
                    resolved.servers.apply(
                        (servers) =>
                            `STORM_EXPORTER_NIMBUSES=${servers.map((server) => `${server}:${resolved.port}`).join()}`,
                    ),
                    pulumi.interpolate`STORM_EXPORTER_LISTEN=${host.address}:${ports.exporter}`,
                ],
                uploads: [{ file: "/exporter.py", content: script }],
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
