/** What Storm would refuse of its configuration: at a daemon's start, or at a topology's submission. */
import { distance } from "fastest-levenshtein";
import { z } from "zod";
import * as stormKeys from "./stormKeys.json";

/** Receives each mistake: the path below the configuration, and what is wrong. */
export type TellProblem = (path: (string | number)[], message: string) => void;

/**
 * The keys of storm.yaml in Storm 1, 2 and 3: the kind of each one's value, and the first and last major version that has it. Storm itself
 * does not say that ports end.
 */
const keys = new Map(
    Object.entries<string>(stormKeys).map(([key, text]) => {
        const [, since, until, kind = ""] = /^(?:since (\d+), )?(?:until (\d+), )?(.*)$/.exec(text) ?? [];
        return [
            key,
            {
                kind: key.endsWith(".port") ? `${kind}, a port` : kind,
                since: Number(since ?? 0),
                until: Number(until ?? Infinity),
            },
        ];
    }),
);
const families = new Set([...keys.keys()].map(familyOf));

/** What is demanded beyond a type. */
const ranges: Record<string, { message: string; includes: (value: unknown) => boolean }> = {
    "above 0": { message: "must be above 0", includes: (value) => Number(value) > 0 },
    "0 or more": { message: "is below 0", includes: (value) => Number(value) >= 0 },
    "a port": { message: "is above 65535, the last port", includes: (value) => Number(value) <= 65535 },
    "1 to 19": {
        message: "must be from 1 to 19",
        includes: (value) => Number(value) >= 1 && Number(value) <= 19,
    },
    "between 0 and 1": {
        message: "must be above 0 and below 1",
        includes: (value) => Number(value) > 0 && Number(value) < 1,
    },
    "power of 2": { message: "must be a power of 2", includes: (value) => Number.isInteger(Math.log2(Number(value))) },
    "no duplicates": {
        message: "has one twice",
        includes: (value) => new Set(value as unknown[]).size === (value as unknown[]).length,
    },
};

/** Types of what a map has under keys that Storm wants there; others need only be there. */
const parts: Record<string, string> = {
    class: "text",
    "parallelism.hint": "integer",
    cpu: "number",
    memory: "number",
    hosts: "list of text",
    groups: "list of text",
};

/**
 * Why a key of Storm's has no effect with a major version of Storm, which ignores keys that it does not have.
 * @returns undefined if it has that key, if it is no key of Storm's, or if the version is not known.
 */
export function ineffective(key: string, version: number | undefined): string | undefined {
    const { since, until } = keys.get(key) ?? { since: 0, until: Infinity };
    if (version === undefined || (since <= version && version <= until)) {
        return undefined;
    }
    const isOf = version < since ? `is a key since Storm ${since}` : `was a key until Storm ${until}`;
    return `has no effect: it ${isOf}, and storm:stormImage is Storm ${version}`;
}

/**
 * Tells what a major version of Storm would refuse of a configuration, and keys that are one of Storm's but for a letter or two. Other
 * keys that Storm does not know are plug-ins' and topologies'.
 * @param version If it is not known, all keys count.
 */
export function configurationProblems(
    configuration: Record<string, unknown>,
    version: number | undefined,
    problem: TellProblem,
): void {
    for (const [key, value] of Object.entries(configuration)) {
        if (ineffective(key, version) !== undefined) {
            continue;
        }
        const known = keys.get(key);
        if (known !== undefined) {
            for (const { path, message } of problemsOf(valueOf(known.kind).safeParse(value).error?.issues ?? [])) {
                problem([key, ...path], message);
            }
            continue;
        }
        const meant = nearest(key);
        if (meant !== undefined) {
            problem([key], `is no key of Storm's: do you mean \`${meant}\`?`);
        } else if (families.has(key) && z.record(z.string(), z.unknown()).safeParse(value).success) {
            const example = [...keys.keys()].find((each) => familyOf(each) === key);
            problem([key], `is no key of Storm's: keys are written in one piece, such as \`${example}\``);
        }
    }
}

/** The values of a kind such as `required, integer, above 0`: the message names the first of its demands that is not met. */
function valueOf(kind: string): z.ZodType {
    const [first = "", ...rest] = kind.split(", ");
    const isRequired = first === "required";
    const demands = isRequired ? rest : [first, ...rest];
    const [type = "anything", ...limits] = demands;
    const value = limits.reduce((narrowed, limit) => {
        const { message, includes } = ranges[limit] as (typeof ranges)[string];
        return narrowed.refine(includes, { error: message, abort: true });
    }, typeOf(type));
    const nothing = "is no value: remove it to have Storm's default";
    return isRequired
        ? z
              .any()
              .refine((given) => given !== null, { error: nothing, abort: true })
              .pipe(value)
        : value.nullable();
}

const present = z.unknown().refine((value) => value !== undefined, { error: "is missing" });

/** The values of a type such as `text`, `list of text`, `map with class` and `text or list of text`. */
function typeOf(type: string): z.ZodType {
    const choices = /^one of (.*)/.exec(type)?.[1]?.split(" ");
    if (choices) {
        return z.enum(choices, { error: `must be one of ${choices.join(", ")}` });
    }
    const alternatives = type === "registration" ? ["text", "map of text"] : type.split(" or ");
    if (alternatives.length > 1) {
        return z.union(alternatives.map(typeOf), {
            error: `is neither ${alternatives.map((each) => nameOf(each)).join(" nor ")}`,
        });
    }
    const { container, element, keys } = partsOf(type);
    const error = (issue: { input: unknown }) => (issue.input === undefined ? "is missing" : `must be ${nameOf(type)}`);
    switch (container ?? type) {
        case "text":
            return z.string({ error });
        case "boolean":
            return z.boolean({ error });
        case "number":
            return z.number({ error });
        case "long":
            return z.number({ error }).refine(Number.isInteger, { error: `must be ${nameOf(type)}`, abort: true });
        case "integer":
            return typeOf("long").refine((value) => Math.abs(value as number) < 2 ** 31, {
                error: "is beyond 2147483647, the largest number that Storm takes there",
                abort: true,
            });
        case "port":
            return z.int({ error }).positive({ error: `must be ${nameOf(type)}` });
        case "list":
            return z.array(element === undefined ? z.unknown() : typeOf(element), { error });
        case "map":
            return keys.length > 0
                ? z.looseObject(
                      Object.fromEntries(
                          keys.map((key) => [key, parts[key] === undefined ? present : typeOf(parts[key])]),
                      ),
                      { error },
                  )
                : z.record(z.string(), element === undefined ? z.unknown() : typeOf(element), { error });
        default:
            return z.unknown();
    }
}

/** Mistakes, each with its path: if a value has one of several types and its content is wrong, the mistake is in the content. */
function problemsOf(issues: z.core.$ZodIssue[]): { path: (string | number)[]; message: string }[] {
    return issues.flatMap((issue) => {
        const path = issue.path as (string | number)[];
        const within =
            issue.code === "invalid_union"
                ? issue.errors.find((each) => each.every((one) => one.path.length > 0))
                : undefined;
        return within
            ? problemsOf(within).map((one) => ({ path: [...path, ...one.path], message: one.message }))
            : [{ path, message: issue.message }];
    });
}

/** Parts of a type such as `list of text` and `map with class`. */
function partsOf(type: string): { container?: string; element?: string; keys: string[] } {
    const [, container, word, rest = ""] = /^(list|map)(?: (of|with) (.*))?$/.exec(type) ?? [];
    return { container, element: word === "of" ? rest : undefined, keys: word === "with" ? rest.split(" ") : [] };
}

const nouns: Record<string, string> = {
    boolean: "true or false",
    long: "whole number",
    integer: "whole number",
    text: "string",
};

/** A type in words: `a list of strings` for `list of text`. */
function nameOf(type: string, article = "a ", plural = ""): string {
    const { container, element } = partsOf(type);
    const noun = nouns[type] ?? container ?? type;
    const of = element === undefined ? "" : ` of ${nameOf(element, "", "s")}`;
    return type === "boolean" ? noun : `${article}${noun}${plural}${of}`;
}

function familyOf(key: string): string {
    return (key.split(".")[0] as string).toLowerCase();
}

/** Storm's key that another is but for case and a letter, or two in a long one; undefined: there is none. */
function nearest(key: string): string | undefined {
    const limit = key.length > 20 ? 2 : 1;
    const lower = key.toLowerCase();
    const near = [...keys.keys()]
        .filter((each) => familyOf(each) === familyOf(key) && Math.abs(each.length - key.length) <= limit)
        .map((each) => ({ each, edits: distance(each.toLowerCase(), lower) }))
        .filter(({ edits }) => edits <= limit);
    return near.sort((a, b) => a.edits - b.edits)[0]?.each;
}
