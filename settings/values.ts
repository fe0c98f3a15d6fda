/** Kinds of values that settings have. */
import { z } from "zod";
import { isSubnet } from "../components/network/subnet";
import { count } from "../provider/count";
import { parseImage } from "../provider/image";

/** A size of memory. */
export const mebibytes = z
    .int({ error: "must be a whole number of MiB" })
    .min(32, "is below 32 MiB, too little for a JVM");
export { count };

/** A TCP port. */
export const port = count(1, 65535);
/** An address at which others connect to a host. */
export const ipv4 = z
    .ipv4({ error: "must be an IPv4 address" })
    .refine((address) => !address.startsWith("127."), "is a loopback address, which no other host can connect to");
/** An address or name at which others connect to a server, and the TCP port, if it is given: `zk-1.example.com:2181`. */
export const serverName = z
    .string()
    .refine((text) => !text.includes("/"), {
        error: "has a path: write the server alone, and the path into storm:stormYaml, as `storm.zookeeper.root`",
        abort: true,
    })
    .regex(/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(:\d{1,5})?$/, {
        error: "must be an address or a name, such as zk-1.example.com or zk-1.example.com:2181",
        abort: true,
    })
    .superRefine((text, context) => {
        const [name = "", given] = text.split(":");
        const problem = (message: string) => context.addIssue({ code: "custom", message });
        if (/^[\d.]+$/.test(name)) {
            for (const { message } of ipv4.safeParse(name).error?.issues ?? []) {
                problem(message);
            }
        } else if (/^localhost(\.|$)/i.test(name)) {
            problem("names each machine itself: no other machine can connect to it");
        }
        if (given !== undefined && !port.safeParse(Number(given)).success) {
            problem("has a port that must be from 1 to 65535");
        }
    });
/** A machine's name within the stack. */
export const machineName = z
    .string("must be a name of lower-case letters, digits and dashes")
    .regex(/^[a-z]([a-z0-9-]*[a-z0-9])?$/, "must be a name of lower-case letters, digits and dashes");
/** A user of a machine. */
export const user = z.string().regex(/^[a-z_][a-z0-9_-]*$/, "must be the name of a user");
/** A public host key of sshd. */
export const hostKey = z
    .string()
    .regex(
        /^(ssh-ed25519|ecdsa-sha2-nistp\d+) [A-Za-z0-9+/]+=*$/,
        "must be a host key, such as `ssh-ed25519 AAAA...`: the first two words of /etc/ssh/ssh_host_ed25519_key.pub",
    );
/** A Docker image. */
export const tagged = z
    .string()
    .regex(
        /^[a-z0-9][a-z0-9._/:-]*:[A-Za-z0-9_][A-Za-z0-9._-]*(@sha256:[0-9a-f]{64})?$/,
        "must be an image with a tag, such as `storm:3.1.0`",
    )
    .refine(
        (image) => parseImage(image).tag !== "latest",
        "has the tag `latest`, which moves to other versions: name a version",
    );

/**
 * A registry, with a path if images are below one; or nothing. Docker takes the first part of a name for a registry if it has a dot or a
 * port, or is localhost.
 */
export const registry = z
    .string()
    .regex(
        /^((?=localhost(?=[:/]|$)|[^/]*[.:])[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*)?$/,
        "must be a registry, with a path if the images are below one, such as public.ecr.aws/docker/library: without a scheme, a tag, or a slash at the end",
    );

/** An IPv4 subnet. */
export const subnet = (example: string) =>
    z.string().refine(isSubnet, { error: `must be an IPv4 subnet, such as ${example}`, abort: true });

/** A yes or no. */
export const flag = z.boolean({ error: "must be true or false" });

/** One of several words. */
export const oneOf = <T extends string>(words: readonly [T, ...T[]]) =>
    z.enum(words as unknown as [T, ...T[]], { error: `must be one of ${words.join(", ")}` });
