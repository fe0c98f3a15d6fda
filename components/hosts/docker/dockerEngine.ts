import { asRoot, asUser, shellFile, withVariables } from "../../../provider/machines/shell";
import { maxStartups } from "../../../provider/machines/sshd";

const scripts = {
    dockerEngine: shellFile(__dirname, "dockerEngine.sh"),
    dataDirectory: shellFile(__dirname, "dataDirectory.sh"),
    bridgeAddress: shellFile(__dirname, "bridgeAddress.sh"),
    memory: shellFile(__dirname, "memory.sh"),
};

/** Minimum version of Docker Engine, by default: the one of Debian 12. */
export const minimumDockerVersion = "20.10";

/** MiB that must be free for Docker's data, by default: 1.5 GiB of images of Storm and ZooKeeper, the rest for logs. */
export const freeMebibytes = 2048;

/** Arguments of {@link dockerEngineScript}. */
export interface DockerEngineArgs {
    /** Minimum version of Docker Engine, such as {@link minimumDockerVersion}. */
    minimumVersion: string;
    /** URL of a registry mirror, by http or https. Default: none. */
    registryMirror?: string;
    /** MiB that must be free where Docker keeps its data, such as {@link freeMebibytes}. */
    freeMebibytes: number;
}

/** Contents of daemon.json, with the keys that are wanted in somebody else's. */
function daemonJson(registryMirror?: string) {
    const logs = {
        "log-driver": "json-file",
        "log-opts": { "max-size": "10m", "max-file": "3" },
        "live-restore": true,
    };
    return {
        // Never without the key of the mirrors: Docker, when told to read the file again, would keep those that it has.
        wanted: JSON.stringify(
            { ...logs, "registry-mirrors": registryMirror === undefined ? [] : [registryMirror] },
            null,
            2,
        ),
        keys: [...Object.keys(logs), ...(registryMirror === undefined ? [] : ["registry-mirrors"])],
    };
}

/**
 * A command line (see {@link asRoot} for how to run it) that makes sure of Docker Engine on a machine: uses the existing one,
 * else installs it. A second run changes nothing. An existing Docker Engine is started if required, but never upgraded,
 * restarted, removed or configured.
 *
 * Exit codes: 10 no root, 11 nothing known to install here, 12 Podman in Docker's place, 13 Docker too old, 14 disk too
 * full, 15 installation failed, 16 Docker does not start, 17 the SSH user may not use it.
 */
export function dockerEngineScript(args: DockerEngineArgs): string {
    const { wanted, keys } = daemonJson(args.registryMirror);
    const variables = {
        minimum: args.minimumVersion,
        needed: args.freeMebibytes,
        startups: maxStartups,
        keys: keys.join(" "),
        wanted,
    };
    return asRoot(`\nuser=$1${withVariables(variables, scripts.dockerEngine)}`);
}

/** Arguments of {@link dataDirectoryScript}. */
export interface DirectoryOnMachine {
    /** Absolute path on the machine. */
    path: string;
    /** Id of the user and of the group that own it. */
    uid: number;
}

/**
 * A command line (see {@link asRoot}) that makes a directory for a container's data, closed to other users. What is in it
 * keeps its owner. Exits with 18, and changes nothing, where there is something else by that name.
 */
export function dataDirectoryScript(args: DirectoryOnMachine): string {
    return asRoot(withVariables({ path: args.path, owner: `${args.uid}:${args.uid}` }, scripts.dataDirectory));
}

/**
 * A command line (see {@link asRoot}) that prints the address that the machine has on Docker's own bridge. Exits with 20 where Docker
 * has none.
 */
export const bridgeAddressScript = asRoot(scripts.bridgeAddress);

/** Arguments of {@link memoryScript}. */
export interface MemoryArgs {
    /** MiB of the Java heaps of the daemons on the machine. */
    neededMebibytes: number;
    /** MiB of the memory limits of their containers. */
    wantedMebibytes: number;
}

/**
 * A command line (see {@link asUser}) that compares a machine's memory with what is placed there: exits with 19 where
 * it is less than the heaps, prints a line that starts with `warning:` where it is less than the limits, else nothing.
 */
export function memoryScript(args: MemoryArgs): string {
    return asUser(withVariables({ needed: args.neededMebibytes, wanted: args.wantedMebibytes }, scripts.memory));
}
