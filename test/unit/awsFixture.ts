import * as fs from "fs";
import { configOf, withoutSecrets } from "../../scripts/stackFile";

/** What nobody but the user knows. */
export const own = {
    ami: "ami-0123456789abcdef0",
    publicKey: "ssh-ed25519 AAAA",
    from: { ssh: ["203.0.113.7/32"], ui: ["198.51.100.0/24"] },
};

/** The settings of a committed stack file, with the user's own. */
export function stackFile(name: string, changes: object = {}): Record<string, unknown> {
    const text = fs.readFileSync(`Pulumi.${name}.yaml`, "utf8");
    const entries = Object.entries(configOf(withoutSecrets(text))).filter(([key]) => key.startsWith("storm:"));
    const settings = Object.fromEntries(entries.map(([key, value]) => [key.replace("storm:", ""), value]));
    return { ...settings, ssh: {}, aws: { ...(settings.aws as object), ...own, ...changes } };
}
