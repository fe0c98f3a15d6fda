/** Writes the table of settings in README.md from what Pulumi.yaml declares: `npm run docs`. */
import * as fs from "fs";
import * as yaml from "yaml";

interface Setting {
    type: string;
    default?: unknown;
    description: string;
}

const section = /(<!-- settings: npm run docs -->\n)[^]*?(<!-- \/settings -->)/;

/** The text of a README with the table as Pulumi.yaml has it. */
export function withSettingsTable(readme: string, projectFile: string): string {
    const { config } = yaml.parse(projectFile) as { config: Record<string, Setting> };
    const rows = Object.entries(config).map(([key, { type, default: value, description }]) => {
        const shown = JSON.stringify(value).replace(/"/g, "");
        return `| \`${key}\` | ${type} | \`${shown}\` | ${description} |`;
    });
    const table = ["| setting | type | default | what it is |", "|---|---|---|---|", ...rows, ""].join("\n");
    return readme.replace(section, (_all, begin: string, end: string) => begin + table + end);
}

if (require.main === module) {
    const readme = withSettingsTable(fs.readFileSync("README.md", "utf8"), fs.readFileSync("Pulumi.yaml", "utf8"));
    fs.writeFileSync("README.md", readme);
}
