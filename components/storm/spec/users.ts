import { z } from "zod";

/** Names in certificates that are not users': of daemons, members of ZooKeeper, reverse proxies, and, to Storm, of a client without one. */
const taken = ["storm", "ui", "drpc", "exporter", "zookeeper", "reverse-proxy", "ANONYMOUS"];

const userName = z
    .string({ error: "must be a name, in quotes if it looks like a number" })
    // The name is that of a folder, and at most as long as a certificate's common name may be (RFC 5280, ub-common-name).
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
        error: "must be a name of 1 to 64 letters, digits, `.`, `_` and `-`, which begins with a letter or digit, such as alice",
    })
    .refine((name) => !taken.includes(name), "is a name that the cluster itself uses: give another one");

/** The argument, and setting, `users`: names of those who may use Nimbus and pages. */
export const users = z
    .array(userName, { error: "must be a list of names, such as [alice, bob]" })
    .superRefine((names, context) => {
        for (const [index, name] of names.entries()) {
            if (names.indexOf(name) < index) {
                context.addIssue({ code: "custom", path: [index], message: "is listed twice" });
            }
        }
    });
