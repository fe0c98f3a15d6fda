/**
 * Carries over the stack files that `make` kept in .local until Pulumi wrote to those beside Pulumi.yaml: `carryOver.ts <stack>...`
 * Remove this once no checkout has them.
 */
import * as fs from "fs";
import { isDeepStrictEqual } from "util";
import * as yaml from "yaml";
import { type Config, configOf, withSettings } from "./stackFile";

/** A stack file with what the cluster runs with, and a line for each setting that is different in the two. */
export function carriedOver(text: string, former: string): { text: string; kept: string[] } {
    const [config, formerConfig] = [configOf(text), configOf(former)];
    const changed = Object.entries(formerConfig).filter(([key, value]) => !same(value, config[key]));
    const kept = changed
        .filter(([key]) => key in config)
        .map(([key, value]) => `${key} stays ${JSON.stringify(value)}; it was ${JSON.stringify(config[key])}`);
    const added = Object.keys(config).filter((key) => !(key in formerConfig));
    const encryption = yaml.parse(former) as Config;
    delete encryption.config;
    const asBefore = changed.length === 0 && Object.keys(encryption).length === 0;
    return {
        text: asBefore ? text : withSettings(text, Object.fromEntries(changed), encryption),
        kept: [...kept, ...added.map((key) => `${key} is ${JSON.stringify(config[key])}; the cluster ran without it`)],
    };
}

/** Pulumi writes numbers and booleans back as strings. */
function same(a: unknown, b: unknown): boolean {
    const asText = (value: unknown) => (["number", "boolean"].includes(typeof value) ? JSON.stringify(value) : value);
    return isDeepStrictEqual(asText(a), asText(b));
}

function carryOver(stack: string): void {
    const [file, former] = [`Pulumi.${stack}.yaml`, `.local/Pulumi.${stack}.yaml`];
    if (!fs.existsSync(former)) {
        return;
    }
    if (fs.existsSync(file)) {
        const before = fs.readFileSync(file, "utf8");
        const { text, kept } = carriedOver(before, fs.readFileSync(former, "utf8"));
        fs.writeFileSync(file, text);
        fs.rmSync(former);
        console.error(`${file}: has what ${former} had, and Pulumi uses it now. \`git diff\` shows what is different.`);
        kept.forEach((line) => console.error(`  ${line}`));
    } else if (stack === "local") {
        fs.renameSync(former, file);
        console.error(`${file}: moved from .local. Pulumi uses it now.`);
    } else {
        return;
    }
    console.error("If PULUMI_OPTION_CONFIG_FILE is exported: unset PULUMI_OPTION_CONFIG_FILE");
    fs.rmSync(`${former}.base`, { force: true });
}

if (require.main === module) {
    process.argv.slice(2).forEach(carryOver);
}
