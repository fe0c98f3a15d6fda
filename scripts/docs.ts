/** Writes the generated tables of the documents: `npm run docs`. */
import * as fs from "fs";
import * as path from "path";
import * as yaml from "yaml";
import { type Edge, edges, type EdgesArgs } from "../components/storm/spec/edges";
import { ports } from "../components/storm/spec/ports";
import { policies } from "../policy/policies";

interface Setting {
    /** None: `true`, `false` or a map. */
    type?: string;
    default?: unknown;
    description: string;
}

/** The settings that people change most. */
const commonSettings = [
    "target",
    "stormImage",
    "zookeepers",
    "nimbuses",
    "supervisors",
    "slots",
    "drpcs",
    "heap",
    "stormYaml",
    "topologies",
].map((key) => `storm:${key}`);

/** The generated sections, by file and by the name in the section's marks. */
const sections: Record<string, Record<string, (folder: string) => string>> = {
    "README.md": { settings: (folder) => settingsTable(folder, commonSettings) },
    "docs/settings.md": { settings: (folder) => settingsTable(folder) },
    "docs/network.md": {
        edges: () => edgesTable(edges(defaults)),
        "edges with a Prometheus server": () => edgesTable(edgesFor({ prometheus: ports.prometheus })),
        "edges with Grafana": () => {
            const { prometheus, grafana } = ports;
            return edgesTable(edgesFor({ prometheus, grafana }).slice(edgesFor({ prometheus }).length));
        },
        "edges for another Prometheus server": () => edgesTable(edgesFor({})),
        "edges for metrics of machines": () => edgesTable(edgesOfMachines()),
    },
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
                        (_all, begin: string, end: string) => begin + table(path.dirname(file)) + end,
                    ),
                fs.readFileSync(file, "utf8"),
            ),
        ]),
    );
}

/** The table of some settings, or of all. Descriptions have links as seen from the root; in a file of another folder they are rewritten. */
function settingsTable(folder: string, keys?: string[]): string {
    const { config } = yaml.parse(fs.readFileSync("Pulumi.yaml", "utf8")) as { config: Record<string, Setting> };
    const linked = (text: string) =>
        folder === "." ? text : text.replaceAll(`[${folder}/`, "[").replaceAll(`](${folder}/`, "](");
    const rows = Object.entries(config)
        .filter(([key]) => keys?.includes(key) ?? true)
        .map(([key, { type, default: value, description }]) => [
            `\`${key}\``,
            type ?? "boolean or object",
            value === "" ? "" : `\`${JSON.stringify(value).replace(/"/g, "")}\``,
            linked(description),
        ]);
    return table(["setting", "type", "default", "meaning"], rows);
}

/** With the default number of slots and the default port of UI. */
const defaults = { slots: 2, uiPort: 8080 };

/** The connections that monitoring adds. */
function edgesFor(monitoring: EdgesArgs["monitoring"]): Edge[] {
    const without = edges(defaults).length;
    return edges({ ...defaults, monitoring }).slice(without);
}

/** Those that node exporter and cAdvisor add to these. */
function edgesOfMachines(): Edge[] {
    const prometheus = { prometheus: ports.prometheus };
    return edgesFor({ ...prometheus, nodeExporter: true, cadvisor: true }).slice(edgesFor(prometheus).length);
}

function edgesTable(all: Edge[]): string {
    const rows = all.map(({ from, to, ports: [first, last], purpose }) => [
        from,
        to,
        first === last ? String(first) : `${first}–${last}`,
        purpose,
    ]);
    return table(["from", "to", "TCP port", "purpose"], rows);
}

function policiesTable(): string {
    return table(
        ["policy", "rule"],
        policies.map(({ name, description }) => [`\`${name}\``, description]),
    );
}

function table(head: string[], rows: string[][]): string {
    return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

if (require.main === module) {
    for (const [file, text] of Object.entries(documents())) {
        fs.writeFileSync(file, text);
    }
}
