/** What Storm would refuse of its configuration: at a daemon's start, or at a topology's submission. */
import { stormKeys } from "./stormKeys";

/** Is told each mistake: the path below the configuration, and what is wrong. */
export type TellProblem = (path: (string | number)[], message: string) => void;

/** Storm itself does not say that ports end. */
const kinds = new Map(Object.entries(stormKeys).map(([key, kind]) => [key, key.endsWith(".port") ? `${kind}, a port` : kind]));
const families = new Set([...kinds.keys()].map(familyOf));
/** Kinds of values that have no parts to look into. */
const simple: Record<string, { name: string; includes: (value: unknown) => boolean }> = {
    text: { name: "text", includes: (value) => typeof value === "string" },
    boolean: { name: "true or false", includes: (value) => typeof value === "boolean" },
    number: { name: "number", includes: Number.isFinite },
    long: { name: "whole number", includes: Number.isInteger },
    integer: { name: "whole number", includes: Number.isInteger },
    port: { name: "port", includes: (value) => Number.isInteger(value) && (value as number) > 0 },
    map: { name: "map", includes: isMap },
    list: { name: "list", includes: Array.isArray },
};

/** What is demanded beyond a kind: what is wrong with a value; undefined: nothing. */
const ranges: Record<string, (value: unknown) => string | undefined> = {
    "above 0": (value) => ((value as number) > 0 ? undefined : "is not above 0"),
    "0 or more": (value) => ((value as number) >= 0 ? undefined : "is below 0"),
    "a port": (value) => ((value as number) <= 65535 ? undefined : "is above 65535, the last port"),
    "power of 2": (value) => (Number.isInteger(Math.log2(value as number)) ? undefined : "is not a power of 2"),
    "no duplicates": (value) => (new Set(value as unknown[]).size === (value as unknown[]).length ? undefined : "has one twice"),
};

/** The largest `integer`, which is Java's. */
const largest = 2 ** 31 - 1;

/** Kinds of what a map has under keys that Storm wants there. */
const parts: Record<string, string> = {
    ...{ class: "text", "parallelism.hint": "integer", cpu: "number", memory: "number" },
    ...{ hosts: "list of text", groups: "list of text" },
};

/**
 * Tells what Storm would refuse of a configuration, and keys that are one of Storm's but for a letter or two. Other keys that
 * Storm does not know are plug-ins' and topologies'.
 */
export function configurationProblems(configuration: Record<string, unknown>, problem: TellProblem): void {
    for (const [key, value] of Object.entries(configuration)) {
        const kind = kinds.get(key);
        if (kind !== undefined) {
            for (const { path, message } of valueProblems(kind, value)) {
                problem([key, ...path], message);
            }
            continue;
        }
        const meant = nearest(key);
        if (meant !== undefined) {
            problem([key], `is no key of Storm's: do you mean \`${meant}\`?`);
        } else if (families.has(key) && isMap(value)) {
            const example = [...kinds.keys()].find((each) => familyOf(each) === key);
            problem([key], `is no key of Storm's: keys are written in one piece, such as \`${example}\``);
        }
    }
}

interface Problem {
    path: (string | number)[];
    message: string;
}

/** What is wrong with the value of a key; of demands that build on each other, the first that is not met. */
function valueProblems(kind: string, value: unknown): Problem[] {
    const demands = kind.split(", ");
    if (kind === "anything" || (value === null && demands[0] !== "required")) {
        return [];
    }
    if (value === null) {
        return wrong("is no value: take it out to have Storm's default");
    }
    for (const demand of demands.filter((each) => each !== "required")) {
        const problems = demandProblems(demand, value);
        if (problems.length > 0) {
            return problems;
        }
    }
    return [];
}

function demandProblems(demand: string, value: unknown): Problem[] {
    if (ranges[demand]) {
        const message = ranges[demand](value);
        return message === undefined ? [] : wrong(message);
    }
    const [, choices] = /^one of (.*)/.exec(demand) ?? [];
    if (choices) {
        return choices.split(" ").includes(value as string) ? [] : wrong(`is not one of ${choices.replaceAll(" ", ", ")}`);
    }
    const alternatives = demand === "registration" ? ["text", "map of text"] : demand.split(" or ");
    const found = alternatives.map((kind) => kindProblems(kind, value));
    // It may be of one of the kinds, but for what is in it.
    const best = found.find((problems) => problems.length === 0) ?? found.find((problems) => problems.every(({ path }) => path.length > 0));
    const names = alternatives.map((kind) => nameOf(kind));
    return best ?? (found.length === 1 ? found.flat() : wrong(`is neither ${names.join(" nor ")}`));
}

function kindProblems(kind: string, value: unknown): Problem[] {
    const { container, element, keys } = parse(kind);
    if (!simple[container ?? kind]?.includes(value)) {
        return wrong(`is not ${nameOf(kind)}`);
    }
    if (kind === "integer" && Math.abs(value as number) > largest) {
        return wrong(`is beyond ${largest}, the largest number that Storm takes there`);
    }
    const all = container ? Object.entries(value as Record<string, unknown>) : [];
    const missing = keys.filter((key) => !all.some(([each]) => each === key)).flatMap((key) => wrong(`has no \`${key}\``));
    const within = all.flatMap(([key, part]) => {
        const wanted = element ?? (keys.includes(key) ? parts[key] : undefined);
        const problems = wanted === undefined ? [] : demandProblems(wanted, part);
        return problems.map(({ path, message }) => ({ path: [container === "list" ? Number(key) : key, ...path], message }));
    });
    return [...missing, ...within];
}

function wrong(message: string): Problem[] {
    return [{ path: [], message }];
}

/** Parts of a kind such as `list of text` and `map with class`. */
function parse(kind: string): { container?: string; element?: string; keys: string[] } {
    const [, container, word, rest = ""] = /^(list|map) (of|with) (.*)/.exec(kind) ?? [];
    return word === "of" ? { container, element: rest, keys: [] } : { container, keys: rest.split(" ").filter(Boolean) };
}

/** A kind in words: `a list of texts` for `list of text`. */
function nameOf(kind: string, article = "a ", plural = ""): string {
    const { container, element } = parse(kind);
    const noun = simple[container ?? kind]?.name ?? kind;
    const of = element === undefined ? "" : ` of ${nameOf(element, "", "s")}`;
    return kind === "boolean" ? noun : `${article}${noun}${plural}${of}`;
}

function isMap(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

function familyOf(key: string): string {
    return (key.split(".")[0] as string).toLowerCase();
}

/** Storm's key that another is but for case and a letter, or two in a long one; undefined: there is none. */
function nearest(key: string): string | undefined {
    const limit = key.length > 20 ? 2 : 1;
    const lower = key.toLowerCase();
    const near = [...kinds.keys()]
        .filter((each) => familyOf(each) === familyOf(key) && Math.abs(each.length - key.length) <= limit)
        .map((each) => ({ each, edits: editsBetween(each.toLowerCase(), lower) }))
        .filter(({ edits }) => edits <= limit);
    return near.sort((a, b) => a.edits - b.edits)[0]?.each;
}

/** How many letters have to be put in, taken out or changed to make one text of another. */
function editsBetween(a: string, b: string): number {
    let above = Array.from({ length: b.length + 1 }, (_, column) => column);
    for (const [row, letter] of [...a].entries()) {
        const line = [row + 1];
        for (const [column, other] of [...b].entries()) {
            const change = (above[column] as number) + (letter === other ? 0 : 1);
            line.push(Math.min(change, (line[column] as number) + 1, (above[column + 1] as number) + 1));
        }
        above = line;
    }
    return above[b.length] as number;
}
