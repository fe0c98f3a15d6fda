import * as pulumi from "@pulumi/pulumi";
import * as runtimeConfig from "@pulumi/pulumi/runtime/config";
import type { z } from "zod";
import type { Logging } from "./components/hosts/docker/logging";
import { stackState } from "./components/stackState";
import type { UsersAuthority } from "./components/storm/security/authority";
import { nextSecurity } from "./components/storm/rollout/securityInUpdate";
import { certifiedFor, type SecurityInUpdate } from "./components/storm/spec/security";
import { majorVersion } from "./provider/image";
import { authorityUpdateProblem } from "./settings/authority";
import { type Fields, fields } from "./settings/fields";
import { spareProblems, withSpares } from "./settings/placement";
import { leavingProblems, type Problem, ruleProblems, type Valid } from "./settings/rules";
import { clusterResource, securityChangeProblems, securityOf } from "./settings/security";
import { existingStormImage } from "./settings/stormImage";
import { topologyProblems } from "./settings/topologies";
import { warnings } from "./settings/warnings";

/**
 * Whether a key of the stack's configuration, with its namespace, is secret. The SDK exports it without a type, and its Config reads
 * secrets as plain text.
 */
export const { isConfigSecret } = runtimeConfig as unknown as { isConfigSecret: (key: string) => boolean };

/** A stack's settings: what `config:` in Pulumi.yaml declares, validated. `zookeepers` is 0 if the stack uses an existing ensemble. */
export type Settings = Omit<Fields, "zookeepers"> & { zookeepers: number };

/** What a stack's settings come to. */
export interface Checked {
    /** The settings; undefined if there are mistakes. */
    settings: Settings | undefined;
    /** Every mistake: key, value, what is wrong and what would be right. */
    mistakes: string[];
    /** What is allowed, and may not be what the user expects. */
    warnings: string[];
}

/**
 * Validates a stack's settings.
 * @param values Values by key, without the namespace.
 * @param clusterName The cluster's name, which follows from the stack's.
 * @param secret Whether a key's value must not be shown.
 * @default secret no value is secret
 */
export function checkSettings(
    values: Record<string, unknown>,
    clusterName: string,
    secret: (key: string) => boolean = () => false,
): Checked {
    const mistakes: string[] = [];
    const problem: Problem = (path, message) => mistakes.push(describe(path, message, values, secret));
    const valid: Valid & Record<string, unknown> = {};
    for (const [key, field] of Object.entries<z.ZodType>(fields)) {
        const { data, error } = field.safeParse(values[key]);
        if (error) {
            error.issues.forEach((issue) => report([key], issue, problem));
        } else {
            valid[key] = data;
        }
    }
    for (const key of Object.keys(values).filter((each) => !(each in fields))) {
        problem([key], "is not a setting: `config:` in Pulumi.yaml lists the settings");
    }
    ruleProblems(valid, clusterName, secret, problem);
    topologyProblems(values.topologies, majorVersion(valid.stormImage ?? ""), (path, message) =>
        problem(["topologies", ...path], message),
    );
    if (values.sshKey && !secret("sshKey")) {
        problem(["sshKey"], "is not encrypted: `pulumi config set --secret sshKey <file`, and stop using this key");
    }
    if ((values.authority as { key?: unknown } | undefined)?.key && !secret("authority")) {
        problem(
            ["authority", "key"],
            "is not encrypted: `pulumi config set --secret --path authority.key <file`, and stop using this key",
        );
    }
    if (valid.logging?.options["splunk-token"] && !secret("logging")) {
        problem(
            ["logging", "options", "splunk-token"],
            "is not encrypted: `pulumi config set --secret --path logging.options.splunk-token`, and stop using this token",
        );
    }
    if (secret("topologies")) {
        problem(
            ["topologies"],
            "is encrypted, which Storm does not keep: remove what is secret, and give it to topologies in another way",
        );
    }
    const told: string[] = [];
    warnings(valid, (path, message) => told.push(describe(path, message, values, secret)));
    if (mistakes.length > 0) {
        return { settings: undefined, mistakes, warnings: told };
    }
    const settings = valid as Fields;
    // A spare machine is none of the stack's while it has no daemon.
    const hosts = withSpares(settings.hosts, settings.supervisors).filter(
        ({ spare, daemons }) => !spare || daemons.length > 0,
    );
    return {
        settings: { ...settings, hosts, ...(settings.zookeeperServers && { zookeepers: 0 }) },
        mistakes,
        warnings: told,
    };
}

/**
 * A stack's settings, and warnings about them. Arguments are those of {@link checkSettings}.
 * @throws pulumi.RunError that lists every mistake.
 */
export function parseSettings(...args: Parameters<typeof checkSettings>): Settings & { warnings: string[] } {
    const { settings, mistakes, warnings: told } = checkSettings(...args);
    if (settings === undefined) {
        throw mistaken(mistakes);
    }
    return { ...settings, warnings: told };
}

function mistaken(mistakes: string[]): pulumi.RunError {
    const count = mistakes.length === 1 ? "a mistake" : `${mistakes.length} mistakes`;
    return new pulumi.RunError(`The stack's settings have ${count}:\n${mistakes.join("\n")}`);
}

function report(path: string[], issue: z.core.$ZodIssue, problem: Problem): void {
    const at = [...path, ...(issue.path as (string | number)[])];
    if (issue.code === "unrecognized_keys") {
        issue.keys.forEach((key) => problem([...at, key], "is not a setting"));
    } else {
        problem(at, issue.message);
    }
}

function describe(
    path: (string | number)[],
    message: string,
    values: Record<string, unknown>,
    secret: (key: string) => boolean,
): string {
    const value = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], values);
    // A token or a URL with a password may be among the options, also where it should not be.
    const isOption = path[0] === "logging" && path[1] === "options";
    const isHidden =
        message.startsWith("is not a setting") ||
        path[0] === "sshKey" ||
        path[0] === "authority" ||
        isOption ||
        secret(String(path[0]));
    const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? "");
    const shown = isHidden || text === "" || text.length > 100 ? "" : `(${text}) `;
    return `  storm:${path.join(".")} ${shown}${message}`;
}

/** A stack's settings. Settings that may hold secrets are Outputs, which keep them secret. */
export type StackSettings = Omit<Settings, "stormYaml" | "logging" | "security" | "authority"> & {
    authority: UsersAuthority | undefined;
    /** How far the update takes the cluster on the way to the setting; undefined: nothing is protected. */
    security: SecurityInUpdate | undefined;
    stormYaml: pulumi.Input<Settings["stormYaml"]>;
    logging: Logging | undefined;
};

/**
 * The settings of the stack that is being deployed. If it sets no image of Storm, the one that it has.
 * @param clusterName The cluster's name, which follows from the stack's.
 * @throws pulumi.RunError as {@link parseSettings} does.
 */
export async function readSettings(clusterName: string): Promise<StackSettings> {
    const namespace = `${pulumi.getProject()}:`;
    const values: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(pulumi.runtime.allConfig())) {
        if (key.startsWith(namespace)) {
            const name = key.slice(namespace.length);
            values[name] = settingValue(name, value);
        }
    }
    if (values.stormImage === "") {
        values.stormImage = (await existingStormImage()) ?? "";
    }
    const isSecret = (key: string) => isConfigSecret(namespace + key);
    const { warnings: told, ...settings } = parseSettings(values, clusterName, isSecret);
    if (told.length > 0) {
        void pulumi.log.warn(`Of the stack's settings:\n${told.join("\n")}`);
    }
    const state = await stackState();
    const security = nextSecurity(state, clusterResource, securityOf(settings.security));
    const problems: string[] = [];
    const problem: Problem = (path, message) => problems.push(describe(path, message, values, isSecret));
    securityChangeProblems(settings, security, state, problem);
    spareProblems(settings.hosts, state).forEach((message) => problem(["hosts"], message));
    const has = certifiedFor(security);
    if (has !== undefined && has !== settings.security) {
        leavingProblems(settings, has, problem);
    }
    const authorityProblem = authorityUpdateProblem(settings, state);
    if (authorityProblem !== undefined) {
        problems.push(`  ${authorityProblem}`);
    }
    if (problems.length > 0) {
        throw mistaken(problems);
    }
    const { stormYaml, logging, authority } = settings;
    return {
        ...settings,
        authority: authority && { certificate: authority.certificate ?? "", key: pulumi.secret(authority.key ?? "") },
        security,
        stormYaml: isSecret("stormYaml") ? pulumi.secret(stormYaml) : stormYaml,
        logging: logging && isSecret("logging") ? { ...logging, options: pulumi.secret(logging.options) } : logging,
    };
}

/** Settings that Pulumi.yaml declares as strings. */
const texts: (keyof Fields)[] = [
    "target",
    "discovery",
    "delivery",
    "security",
    "stormImage",
    "zookeeperImage",
    "dnsImage",
    "etcdImage",
    "proxyImage",
    "fleetImage",
    "prometheusImage",
    "grafanaImage",
    "nodeExporterImage",
    "cadvisorImage",
    "imageRegistry",
    "subnet",
    "sshKey",
    "registryMirror",
];

/** The value of a setting, which Pulumi gives as text: JSON, unless it is a string. */
export function settingValue(key: string, text: string): unknown {
    if ((texts as string[]).includes(key)) {
        return text;
    }
    try {
        return JSON.parse(text);
    } catch {
        return text;
    }
}
