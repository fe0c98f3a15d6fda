import { commandLine } from "./shell";

/** How a machine is reached over SSH. */
export interface SshEndpoint {
    /** Host name or IP address, as seen from where Pulumi runs, or from the bastion. */
    address: string;
    /** TCP port of its sshd. */
    port: number;
    /** Who logs in: root, or somebody who may use sudo without a password. */
    user: string;
}

/** A machine through which others are reached. */
export interface Bastion extends SshEndpoint {
    /** Its host key, such as `ssh-ed25519 AAAA...`: nothing is sent through a machine that nobody knows. */
    hostKey: string;
}

/**
 * AWS's Session Manager: it connects to an instance's sshd from within the instance, so that no port is open and no address is reached.
 * The command line `aws` and its plugin, on this machine, open each session.
 */
export interface SessionManager {
    /** The region of the instances, such as `eu-central-1`. */
    region: string;
    /** The profile of `aws`, with the credentials; undefined: those of the environment. */
    profile?: string;
}

/** What all connections of a stack have in common. */
export interface SshAccess {
    /** File with the private key; undefined: the keys of the SSH agent. */
    keyPath?: string;
    /** The machine through which the hosts are reached; undefined: they are reached directly. */
    bastion?: Bastion;
    /** What the hosts are reached through, in place of a bastion: their addresses are ids of instances; undefined: by their addresses. */
    sessionManager?: SessionManager;
}

/** Seconds for one attempt to connect. */
export const connectSeconds = 10;

/** The same through Session Manager: before `ssh` sees anything, `aws` starts, calls AWS, and starts its plugin. */
const sessionSeconds = 30;

/**
 * Options of `ssh` that check a known host key.
 * @param hostKey Such as `ssh-ed25519 AAAA...`.
 */
export function knownKey(hostKey: string): string[] {
    // A command (OpenSSH 8.5 or newer) rather than a file: nothing to write, nothing that another run could change.
    return [...strict, "-o", "UserKnownHostsFile=none", "-o", `KnownHostsCommand=/bin/echo * ${hostKey}`];
}

/**
 * Options of `ssh` that take the key of an unknown host and write it to a file, as known_hosts has it.
 * @param file A new file.
 */
export function firstContact(file: string): string[] {
    return [
        "-o",
        "StrictHostKeyChecking=accept-new",
        "-o",
        `UserKnownHostsFile=${file}`,
        "-o",
        "HashKnownHosts=no",
        ...keyTypes,
    ];
}

/**
 * The `ssh` command line that logs in on a machine; a command to run there may follow.
 * @param checked Options that say how its host key is checked: {@link knownKey} or {@link firstContact}.
 */
export function sshCommand(to: SshEndpoint, access: SshAccess, checked: string[]): string[] {
    return ["ssh", ...sshOptions(access, checked), "-p", String(to.port), `${to.user}@${to.address}`];
}

/** The `ssh` command line that logs in on a bastion. */
export function bastionCommand(bastion: Bastion, { keyPath }: SshAccess): string[] {
    return sshCommand(bastion, { keyPath }, knownKey(bastion.hostKey));
}

/** Those options of {@link sshCommand} that say nothing of the machine's address. */
export function sshOptions(access: SshAccess, checked: string[]): string[] {
    const { keyPath, sessionManager } = access;
    const proxy = proxyCommand(access);
    // Nothing of the user's own configuration: a stack works the same for everybody.
    return [
        "-F",
        "none",
        ...common(sessionManager ? sessionSeconds : connectSeconds),
        ...(keyPath ? ["-i", keyPath, "-o", "IdentitiesOnly=yes"] : []),
        ...checked,
        ...(proxy ? ["-o", `ProxyCommand=${commandLine(proxy)}`] : []),
    ];
}

/** What `ssh` connects through, which it runs with the host and port that it wants for %h and %p; undefined: nothing. */
function proxyCommand({ keyPath, bastion, sessionManager }: SshAccess): string[] | undefined {
    if (bastion) {
        return [...bastionCommand(bastion, { keyPath }), "-W", "[%h]:%p"];
    }
    // As Systems Manager's guide has it: "Allow and control permissions for SSH connections through Session Manager".
    return (
        sessionManager && [
            ...["aws", "ssm", "start-session", "--target", "%h"],
            ...["--document-name", "AWS-StartSSHSession", "--parameters", "portNumber=%p"],
            ...["--region", sessionManager.region],
            ...(sessionManager.profile ? ["--profile", sessionManager.profile.replaceAll("%", "%%")] : []),
        ]
    );
}

/** Not RSA: remote.Command asks for it by the name of its oldest signature, which today's sshd has no more. */
const keyTypes = ["-o", "HostKeyAlgorithms=ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521"];
const strict = ["-o", "StrictHostKeyChecking=yes", "-o", "GlobalKnownHostsFile=none"];
const common = (seconds: number) => [
    ...["-o", "BatchMode=yes"],
    ...["-o", `ConnectTimeout=${seconds}`],
    // A machine that dies meanwhile is given up after 15 s of silence.
    ...["-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"],
    ...["-o", "LogLevel=ERROR"],
];
