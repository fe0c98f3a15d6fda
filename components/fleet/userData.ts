import { constants, gzipSync } from "zlib";
import { graceSeconds } from "../../provider/machines/container";
import { shellFile, withVariables } from "../../provider/machines/shell";
import {
    dataDirectoryScript,
    dockerEngineScript,
    freeMebibytes,
    minimumDockerVersion,
} from "../hosts/docker/dockerEngine";
import { dockerCommands, type KnownContainer, printed, word } from "./dockerCommands";

const begin = shellFile(__dirname, "begin.sh").trim();
const watch = shellFile(__dirname, "watch.sh");
const drain = shellFile(__dirname, "drain.sh").trim();

/** Bytes of user data that EC2 takes, before they are encoded in base64. */
export const userDataLimit = 16384;

/** What a machine of a fleet runs. */
export interface MachineContent {
    /** Its supervisor's container, in which `ownAddress` stands for the machine's address. */
    container: KnownContainer;
    /** Directories for the container's data on the machine, and the id of the user and of the group that own them. */
    directories: { path: string; uid: number }[];
    /** Files on the machine, in these directories, which others than the owner cannot read. */
    files: { path: string; content: string; uid: number }[];
    /**
     * URL of a registry mirror for Docker.
     * @default none
     */
    registryMirror?: string | undefined;
}

/**
 * The script that a machine of a fleet runs at its first start: it makes sure of Docker Engine as on other machines, runs the supervisor,
 * and stops it before the machine leaves. It has no secrets: who may describe launch templates can read it.
 */
export function fleetScript({ container, directories, files, registryMirror }: MachineContent): string {
    const engine = { minimumVersion: minimumDockerVersion, freeMebibytes, registryMirror };
    const watcher = { program: drain, container: String(container.name), grace: container.stopTimeout ?? graceSeconds };
    return [
        "#!/bin/bash",
        begin,
        `again ${dockerEngineScript(engine)}`,
        ...directories.map(dataDirectoryScript),
        ...files.flatMap(({ path, content, uid }) => [
            `install -m 600 -o ${uid} -g ${uid} /dev/null ${word(path)}`,
            `${printed(content)} >${word(path)}`,
        ]),
        `again docker pull --quiet ${word(container.image)}`,
        // First, so that what has joined can leave.
        withVariables(watcher, watch).trim(),
        ...dockerCommands(container),
        "",
    ].join("\n");
}

/**
 * A script as user data, by gzip: cloud-init unpacks it. The same script gives the same bytes on every machine that runs Pulumi, or a
 * fleet's machines would be replaced when another one does: the bytes depend neither on what zlib finds of repeated text, which differs
 * by processor and version, nor on the operating system, which it writes into the header.
 */
export function compressed(script: string): Buffer {
    const bytes = gzipSync(script, { level: 9, memLevel: 9, strategy: constants.Z_HUFFMAN_ONLY });
    // "Unknown": RFC 1952, section 2.3.1.
    bytes[9] = 255;
    return bytes;
}

/**
 * User data of a script, in base64.
 * @throws RangeError if it is longer than EC2 takes.
 */
export function userData(script: string): string {
    const bytes = compressed(script);
    if (bytes.length > userDataLimit) {
        throw new RangeError(tooLong(bytes.length));
    }
    return bytes.toString("base64");
}

/** What is wrong with user data of this length. */
export function tooLong(bytes: number): string {
    return `user data of a fleet's machines would have ${bytes} bytes, and EC2 takes ${userDataLimit}`;
}
