/** What `autoscale` of a topology has to be, in a stack's settings and in a program's arguments. */
import { z } from "zod";
import { count } from "../count";
import { nearest, type Spread, type SpreadBounds } from "../nimbus/running";
import { type AutoscaleRule, defaultRounds, type TopologyAutoscale } from "./autoscale";

/** What is wrong, and where in the topology's arguments. */
export interface AutoscaleProblem {
    path: (string | number)[];
    message: string;
}

const bounds = (maximum: number) =>
    z
        .strictObject({ min: count(1, maximum), max: count(1, maximum) }, { error: "must be a map of min and max" })
        .superRefine(({ min, max }, context) => {
            if (min > max) {
                context.addIssue({ code: "custom", path: ["min"], message: `is above its max, which is ${max}` });
            }
        });
const above = (what: string) => z.number({ error: what }).positive(what);

const rule = z
    .strictObject(
        {
            component: z.string({ error: "must be the name of a component" }).optional(),
            capacity: above("must be a number above 0, up to 1").max(1, "must be a number above 0, up to 1").optional(),
            latencyMs: above("must be a number of milliseconds above 0").optional(),
            url: z.string({ error: "must be a URL" }).optional(),
            path: z
                .string({ error: "must be names and indices, joined by dots" })
                .regex(/^[^.]+(\.[^.]+)*$/, "must be names and indices, joined by dots, such as data.result.0.value.1")
                .optional(),
            above: above("must be a number above 0").optional(),
        },
        { error: "must be a map of a rule" },
    )
    .superRefine((given, context) => {
        const problem = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
        const kinds = (["capacity", "latencyMs", "url"] as const).filter((key) => given[key] !== undefined);
        const [kind] = kinds;
        if (kind === undefined || kinds.length > 1) {
            problem([], "must have one of capacity, latencyMs and url");
            return;
        }
        if (kind === "capacity" && given.component === undefined) {
            problem(["component"], "is not set: name the bolt whose capacity it is");
        }
        if (kind === "latencyMs" && given.component !== undefined) {
            problem(["component"], "has no complete latency, which is the whole topology's: remove it");
        }
        if (kind === "url" && given.above === undefined) {
            problem(["above"], "is not set: give the number above which more are wanted");
        }
        for (const key of ["path", "above"] as const) {
            if (kind !== "url" && given[key] !== undefined) {
                problem([key], "is for a rule with url: remove it");
            }
        }
        const message = given.url === undefined ? undefined : urlProblem(given.url);
        if (message !== undefined) {
            problem(["url"], message);
        }
    });

const keys = z.strictObject(
    {
        workers: bounds(10000).optional(),
        executors: z.record(z.string(), bounds(100000), { error: "must be a map of components" }).optional(),
        rounds: count(1, 100).default(defaultRounds),
        rules: z.array(rule, { error: "must be a list of rules" }).min(1, "is empty: give a rule"),
    },
    { error: "must be a map of workers, executors, rounds and rules" },
);

/** `autoscale` of a topology. All that is wrong is found at once. */
export const topologyAutoscale = z.unknown().transform((given, context): TopologyAutoscale => {
    const { data, error } = keys.safeParse(given);
    for (const issue of error?.issues ?? []) {
        context.issues.push({ ...issue, input: given } as z.core.$ZodRawIssue);
    }
    for (const { path, message } of agreementProblems(given)) {
        context.addIssue({ code: "custom", path, message });
    }
    return data ? { ...data, rules: data.rules as AutoscaleRule[] } : { rules: [] };
});

/** What is wrong with where a topology starts, given that it is within bounds from then on. */
export function startProblems({ workers, parallelism = {} }: Spread, bounds: SpreadBounds): AutoscaleProblem[] {
    const starts = [
        { path: ["workers"], at: workers, within: bounds.workers },
        ...Object.entries(bounds.executors ?? {}).map(([component, within]) => ({
            ...{ path: ["parallelism", component], at: parallelism[component], within },
        })),
    ];
    return starts.flatMap(({ path, at, within }) =>
        at === undefined || !within || nearest(at, within) === at
            ? []
            : [
                  {
                      path,
                      message: `is where it starts, and not within ${within.min} to ${within.max}, as \`autoscale\` says`,
                  },
              ],
    );
}

function urlProblem(text: string): string | undefined {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !/^https?:$/.test(url.protocol)) {
        return "must be a URL that begins with http:// or https://";
    }
    return url.username || url.password ? "has a user or a password, which everybody sees here: remove it" : undefined;
}

/** What of rules and bounds does not agree, whatever else is wrong with them. */
function agreementProblems(given: unknown): AutoscaleProblem[] {
    const { workers, executors, rules } = loose.parse(given);
    const components = Object.keys(executors);
    const problems: AutoscaleProblem[] = [];
    for (const [index, { component, latencyMs, url }] of rules.entries()) {
        if (typeof component === "string" && !components.includes(component)) {
            problems.push({
                path: ["rules", index, "component"],
                message: "has no bounds: add it to executors, with min and max",
            });
        }
        if (component === undefined && (latencyMs !== undefined || url !== undefined) && workers === undefined) {
            problems.push({
                path: ["rules", index],
                message: "is for workers, which have no bounds: add workers, with min and max",
            });
        }
    }
    const unruled = (path: string[], rule: string): AutoscaleProblem => ({
        path,
        message: `has bounds, and no rule is for it: add one with ${rule}, or remove the bounds`,
    });
    for (const each of components.filter((name) => !rules.some(({ component }) => component === name))) {
        problems.push(unruled(["executors", each], "that component"));
    }
    if (
        workers !== undefined &&
        !rules.some(({ component, capacity }) => component === undefined && capacity === undefined)
    ) {
        problems.push(unruled(["workers"], "latencyMs, or with url and without component"));
    }
    return problems;
}

const loose = z
    .object({
        workers: z.unknown().optional(),
        executors: z.record(z.string(), z.unknown()).catch({}),
        rules: z.array(z.record(z.string(), z.unknown()).catch({})).catch([]),
    })
    .catch({ workers: undefined, executors: {}, rules: [] });
