import * as fs from "fs";
import { z } from "zod";
import { isUrl } from "../provider/jars";
import { startProblems, topologyAutoscale } from "../provider/topologies/autoscaleProblems";
import { fileProblems } from "../provider/topologies/files";
import { entryProblems } from "./entries";
import type { TellProblem } from "./stormConfiguration";
import { count } from "./values";

const seconds = count(0, 86400);
const word = z
    .union([z.string(), z.number(), z.boolean()], { error: "must be a string, a number, true or false" })
    .transform(String);

/** Keys of a topology's configuration that are decided elsewhere, with where. */
const decidedElsewhere: Record<string, string> = {
    "topology.workers": "its `workers`",
    "topology.name": "its `name`",
    // Where it is submitted to, and where its workers find the cluster's state.
    "nimbus.seeds": "storm:nimbuses",
    "nimbus.host": "storm:nimbuses",
    "nimbus.thrift.port": "the program",
    "storm.zookeeper.servers": "storm:zookeepers or storm:zookeeperServers",
    "storm.zookeeper.port": "storm:zookeeperServers",
    "pulumi.owner": "the program",
    "pulumi.content": "the program",
};

const configuration = z.record(z.string(), z.unknown(), { error: "must be a map of configuration keys" });

const configurations = z
    .array(z.object({ configuration: configuration.catch({}) }).catch({ configuration: {} }))
    .catch([]);

/**
 * Tells what is wrong with entries of topologies' configuration, each by itself.
 * @param list The setting, whatever else of it is wrong.
 * @param version The major version of Storm, if it is known.
 */
export function topologyProblems(list: unknown, version: number | undefined, problem: TellProblem): void {
    for (const [index, { configuration: map }] of configurations.parse(list).entries()) {
        entryProblems(map, decidedElsewhere, version, (path, message) =>
            problem([index, "configuration", ...path], message),
        );
    }
}

/** Settings of topologies: what docs/topologies.md describes. {@link topologyProblems} finds what is wrong with their configuration. */
export const topologies = z
    .array(
        z
            .strictObject({
                name: z
                    .string()
                    .regex(/^[A-Za-z0-9_-]{1,80}$/, "must be a name of up to 80 letters, digits, `-` and `_`"),
                jar: z.string().min(1, "is empty: give a path or a URL"),
                sha256: z
                    .string()
                    .regex(
                        /^[0-9a-f]{64}$/,
                        "must be a SHA-256 in lower-case hexadecimal digits, as `sha256sum` prints it",
                    )
                    .optional(),
                mainClass: z.string().regex(/^[\w$]+(\.[\w$]+)*$/, "must be the name of a Java class"),
                arguments: z.array(word, { error: "must be a list" }).optional(),
                files: z.array(z.string(), { error: "must be a list of paths" }).optional(),
                workers: count(1, 10000).optional(),
                configuration: configuration.optional(),
                parallelism: z
                    .record(z.string(), count(1, 100000), { error: "must be a map of components" })
                    .optional(),
                autoscale: topologyAutoscale.optional(),
                killSeconds: seconds.optional(),
                rebalanceSeconds: seconds.optional(),
                readySeconds: count(1, 3600).optional(),
            })
            .superRefine((topology, context) => {
                const { name, jar, sha256, arguments: words = [name], files = [], autoscale } = topology;
                const problem = (path: (string | number)[], message: string) =>
                    context.addIssue({ code: "custom", path, message });
                if (isUrl(jar) && sha256 === undefined) {
                    problem(
                        ["sha256"],
                        "is not set, and the jar is a URL: give its content's SHA-256, as `sha256sum` prints it",
                    );
                }
                if (!isUrl(jar) && sha256 === undefined && !fs.statSync(jar, { throwIfNoEntry: false })?.isFile()) {
                    problem(["jar"], "is neither a file, seen from the project's folder, nor a URL");
                }
                const starts = autoscale ? startProblems(topology, autoscale) : [];
                for (const { path, message } of [...fileProblems(files, words), ...starts]) {
                    problem(path, message);
                }
            }),
        { error: "must be a list of topologies" },
    )
    .superRefine((list, context) => {
        const names = list.map(({ name }) => name);
        for (const [index, name] of names.entries()) {
            if (names.indexOf(name) !== index) {
                context.addIssue({
                    code: "custom",
                    path: [index, "name"],
                    message: "is the name of a topology before it",
                });
            }
        }
    });
