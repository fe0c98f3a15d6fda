import * as pulumi from "@pulumi/pulumi";
import { isReachable } from "../../provider/machines/reachability";
import { commandLine } from "../../provider/machines/shell";
import type { SshAccess, SshEndpoint } from "../../provider/machines/ssh";
import type { Discovery } from "../discovery/discovery";
import { DnsServers } from "../discovery/dnsServers";
import { dnsServers } from "../discovery/names";
import type { Host } from "../hosts/host";
import { SshHost } from "../hosts/ssh/sshHost";
import { answerSeconds, type SshLogin, startItAgain } from "../hosts/ssh/sshHostArgs";
import { StackId } from "../hosts/stackId";
import { placeDaemons } from "../storm/spec/composition";
import { pageScheme } from "../storm/spec/security";
import { clusterDefaults } from "../storm/spec/defaults";
import {
    imagesOf,
    type MonitoringHosts,
    monitoringHosts,
    nimbusHost,
    type Target,
    type TargetArgs,
    targetDiscovery,
    type TargetOutputs,
} from "./target";

/** An existing machine, and what runs on it. */
export interface SshMachine {
    /** Its name within the stack. */
    name: string;
    /** The IP address at which the other machines connect to it. */
    address: string;
    /** Names of the daemons that run on it, and of DNS servers: `dns-1` and `dns-2`, with the discovery `dns`. */
    daemons: string[];
    /**
     * How it is reached over SSH.
     * @default as root, at port 22 of `address`
     */
    endpoint?: Partial<SshEndpoint>;
    /**
     * The host key that it has to show, such as `ssh-ed25519 AAAA...`.
     * @default the key that it shows at first
     */
    hostKey?: string;
    /**
     * `left` if it does not answer now: its resources are left as they are. `lost` if it never will again: its resources may be
     * deleted without it.
     * @default it can be used
     */
    state?: "left" | "lost";
    /**
     * What the user can do if it does not answer, for messages.
     * @default advice that names the argument `state`
     */
    ifGone?: string;
    /**
     * What the user can do if it shows another host key, for messages.
     * @default advice that names the argument `hostKey`
     */
    ifOtherKey?: string;
}

/** Arguments of {@link SshTarget}. */
export interface SshTargetArgs extends TargetArgs {
    /** The machines: each daemon of the cluster is on one of them. */
    machines: SshMachine[];
    /**
     * How all of them are logged in to.
     * @default directly, with the keys of the SSH agent
     */
    login?: SshLogin;
    /**
     * Seconds that a machine has to answer over SSH.
     * @default 30
     */
    seconds?: number;
    /**
     * URL of a registry mirror for Docker, if it is installed by this target.
     * @default none
     */
    registryMirror?: string;
}

/** Existing machines, over SSH: Docker Engine is installed where it is missing. */
export class SshTarget extends pulumi.ComponentResource implements Target {
    readonly hosts: Readonly<Record<string, Host>>;
    readonly discovery: Discovery;
    readonly outputs: TargetOutputs;
    readonly monitoring?: MonitoringHosts;

    constructor(name: string, args: SshTargetArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:targets:SshTarget", name, {}, opts);
        const { clusterName, machines, seconds = answerSeconds, uiPort = clusterDefaults.uiPort } = args;
        const options = { parent: this };
        const { key: owner } = new StackId(`${name}-owner`, options);
        const byDaemon = new Map<string, SshHost>();
        const outputs: Record<string, pulumi.Output<object>> = {};
        for (const machine of machines) {
            const { address, daemons, state, ifGone = startItAgain } = machine;
            const host = new SshHost(
                `${name}-${machine.name}`,
                {
                    host: machine.name,
                    address,
                    endpoint: machine.endpoint,
                    login: args.login,
                    hostKey: machine.hostKey,
                    owner,
                    seconds,
                    ifGone,
                    ifOtherKey: machine.ifOtherKey,
                    registryMirror: args.registryMirror,
                    logging: args.logging,
                    state,
                },
                options,
            );
            if (state === "left") {
                const problem = `${machine.name} (${address}) does not answer over SSH within ${seconds} s: its resources are left as they are.`;
                void pulumi.log.error(`${problem} ${ifGone}`, host);
            }
            for (const daemon of daemons) {
                byDaemon.set(daemon, host);
            }
            outputs[machine.name] = host.ssh.apply((words) => ({
                address,
                daemons,
                ssh: commandLine(words),
                ...(state === "lost" && { lost: true }),
            }));
        }
        const servers = dnsServers.flatMap((server) => byDaemon.get(server) ?? []);
        this.hosts = Object.fromEntries(
            [...byDaemon].filter(([daemon]) => !(dnsServers as readonly string[]).includes(daemon)),
        );
        const daemons = placeDaemons(clusterName, this.hosts, args.security);
        this.discovery = targetDiscovery(
            name,
            args,
            daemons,
            {
                dns: () =>
                    new DnsServers(
                        `${name}-dns`,
                        {
                            clusterName,
                            image: imagesOf(args).dns,
                            servers,
                            daemons,
                            seconds: args.readySeconds ?? clusterDefaults.readySeconds,
                        },
                        options,
                    ).discovery,
            },
            this,
        );
        const { ui } = this.hosts;
        const nimbus = nimbusHost(this.hosts);
        const { monitoring } = args;
        this.monitoring = monitoringHosts(this.hosts, monitoring);
        const scheme = pageScheme(args.security);
        this.outputs = {
            ...(ui && scheme && { uiUrl: pulumi.interpolate`${scheme}://${ui.address}:${uiPort}` }),
            ...(monitoring?.prometheus !== undefined && {
                prometheusUrl: pulumi.interpolate`http://${nimbus.address}:${monitoring.prometheus}`,
            }),
            ...(monitoring?.grafana !== undefined && {
                grafanaUrl: pulumi.interpolate`http://${nimbus.address}:${monitoring.grafana}`,
            }),
            hosts: outputs,
        };
        this.registerOutputs(this.outputs);
    }
}

/**
 * The machines that do not answer over SSH. Left to Pulumi, the first operation on one of them would stop the operations on others
 * midway: with the state `left`, a machine's resources are left as they are.
 * @param seconds Seconds that each has to answer.
 * @returns Their names.
 */
export async function unreachableMachines(
    machines: SshMachine[],
    access: SshAccess,
    seconds: number,
): Promise<string[]> {
    const asked = machines.filter(({ state }) => state === undefined);
    const answered = await Promise.all(
        asked.map(({ address, endpoint: { user = "root", port = 22, ...endpoint } = {} }) =>
            isReachable({ address: endpoint.address ?? address, user, port }, access, seconds),
        ),
    );
    return asked.filter((_, index) => !answered[index]).map(({ name }) => name);
}
