import * as pulumi from "@pulumi/pulumi";
import { answerSeconds, ifOtherKey } from "../components/hosts/ssh/sshHostArgs";
import { type SshMachine, SshTarget, unreachableMachines } from "../components/targets/sshTarget";
import { bastionProblem } from "../provider/machines/reachability";
import type { StackSettings } from "../settings";
import { commonArgs, targetName, targetOptions } from "./common";
import { sshLogin } from "./sshLogin";

/** The exit code of a program that has reported its error itself: Pulumi fails the update at the program's end. */
const errorIsReported = 32;

/**
 * The target `hosts`. Before an update, each machine is asked whether it answers. If one does not, its resources are left as they are,
 * the other machines are updated, and then the update fails and names it. A preview asks no machine.
 */
export async function sshTarget(settings: StackSettings, clusterName: string): Promise<SshTarget> {
    const { bastion, seconds = answerSeconds } = settings.ssh;
    const login = { ...sshLogin(settings, clusterName), bastion };
    const machines = settings.hosts.map((host) => machineOf(host, settings));
    if (!pulumi.runtime.isDryRun()) {
        const problem = await bastionProblem(login);
        if (problem !== undefined) {
            throw new pulumi.RunError(`storm:ssh.bastion (${bastion?.address}) lets nobody through: ${problem}`);
        }
        const unreachable = await unreachableMachines(machines, login, seconds);
        for (const machine of machines.filter(({ name }) => unreachable.includes(name))) {
            machine.state = "left";
            process.exitCode = errorIsReported;
        }
    }
    return new SshTarget(
        targetName,
        {
            ...commonArgs(settings, clusterName),
            machines,
            login,
            seconds,
            registryMirror: settings.registryMirror || undefined,
        },
        targetOptions(),
    );
}

function machineOf(host: StackSettings["hosts"][number], { ssh }: StackSettings): SshMachine {
    const { name, address, hostKey, lost, daemons } = host;
    return {
        name,
        address,
        daemons,
        hostKey,
        endpoint: {
            address: host.ssh.address ?? address,
            user: host.ssh.user ?? ssh.user,
            port: host.ssh.port ?? ssh.port,
        },
        state: lost ? "lost" : undefined,
        ifGone: `Start it and run this again; or, if it is gone for good, set lost: true for ${name} in storm:hosts.`,
        ifOtherKey: ifOtherKey(`hostKey of ${name} in storm:hosts`),
    };
}
