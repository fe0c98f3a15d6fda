import * as pulumi from "@pulumi/pulumi";
import { machinesOf, registryHosts } from "../components/discovery/ambassador/machines";
import { DnsServers } from "../components/discovery/dnsServers";
import { dnsServers } from "../components/discovery/names";
import { answers, bastionProblem } from "../provider/machines/answers";
import { Owner } from "../components/hosts/owner";
import type { Host } from "../components/hosts/host";
import { commandLine } from "../provider/machines/shell";
import type { SshAccess, SshEndpoint } from "../provider/machines/ssh";
import { answerSeconds, ifOtherKey, SshHost } from "../components/hosts/sshHost";
import type { StackSettings } from "../settings";
import { sshLogin } from "./sshLogin";
import type { Target } from "./target";

/** The exit code that Pulumi takes for a program which has told its user what is wrong: the update fails at its end. */
const errorIsTold = 32;

/**
 * The target `hosts`: machines that exist already.
 *
 * Before an update, each is asked whether it is there. Of one that is not, nothing is touched, and the others' work is
 * done; then the update fails and names it. (Left to Pulumi, the first operation on a dead host would abort the others'
 * midway.) A preview asks nobody.
 */
export async function sshHosts(settings: StackSettings, clusterName: string): Promise<Target> {
    const { bastion, seconds = answerSeconds } = settings.ssh;
    const login = { ...sshLogin(settings, clusterName), bastion };
    const silent = pulumi.runtime.isDryRun() ? [] : await silentHosts(settings, login, seconds);
    const { key: owner } = new Owner("owner");
    const hosts: Record<string, Host> = {};
    const machines: Record<string, pulumi.Output<object>> = {};
    for (const entry of settings.hosts) {
        const { name, address, hostKey, lost, daemons } = entry;
        const isSilent = silent.includes(name);
        const host = new SshHost(`host-${name}`, {
            host: name,
            address,
            endpoint: endpointOf(entry, settings),
            login,
            hostKey,
            owner,
            seconds,
            ifGone: ifGone(name),
            ifOtherKey: ifOtherKey(`hostKey of ${name} in storm:hosts`),
            registryMirror: settings.registryMirror || undefined,
            state: lost ? "lost" : isSilent ? "left" : undefined,
        });
        if (isSilent) {
            const problem = `${name} (${address}) does not answer over SSH within ${seconds} s: what stands on it is left as it is.`;
            void pulumi.log.error(`${problem} ${ifGone(name)}`, host);
            process.exitCode = errorIsTold;
        }
        for (const daemon of daemons) {
            hosts[daemon] = host;
        }
        machines[name] = host.ssh.apply((words) => ({ address, daemons, ssh: commandLine(words), ...(lost && { lost }) }));
    }
    return {
        hosts,
        dns: () => {
            const servers = Object.fromEntries(dnsServers.map((server) => [server, hosts[server] as Host]));
            return new DnsServers("dns", { clusterName, image: settings.dnsImage, servers, daemons: hosts, seconds: settings.readySeconds })
                .discovery;
        },
        ambassadors: () => ({ machines: machinesOf(hosts), registry: registryHosts(hosts) }),
        outputs: {
            ...(hosts.ui && { uiUrl: pulumi.interpolate`http://${hosts.ui.address}:${settings.uiPort}` }),
            hosts: machines,
        },
    };
}

function endpointOf({ address, ssh }: StackSettings["hosts"][number], settings: StackSettings): SshEndpoint {
    const { user = "root", port } = settings.ssh;
    return { address: ssh.address ?? address, user: ssh.user ?? user, port: ssh.port ?? port };
}

function ifGone(host: string): string {
    return `Start it and run this again; or, if it is gone for good, set lost: true for ${host} in storm:hosts.`;
}

/** Names of the hosts that do not answer, without those that are lost anyway. */
async function silentHosts(settings: StackSettings, access: SshAccess, seconds: number): Promise<string[]> {
    const problem = await bastionProblem(access);
    if (problem !== undefined) {
        throw new pulumi.RunError(`storm:ssh.bastion (${access.bastion?.address}) lets nobody through: ${problem}`);
    }
    const asked = settings.hosts.filter(({ lost }) => !lost);
    const answered = await Promise.all(asked.map((host) => answers(endpointOf(host, settings), access, seconds)));
    return asked.filter((_, index) => !answered[index]).map(({ name }) => name);
}
