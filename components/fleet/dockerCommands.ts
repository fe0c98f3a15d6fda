import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { commandLine, quote } from "../../provider/machines/shell";

/** What stands in a container's arguments for the address of its machine, which that machine finds when it starts. */
export const ownAddress = "@address@";

/** A text as one word of a line of `bash`, in which the variable `address` takes the place of {@link ownAddress}. */
export function word(text: string): string {
    const parts = text.split(ownAddress).map((part) => (part === "" ? "" : commandLine([part])));
    return parts.join('"$address"') || quote("");
}

/** A container's arguments, once they are known. */
export type KnownContainer = pulumi.UnwrappedObject<docker.ContainerArgs>;

type Rendered = { [Key in keyof KnownContainer]?: (value: NonNullable<KnownContainer[Key]>) => string[] };

const mebibytes = (option: string) => (value: number) => [option, `${value}m`];
const text = (option: string) => (value: string | number) => [option, String(value)];
const nothing = () => [];

/** The words of `docker create` for each argument of a container. */
const options: Rendered = {
    name: text("--name"),
    labels: (labels) => labels.flatMap(({ label, value }) => ["--label", `${label}=${value}`]),
    restart: text("--restart"),
    memory: mebibytes("--memory"),
    memorySwap: mebibytes("--memory-swap"),
    logDriver: text("--log-driver"),
    logOpts: (entries) => Object.entries(entries).flatMap(([key, value]) => ["--log-opt", `${key}=${value}`]),
    capabilities: ({ adds = [], drops = [] }) => [
        ...adds.flatMap((each) => ["--cap-add", each]),
        ...drops.flatMap((each) => ["--cap-drop", each]),
    ],
    securityOpts: (all) => all.flatMap((each) => ["--security-opt", each]),
    envs: (all) => all.flatMap((each) => ["--env", each]),
    volumes: (all) =>
        all.flatMap(({ hostPath, volumeName, containerPath, readOnly }) => [
            "--volume",
            [hostPath ?? volumeName, containerPath, ...(readOnly ? ["ro"] : [])].join(":"),
        ]),
    networkMode: text("--network"),
    hostname: text("--hostname"),
    hosts: (all) => all.flatMap(({ host, ip }) => ["--add-host", `${host}:${ip}`]),
    dns: (all) => all.flatMap((each) => ["--dns", each]),
    dnsOpts: (all) => all.flatMap((each) => ["--dns-option", each]),
    init: (isOn) => (isOn ? ["--init"] : []),
    user: text("--user"),
    stopTimeout: text("--stop-timeout"),
    // They come after the options, or are for Pulumi's provider alone.
    image: nothing,
    command: nothing,
    uploads: nothing,
    destroyGraceSeconds: nothing,
};

/**
 * The lines of `bash` that create a container, put its files into it, and start it: what Pulumi's provider for Docker does.
 * @throws Error if the container has an argument that they do not have.
 */
export function dockerCommands(container: KnownContainer): string[] {
    const { name, image, command = [], uploads = [] } = container;
    const words = Object.entries(container).flatMap(([key, value]) => {
        if (value === undefined || value === null) {
            return [];
        }
        const render = options[key as keyof KnownContainer] as ((given: unknown) => string[]) | undefined;
        if (!render) {
            throw new Error(`a machine of a fleet cannot create a container with the argument ${key}`);
        }
        return render(value);
    });
    return [
        `docker create ${[...words, image, ...command].map(word).join(" ")}`,
        ...uploads.flatMap(({ file, content, contentBase64 }) => uploaded(String(name), file, content, contentBase64)),
        `docker start ${word(String(name))}`,
    ];
}

/** The archive has the file alone: Docker creates its folder where there is none, and changes none that exists. */
function uploaded(container: string, file: string, content: string | undefined, contentBase64: string | undefined) {
    const bytes = contentBase64 === undefined ? printed(content ?? "") : `${printed(contentBase64)} | base64 -d`;
    return [
        "folder=$(mktemp -d)",
        `mkdir -p "$folder$(dirname ${word(file)})"`,
        `${bytes} >"$folder"${word(file)}`,
        `tar -C "$folder" -cf - ${word(file.slice(1))} | docker cp - ${word(`${container}:/`)}`,
        'rm -rf "$folder"',
    ];
}

/** A command that prints a text. */
export function printed(content: string): string {
    return `printf %s ${word(content)}`;
}
