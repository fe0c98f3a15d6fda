/** Writes those tables of the documents that follow from the program: `npm run docs`. */
import * as fs from "fs";
import type { Policy } from "@pulumi/policy";
import * as yaml from "yaml";
import { edges } from "../components/storm/edges";
import * as aws from "../policy/aws";
import * as containers from "../policy/containers";
import * as production from "../policy/production";

interface Setting {
    type: string;
    default?: unknown;
    description: string;
}

/** The generated sections, by file and by the name that stands in the section's marks. */
const sections: Record<string, Record<string, () => string>> = {
    "README.md": { settings: settingsTable },
    "docs/network.md": { edges: edgesTable },
    "docs/policies.md": { policies: policiesTable },
};

/** The documents as they should be, by file. */
export function documents(): Record<string, string> {
    return Object.fromEntries(
        Object.entries(sections).map(([file, tables]) => [
            file,
            Object.entries(tables).reduce(
                (text, [name, table]) =>
                    text.replace(
                        new RegExp(`(<!-- ${name}: npm run docs -->\n)[^]*?(<!-- /${name} -->)`),
                        (_all, begin: string, end: string) => begin + table() + end,
                    ),
                fs.readFileSync(file, "utf8"),
            ),
        ]),
    );
}

function settingsTable(): string {
    const { config } = yaml.parse(fs.readFileSync("Pulumi.yaml", "utf8")) as { config: Record<string, Setting> };
    const rows = Object.entries(config).map(([key, { type, default: value, description }]) => [
        `\`${key}\``,
        type,
        value === "" ? "" : `\`${JSON.stringify(value).replace(/"/g, "")}\``,
        description,
    ]);
    return table(["setting", "type", "default", "what it is"], rows);
}

/** With the ports of two slots and of UI that the settings have by default. */
function edgesTable(): string {
    const rows = edges({ slots: 2, uiPort: 8080 }).map(({ from, to, ports: [first, last], purpose }) => [
        from,
        to,
        first === last ? String(first) : `${first}–${last}`,
        purpose,
    ]);
    return table(["who dials", "whom", "TCP port", "what for"], rows);
}

function policiesTable(): string {
    // By name: a module's exports are in the order that its transpiler gives them.
    const byName = (one: Policy, other: Policy) => one.name.localeCompare(other.name);
    const policies = [aws, containers, production].flatMap((file) => Object.values<Policy>(file).sort(byName));
    return table(["policy", "what it asks"], policies.map(({ name, description }) => [`\`${name}\``, description]));
}

function table(head: string[], rows: string[][]): string {
    return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

if (require.main === module) {
    for (const [file, text] of Object.entries(documents())) {
        fs.writeFileSync(file, text);
    }
}
