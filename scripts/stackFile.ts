/**
 * Sets settings in a stack file, as `pulumi config set` would if the stack exists: `stackFile.ts set <file> <key=value>...`, or those
 * of another file that it does not have: `stackFile.ts add <file> <other>`. `stackFile.ts check <file>` fails if it is no stack file.
 */
import * as fs from "fs";
import * as yaml from "yaml";

export type Config = Record<string, unknown>;

/**
 * The settings that a stack file has.
 * @param file Its name, for messages.
 * @throws Error with the file, what is wrong and the line, if it is not valid YAML, or its settings are not a map.
 */
export function configOf(text: string, file = "the stack file"): Config {
    const lineCounter = new yaml.LineCounter();
    const document = yaml.parseDocument(text, { lineCounter, prettyErrors: false });
    const at = (offset: number) => `${file}, line ${lineCounter.linePos(offset).line}`;
    const [error] = document.errors;
    if (error) {
        throw new Error(`${at(error.pos[0])}: this is not valid YAML: ${error.message}`);
    }
    const { contents } = document;
    if (!isEmpty(contents) && !yaml.isMap(contents)) {
        throw new Error(
            `${at(contents.range?.[0] ?? 0)}: a stack file is a map with the key config, such as\n${example}`,
        );
    }
    const config = contents?.get("config", true);
    if (!isEmpty(config) && !yaml.isMap(config)) {
        throw new Error(`${at(config.range?.[0] ?? 0)}: config must be a map of settings, such as\n${example}`);
    }
    return (document.toJS() as { config?: Config | null } | null)?.config ?? {};
}

const example = "config:\n  storm:supervisors: 2";

function isEmpty(node: yaml.Node | null | undefined): node is null | undefined {
    return !node || (yaml.isScalar(node) && node.value === null);
}

/**
 * A stack file with these settings. Its comments stay.
 * @param encryption What secrets of the settings are encrypted by, where that is to be set too.
 */
export function withSettings(text: string, settings: Config, encryption: Config = {}): string {
    const document = yaml.parseDocument(text);
    if (Object.keys(settings).length > 0 && !document.get("config")) {
        document.set("config", document.createNode({}));
    }
    for (const [key, value] of Object.entries(settings)) {
        document.setIn(["config", key], value);
    }
    for (const [key, value] of Object.entries(encryption)) {
        document.set(key, value);
    }
    return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** A stack file's settings alone, without those that only a passphrase opens. */
export function withoutSecrets(text: string): string {
    return yaml.stringify({ config: withoutSecure(configOf(text)) });
}

function withoutSecure(value: unknown): unknown {
    if (Array.isArray(value)) {
        return value.filter((item) => !isSecret(item)).map(withoutSecure);
    }
    if (typeof value !== "object" || value === null) {
        return value;
    }
    const entries = Object.entries(value).filter(([, item]) => !isSecret(item));
    return Object.fromEntries(entries.map(([key, item]) => [key, withoutSecure(item)]));
}

function isSecret(value: unknown): boolean {
    return typeof value === "object" && value !== null && Object.keys(value).join() === "secure";
}

function main(command: string, file: string, args: string[]): void {
    const text = fs.readFileSync(file, "utf8");
    const before = configOf(text, file);
    const settings: Config =
        command === "add"
            ? configOf(fs.readFileSync(args[0] ?? "", "utf8"), args[0])
            : Object.fromEntries(args.map((arg) => [arg.slice(0, arg.indexOf("=")), arg.slice(arg.indexOf("=") + 1)]));
    const set = Object.entries(settings).filter(([key, value]) =>
        command === "add" ? !(key in before) : String(before[key]) !== value,
    );
    if (set.length > 0) {
        fs.writeFileSync(file, withSettings(text, Object.fromEntries(set)));
        console.error(`${file}: ${set.map(([key, value]) => `${key} is set to ${String(value)}`).join(", ")}`);
    }
}

if (require.main === module) {
    const [command = "", file = "", ...args] = process.argv.slice(2);
    try {
        main(command, file, args);
    } catch (error) {
        console.error((error as Error).message);
        process.exit(2);
    }
}
