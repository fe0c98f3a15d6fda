/**
 * Lists what is wrong with a stack's settings, and what their user may not expect: `checkSettings.ts <stack>`. It reads the stack's file
 * alone: secret values, which only the passphrase opens, are left out.
 */
import * as fs from "fs";
import * as yaml from "yaml";
import { checkSettings, settingValue } from "../settings";
import { dockerMemory, memoryShortage, type Shortage } from "../settings/machineMemory";
import { configOf, withoutSecrets } from "./stackFile";

/** The settings of a stack's file, over the defaults that Pulumi.yaml declares. */
export function valuesOf(project: string, stackFile: string): Record<string, unknown> {
    const { name, config } = yaml.parse(project) as { name: string; config: Record<string, { default?: unknown }> };
    const defaults = Object.entries(config).map(([key, { default: value }]) => [key, value] as const);
    const own = Object.entries(configOf(withoutSecrets(stackFile)));
    const prefix = `${name}:`;
    return Object.fromEntries(
        [...defaults, ...own]
            .filter(([key]) => key.startsWith(prefix))
            .map(([key, value]) => {
                const setting = key.slice(prefix.length);
                // Pulumi writes numbers and booleans back as strings.
                return [setting, typeof value === "string" ? settingValue(setting, value) : value];
            }),
    );
}

/** What `make check` prints. */
export function listing(file: string, mistakes: string[], warnings: string[]): string {
    const lists = [
        ...(mistakes.length > 0 ? ["Refused:", ...mistakes] : []),
        ...(warnings.length > 0 ? ["Warnings:", ...warnings] : []),
    ];
    const [, stack] = /^Pulumi\.(.+)\.yaml$/.exec(file) ?? [];
    const of = stack === undefined || stack === "local" ? "" : ` STACK=${stack}`;
    return lists.join("\n") || `The settings in ${file} are valid. Next: make preview${of}`;
}

async function main(stack: string): Promise<void> {
    const file = `Pulumi.${stack}.yaml`;
    const values = valuesOf(fs.readFileSync("Pulumi.yaml", "utf8"), fs.readFileSync(file, "utf8"));
    const { settings, mistakes, warnings } = checkSettings(values, `storm-${stack}`);
    const { mistake, warning } =
        settings?.target === "local" ? memoryShortage(settings, await dockerMemory()) : ({} as Shortage);
    const refused = [...mistakes, ...(mistake === undefined ? [] : [`  ${mistake}`])];
    console.log(listing(file, refused, [...warnings, ...(warning === undefined ? [] : [`  ${warning}`])]));
    process.exitCode = refused.length > 0 ? 1 : 0;
}

if (require.main === module) {
    void main(process.argv[2] ?? "");
}
