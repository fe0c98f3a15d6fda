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
