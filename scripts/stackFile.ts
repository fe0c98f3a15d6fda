/**
 * Sets settings in a stack file, as `pulumi config set` would where the stack exists: `stackFile.ts set <file> <key=value>...`, or those
 * of another file that it does not have: `stackFile.ts add <file> <other>`.
 */
import * as fs from "fs";
import * as yaml from "yaml";

export type Config = Record<string, unknown>;

/** The settings that a stack file has. */
export function configOf(text: string): Config {
    return (yaml.parse(text) as { config?: Config | null } | null)?.config ?? {};
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
    const before = configOf(text);
    const settings: Config =
        command === "add"
            ? configOf(fs.readFileSync(args[0] ?? "", "utf8"))
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
    main(command, file, args);
}
