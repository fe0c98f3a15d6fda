import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { daemonRef } from "../daemonRef";
import { addresses } from "../discovery/addresses";
import type { Discovery } from "../discovery/discovery";
import type { PlacedDaemon } from "../discovery/placedDaemon";
import { type Wiring, wiringOf } from "../discovery/wiring";
import { containerArgs } from "../hosts/docker/hostContainer";
import { fleetGroupName } from "../hosts/ec2/fleetControl";
import type { Logging } from "../hosts/docker/logging";
import type { Attachment, DataDirectory, DockerEngine, Host } from "../hosts/host";
import { dataPath, machineAttachment } from "../hosts/ssh/sshHost";
import { daemonContainerArgs, daemonUid } from "../storm/daemons/daemon";
import { stormDaemonArgs } from "../storm/daemons/stormDaemon";
import { supervisorArgs, type Supervising } from "../storm/daemons/supervisor";
import { ports } from "../storm/spec/ports";
import { ownAddress } from "./dockerCommands";
import type { MachineContent } from "./userData";

/** What a fleet's supervisor is called: the last part of its container's name, and the value of the machine's tag `storm:daemon`. */
export const fleetDaemon = "supervisor";

/** Arguments of {@link fleetMachine}. */
export interface FleetMachineArgs {
    /** What supervisors of the cluster are given. */
    supervising: Supervising;
    /** The key of the stack's `StackId`. */
    owner: pulumi.Output<string>;
    /**
     * Where Docker sends the output of the container.
     * @default the driver `json-file`, three files of 10 MB
     */
    logging?: Logging | undefined;
    /**
     * URL of a registry mirror for Docker.
     * @default none
     */
    registryMirror?: string | undefined;
}

/**
 * In the place of a fleet's machines, which are many, and whose addresses are not known: nothing is created on it. Arguments that are
 * given to daemons on it have `ownAddress` for the address.
 */
class AnyMachine implements Host {
    readonly address = pulumi.output(ownAddress);
    readonly docker: DockerEngine;

    constructor({ owner, logging }: Pick<FleetMachineArgs, "owner" | "logging">) {
        const name = "fleet";
        this.docker = {
            ...{ name, owner, options: {} },
            ...(logging && { logging }),
            get provider(): docker.Provider {
                throw new Error("the machines of a fleet create their containers themselves");
            },
        };
    }

    attach(daemon: string, aliases: string[]): Attachment {
        return machineAttachment(this.address, daemon, aliases);
    }

    dataDirectory(): DataDirectory {
        throw new Error("the machines of a fleet create their directories themselves");
    }
}

/** What {@link fleetMachine} gives. */
export interface FleetMachine {
    /** What a machine runs. */
    content: pulumi.Output<MachineContent>;
    /** What `make graph` draws of all of them. */
    wiring: Wiring;
}

/**
 * What a machine of a fleet runs: the container that a `Supervisor` of the cluster has, from the same functions. Whatever the discovery
 * is, it advertises its machine's address, as no name follows a machine that nobody knows beforehand.
 */
export function fleetMachine(args: FleetMachineArgs): FleetMachine {
    const { supervising, registryMirror } = args;
    const { clusterName } = supervising;
    const discovery: Discovery = {
        ...supervising.discovery,
        advertise: (daemon) => addresses.advertise(daemon),
        attach: (daemon, published) => addresses.attach(daemon, published),
    };
    const host = new AnyMachine(args);
    const daemon: PlacedDaemon = {
        ...daemonRef("supervisor"),
        name: fleetDaemon,
        host,
        container: `${clusterName}-${fleetDaemon}`,
        defaultPort: ports.supervisor,
    };
    const declared = stormDaemonArgs(supervisorArgs({ ...supervising, discovery, daemon }));
    const { memory, mounted, dataDirectories = [] } = declared;
    const pathOf = (containerPath: string) => dataPath({ clusterName, daemon: fleetDaemon, containerPath });
    const volumes = [
        ...dataDirectories.map((containerPath) => ({ containerPath, hostPath: pathOf(containerPath) })),
        ...(mounted ? [{ containerPath: mounted.directory, hostPath: pathOf(mounted.directory), readOnly: true }] : []),
    ];
    const container = containerArgs(
        { clusterName, daemon: fleetDaemon, host, memory },
        daemonContainerArgs(declared, volumes),
    );
    const content = pulumi.all([container, mounted]).apply(([known, file]): MachineContent => ({
        container: known,
        directories: volumes.map(({ hostPath: path }) => ({ path, uid: daemonUid })),
        files: file ? [{ path: `${pathOf(file.directory)}/${file.file}`, content: file.content, uid: daemonUid }] : [],
        registryMirror,
    }));
    return { content, wiring: { ...wiringOf(daemon, declared.receives), host: fleetGroupName(clusterName) } };
}
