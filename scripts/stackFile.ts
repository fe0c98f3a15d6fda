/**
 * Keeps the settings that the stack `local` is run with: `stackFile.ts <file> <source>...`
 *
 * Pulumi writes into the file that a stack's settings come from (its encryption salt, `pulumi config set`), so the
 * committed one is brought into an untracked file. What changed in the sources since the last time is changed there
 * too; what the user set there stays.
 */
import * as fs from "fs";
import * as yaml from "yaml";

type Config = Record<string, unknown>;

/**
 * Applies to `mine` what changed from `base` to `wanted`.
 * @throws Error where both changed the same key to different values.
 */
export function merge(base: Config, wanted: Config, mine: Config): Config {
    const merged = { ...mine };
    for (const key of new Set([...Object.keys(base), ...Object.keys(wanted)])) {
        if (same(base[key], wanted[key]) || same(mine[key], wanted[key])) {
            continue;
        }
        if (!same(mine[key], base[key])) {
            throw new Error(`${key} was changed on both sides: ${show(mine[key])} here, ${show(wanted[key])} there`);
        }
        merged[key] = wanted[key];
        if (wanted[key] === undefined) {
            delete merged[key];
        }
    }
    return merged;
}

function same(a: unknown, b: unknown): boolean {
    return show(asText(a)) === show(asText(b));
}

/** Pulumi writes numbers and booleans back as strings. */
function asText(value: unknown): unknown {
    return typeof value === "number" || typeof value === "boolean" ? String(value) : value;
}

function show(value: unknown): string {
    return JSON.stringify(value) ?? "not set";
}

function read(file: string): { config?: Config } {
    return (yaml.parse(fs.readFileSync(file, "utf8")) as { config?: Config } | null) ?? {};
}

function main(file: string, sources: string[]): void {
    const baseFile = `${file}.base`;
    const wanted = Object.assign({}, ...sources.map((source) => read(source).config)) as Config;
    // What secrets of the settings are encrypted by.
    const encryption = Object.assign({}, ...sources.map(read)) as { config?: Config };
    const exists = fs.existsSync(file);
    const mine: { config?: Config } = { ...encryption, config: {}, ...(exists ? read(file) : {}) };
    const base = exists && fs.existsSync(baseFile) ? (read(baseFile).config ?? {}) : {};
    try {
        const config = merge(base, wanted, mine.config ?? {});
        if (!exists || !same(config, mine.config)) {
            fs.writeFileSync(file, yaml.stringify({ ...mine, config }));
        }
    } catch (error) {
        console.error(`${file} and ${sources.join(", ")}: ${(error as Error).message}.\nMake them agree, then run this again.`);
        process.exit(1);
    }
    fs.writeFileSync(baseFile, yaml.stringify({ config: wanted }));
}

if (require.main === module) {
    const [file = "", ...sources] = process.argv.slice(2);
    main(file, sources);
}
