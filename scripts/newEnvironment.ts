/**
 * Writes the stack file of another environment, with a comment for each setting: `newEnvironment.ts <name> <from>`.
 */
import * as fs from "fs";
import * as yaml from "yaml";
import { subnetAt } from "../components/network/subnet";
import { type Config, configOf } from "./stackFile";

/** A stack file, and what of the one that it was made from has to be set again. */
export interface Environment {
    text: string;
    /** A line for each. */
    open: string[];
}

/** Where stacks that name none have their network and UI. */
const first = { subnet: "172.30.77.0/24", uiPort: 8080 };

/**
 * The stack file of another environment.
 * @param name The new one's name.
 * @param from The name of the one that it is made from.
 * @param text That one's stack file.
 * @param others The settings of all stacks that there are.
 * @param descriptions What each setting is, by its key.
 * @throws Error when the text is no stack file.
 */
export function environment(
    name: string,
    from: string,
    text: string,
    others: Config[],
    descriptions: Record<string, string>,
): Environment {
    configOf(text, `Pulumi.${from}.yaml`);
    const document = yaml.parseDocument(text);
    const config: unknown = document.get("config");
    if (!yaml.isMap<yaml.Scalar<string>>(config)) {
        throw new Error(`Pulumi.${from}.yaml: has no config`);
    }
    const open: string[] = [];
    for (const key of ["encryptionsalt", "secretsprovider", "encryptedkey"]) {
        document.delete(key);
    }
    for (const { key } of [...config.items]) {
        if (JSON.stringify(config.get(key)).includes('"secure":')) {
            config.delete(key);
            open.push(
                `${key.value} is a secret, which only ${from} can read: pulumi config set --secret --stack ${name} ${key.value}`,
            );
        }
    }
    const target = (config.get("storm:target") as string | undefined) ?? "local";
    if (target === "local") {
        config.set(
            document.createNode("storm:subnet"),
            free(others.map((other) => (other["storm:subnet"] as string | undefined) ?? first.subnet)),
        );
        const ports = others.map((other) => Number(other["storm:uiPort"] ?? first.uiPort));
        config.set(document.createNode("storm:uiPort"), Math.max(...ports) + 1);
    }
    if (config.delete("storm:hosts")) {
        open.push(
            "storm:hosts: name machines of its own, as two clusters' daemons would want the same ports (docs/hosts.md)",
        );
    }
    for (const { key } of config.items) {
        const scalar = yaml.isScalar(key) ? key : undefined;
        const description = descriptions[String(scalar?.value)];
        if (scalar && description && !scalar.commentBefore) {
            scalar.commentBefore = wrapped(description.replace(/\[([^\]]*)\]\(([^)#]*)[^)]*\)/g, "$1"));
        }
    }
    const header = `# The environment ${name}, made from ${from}'s by \`make env\`. All settings: docs/settings.md.\n`;
    return { text: header + document.toString({ lineWidth: 0, flowCollectionPadding: false }), open };
}

/** A network as large as the first one, which nobody has. */
function free(taken: string[]): string {
    const subnets = Array.from({ length: 256 }, (_, index) => subnetAt("172.30.0.0/16", 8, index));
    const found = subnets.slice(subnets.indexOf(first.subnet)).find((subnet) => !taken.includes(subnet));
    if (found === undefined) {
        throw new Error(`all subnets from ${first.subnet} on are taken: set storm:subnet by hand`);
    }
    return found;
}

/** A comment's lines. */
function wrapped(text: string, width = 120): string {
    const lines = text.split(" ").reduce<string[]>((done, word) => {
        const line = `${done.at(-1) ?? ""} ${word}`;
        return done.length > 0 && line.length <= width ? [...done.slice(0, -1), line] : [...done, ` ${word}`];
    }, []);
    return lines.join("\n");
}

function read(file: string): Config {
    return configOf(fs.readFileSync(file, "utf8"), file);
}

function main(name: string, from: string): void {
    if (!/^[a-z][a-z0-9-]{0,30}$/.test(name)) {
        throw new Error(
            `NAME ${JSON.stringify(name)} is not one of at most 31 lower-case letters, digits and dashes: make env NAME=staging FROM=dev`,
        );
    }
    const [file, source] = [`Pulumi.${name}.yaml`, `Pulumi.${from}.yaml`];
    if (fs.existsSync(file)) {
        throw new Error(`${file} exists already: edit it, or give another NAME`);
    }
    if (!fs.existsSync(source)) {
        throw new Error(`there is no ${source}: make env NAME=${name} FROM=dev`);
    }
    const others = fs.readdirSync(".").filter((each) => /^Pulumi\.[^.]+\.yaml$/.test(each));
    const declared = read("Pulumi.yaml") as Record<string, { description?: string }>;
    const descriptions = Object.fromEntries(
        Object.entries(declared).map(([key, { description = "" }]) => [key, description]),
    );
    const { text, open } = environment(name, from, fs.readFileSync(source, "utf8"), others.map(read), descriptions);
    fs.writeFileSync(file, text);
    console.log(`${file} is written, after ${source}.${open.map((line) => `\n  ${line}`).join("")}`);
    console.log(`Next: read it, then make preview STACK=${name}`);
}

if (require.main === module) {
    try {
        main(process.argv[2] ?? "", process.argv[3] ?? "");
    } catch (error) {
        console.error(`make env: ${(error as Error).message}\nNothing was written.`);
        process.exit(1);
    }
}
