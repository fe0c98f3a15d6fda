/** What the controller is given: one argument, as JSON. */
import * as z from "zod";

const text = z.string().min(1);

/** The schema of the controller's configuration. */
export const configuration = z
    .strictObject({
        /** The cluster's name: the metric's dimension. */
        cluster: text,
        /** The group's region. */
        region: text,
        /** The group's name. */
        group: text,
        /** All Nimbus daemons, as others connect to them: address, and TCP port of the Thrift server. */
        nimbuses: z.array(z.strictObject({ address: text, port: z.int().min(1).max(65535) })).min(1),
        /** The address of the Nimbus beside it: it acts while that one leads. */
        own: text,
        /** What `pulumi.owner` of the stack's topologies begins with: `<organization>/<project>/<stack>/`. */
        owner: text.endsWith("/", "must end with /: another stack's name may begin with this one's"),
        /** Percent of the slots that topologies want, which the group's target tracking aims at. */
        target: z.number().positive(),
        /** How many machines are drained at once. */
        batch: z.int().min(1),
        /** Seconds between two rebalances. */
        cooldownSeconds: z.number().min(0),
        /** Seconds between two rounds. */
        seconds: z.number().positive(),
    })
    .refine(({ own, nimbuses }) => nimbuses.some(({ address }) => address === own), {
        path: ["own"],
        message: "is none of nimbuses",
    });

/** The controller's configuration. */
export type Configuration = z.infer<typeof configuration>;

/**
 * Reads the argument.
 * @throws Error with all that is wrong with it.
 */
export function parseConfiguration(argument: string | undefined): Configuration {
    let value: unknown;
    try {
        value = JSON.parse(argument ?? "");
    } catch {
        throw new Error("the only argument must be the configuration, as JSON");
    }
    const { data, error } = configuration.safeParse(value);
    if (!data) {
        const mistakes = error.issues.map(({ path, message }) => `${path.map(String).join(".") || "it"}: ${message}`);
        throw new Error(`the configuration cannot be used:\n${mistakes.join("\n")}`);
    }
    return data;
}
