import type { ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";
import { inProduction, known, of, type Properties } from "./rule";

const container = "docker:index/container:Container";
const image = "docker:index/remoteImage:RemoteImage";

/** Without one, a container that leaks takes its machine's other daemons along. */
export const memoryLimit: ResourceValidationPolicy = {
    name: "memory-limit",
    description: "A container must have a memory limit.",
    enforcementLevel: "mandatory",
    validateResource: of(container, ({ memory }, report) => {
        if (!((memory as number) > 0)) {
            report("It may take all memory of its machine. Set memory, in MiB.");
        }
    }),
};

/** What would let a process in a container become more than it started as. */
export const noNewPrivileges: ResourceValidationPolicy = {
    name: "no-new-privileges",
    description: "A container must not be privileged, and its processes must not gain privileges.",
    enforcementLevel: "mandatory",
    validateResource: of(container, ({ privileged, securityOpts = [] }, report) => {
        if (privileged) {
            report(
                "It is privileged, which makes it root of its machine. Leave privileged out, and add the capabilities that it needs.",
            );
        }
        if (!(securityOpts as string[]).some((option) => /^no-new-privileges([:=]true)?$/.test(option))) {
            report('Its processes may gain privileges. Add "no-new-privileges:true" to securityOpts.');
        }
    }),
};

/** Docker's socket, or a directory that it is in: a mount of that has it too. */
const socket = /(^|\/)docker\.sock$|^\/$|^(\/var)?\/run\/?$/;

/** Who may have it: a node exporter, which is no root and so cannot use it, and a cAdvisor. */
const watchesMachine = /-(node-exporter|cadvisor)$/;

/** Who has Docker's socket is root of the machine. */
export const noDockerSocket: ResourceValidationPolicy = {
    name: "no-docker-socket",
    description: "A container must not have Docker's socket. Excepted is what `storm:monitoring` runs on each machine.",
    enforcementLevel: "mandatory",
    validateResource: of(container, ({ name = "", mounts = [], volumes = [] }, report) => {
        const sources = [
            ...(mounts as { source?: string }[]).map(({ source }) => source),
            ...(volumes as { hostPath?: string }[]).map(({ hostPath }) => hostPath),
        ];
        if (!watchesMachine.test(name as string) && sources.some((source) => socket.test(source ?? ""))) {
            report(
                "It has Docker's socket, which makes it root of its machine. Take the mount away: no daemon of this project needs it.",
            );
        }
    }),
};

/** What switches off a part of Docker's own confinement, which is on by default: https://docs.docker.com/engine/security/seccomp/ */
const unconfined = /^(seccomp|apparmor|systempaths)[:=]unconfined$/;

/** Docker's profiles refuse system calls that no daemon needs. */
export const defaultConfinement: ResourceValidationPolicy = {
    name: "default-confinement",
    description:
        "A container must keep Docker's profiles of seccomp and AppArmor, its masked paths, and its SELinux label.",
    enforcementLevel: "mandatory",
    validateResource: of(container, ({ securityOpts = [], pidMode }, report) => {
        for (const option of securityOpts as string[]) {
            // Docker itself adds the second to a container in the machine's own PID namespace.
            if (unconfined.test(option) || (/^label[:=]disable$/.test(option) && pidMode !== "host")) {
                report(`${option} takes confinement away from it that it has by default. Take it out of securityOpts.`);
            }
        }
    }),
};

/** Capabilities are what root may do beyond others. */
export const droppedCapabilities: ResourceValidationPolicy = {
    name: "dropped-capabilities",
    description: "A container must drop all capabilities. It may add the one to open a port below 1024.",
    enforcementLevel: "mandatory",
    validateResource: of(container, ({ capabilities = {} }, report) => {
        const { drops = [], adds = [] } = capabilities as { drops?: string[]; adds?: string[] };
        if (!drops.includes("ALL")) {
            report('It keeps capabilities of root. Add "ALL" to capabilities.drops.');
        }
        for (const added of adds.filter((each) => !/^(CAP_)?NET_BIND_SERVICE$/.test(each))) {
            report(
                `It has the capability ${added}. Take it out of capabilities.adds: no daemon of this project needs it.`,
            );
        }
    }),
};

/** What runs as root, without its capabilities; docs/hardening.md says why. */
const needsRoot = /-(etcd-\d+|dns-\d+|cadvisor)$/;

/** Root in a container is root of the machine, should it get out. */
export const noRoot: ResourceValidationPolicy = {
    name: "no-root",
    description:
        "A container must not run as root. Excepted are the registry's members, whose data is root's, DNS servers, whose port is 53, and cAdvisor.",
    enforcementLevel: "mandatory",
    validateResource: of(container, ({ name = "", user = "" }, report) => {
        if (!needsRoot.test(name as string) && /^(root|0*)(:|$)/.test(user as string)) {
            report(
                "It runs as root, or as whomever its image says. Set user to the uid and gid of a user that is not root.",
            );
        }
    }),
};

/** A container that shares one sees, or reaches, what is outside of it. */
export const ownNamespaces: ResourceValidationPolicy = {
    name: "own-namespaces",
    description:
        "A container must not share its machine's PID, IPC or user namespace. Excepted is a node exporter, which shares the first.",
    enforcementLevel: "mandatory",
    validateResource: of(container, (properties, report) => {
        for (const mode of ["pidMode", "ipcMode", "usernsMode"]) {
            const isExcepted = mode === "pidMode" && /-node-exporter$/.test(properties["name"] as string);
            if (properties[mode] === "host" && !isExcepted) {
                report(`It shares a namespace with its machine. Leave ${mode} out.`);
            }
        }
    }),
};

/** The directories that CIS's Docker Benchmark names in 5.6, and what is in them. */
const sensitive = /^\/$|^\/(boot|dev|etc|lib|proc|sys|usr)(\/|$)/;

/** Who may write in one of them takes the machine over; who may read all of them reads its secrets. */
export const noHostDirectories: ResourceValidationPolicy = {
    name: "no-host-directories",
    description:
        "A container must not have directories of its machine's system, nor share mounts with it. Excepted, if read-only, is what `storm:monitoring` runs on each machine.",
    enforcementLevel: "mandatory",
    validateResource: of(container, ({ name = "", mounts = [], volumes = [] }, report) => {
        const all = [
            ...(mounts as { source?: string; readOnly?: boolean }[]),
            ...(volumes as { hostPath?: string; readOnly?: boolean }[]).map(({ hostPath, readOnly }) => ({
                source: hostPath,
                readOnly,
            })),
        ];
        for (const { source = "", readOnly = false } of all) {
            if (sensitive.test(source) && !(watchesMachine.test(name as string) && readOnly)) {
                report(`It has ${source} of its machine. Take the mount away: no daemon of this project needs it.`);
            }
        }
        const bound = mounts as { bindOptions?: { propagation?: string } }[];
        if (bound.some(({ bindOptions }) => bindOptions?.propagation?.includes("shared"))) {
            report("What it mounts appears on its machine. Leave bindOptions.propagation out.");
        }
    }),
};

/** A device is beside all file permissions. */
export const noDevices: ResourceValidationPolicy = {
    name: "no-devices",
    description: "A container must not have devices of its machine.",
    enforcementLevel: "mandatory",
    validateResource: of(container, ({ devices = [] }, report) => {
        if ((devices as object[]).length > 0) {
            report("It has a device of its machine. Leave devices out: no daemon of this project needs one.");
        }
    }),
};

/** Docker's rules for a published port come before those of most firewalls. */
export const boundPorts: ResourceValidationPolicy = {
    name: "bound-ports",
    description: "A published port must be at one address of the machine, and above 1024.",
    enforcementLevel: "mandatory",
    validateResource: of(container, ({ ports = [] }, report) => {
        for (const { ip, external } of ports as { ip?: string; external?: number }[]) {
            if (ip === undefined || /^(0\.0\.0\.0|::|)$/.test(ip)) {
                report("A port of it is published at all addresses of the machine. Set ip to one: 127.0.0.1.");
            }
            if ((external ?? 0) <= 1024) {
                report(
                    "A port of it is published at one of root's, or at a random one. Set external to one above 1024.",
                );
            }
        }
    }),
};

const secretName = /(password|passwd|passphrase|secret|token|private.?key|access.?key|credentials?)$/i;
const secretValue = /-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b/;

/** `docker inspect`, `ps` and the process's own /proc show both to others; a file does not. */
export const noPlainSecrets: ResourceValidationPolicy = {
    name: "no-plain-secrets",
    description: "A container's environment and arguments must not contain secrets.",
    enforcementLevel: "mandatory",
    validateResource: of(container, (properties, report) => {
        for (const [where, word] of words(properties)) {
            for (const [, name = "", value = ""] of word.matchAll(/([\w.-]+)=("[^"]*"|\S*)/g)) {
                if (secretName.test(name) && value.replaceAll('"', "") !== "") {
                    report(
                        `${name} is in its ${where}, where whoever sees the container's settings reads it. Give it in a file: storm:stormYaml is one.`,
                    );
                }
            }
            if (secretValue.test(word)) {
                report(
                    `A key is in its ${where}, where whoever sees the container's settings reads it. Give it in a file.`,
                );
            }
        }
    }),
};

/** The words of a container's environment and arguments that are known, and which of both they are of. */
function words(properties: Properties): [string, string][] {
    const places = { envs: "environment", command: "arguments", entrypoints: "arguments" };
    return Object.entries(places).flatMap(([key, where]) => {
        const list = known(() => properties[key] as string[] | undefined) ?? [];
        // To look at a word that is not known yet is an error, and to go through the list looks at all.
        return Array.from({ length: list.length }, (_, index): [string, string] => [
            where,
            known(() => list[index]) ?? "",
        ]);
    });
}

/** Whether an image's name says which one: by a tag other than `latest`, by a digest, or by being an id. */
function isPinned(name: string): boolean {
    const tag = /:([^:/@]+)$/.exec(name)?.[1];
    return hasDigest(name) || (tag !== undefined && tag !== "latest");
}

/** Whether an image's name can mean one image alone. */
function hasDigest(name: string): boolean {
    return /(^|@)sha256:[0-9a-f]{64}$/.test(name);
}

/** The image of a container, or the one that is pulled; undefined: the resource names none. */
function imageOf({ type, props }: Pick<ResourceValidationArgs, "type" | "props">): string | undefined {
    const key = { [container]: "image", [image]: "name" }[type];
    return key && (props[key] as string | undefined);
}

/** An update is to change what it says that it changes. */
export const pinnedImages: ResourceValidationPolicy = {
    name: "pinned-images",
    description: "An image must have a tag other than `latest`, or a digest; in production, a digest.",
    enforcementLevel: "mandatory",
    validateResource: [
        (args, report) => {
            const name = imageOf(args);
            if (name !== undefined && !isPinned(name)) {
                report(
                    `The image ${name} is another one whenever somebody pushes it. Name a tag: ${name.replace(/:latest$/, "")}:<version>.`,
                );
            }
        },
        inProduction((args, report) => {
            const name = imageOf(args);
            if (name !== undefined && isPinned(name) && !hasDigest(name)) {
                report(
                    `The tag ${name} can be moved to another image. In production name the digest too, ${name}@sha256:<digest>: ` +
                        `\`docker pull ${name}\` prints it.`,
                );
            }
        }),
    ],
};
