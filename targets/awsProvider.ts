import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { isConfigSecret } from "../settings";

/** By these AWS's provider asks nobody who it is, and finds credentials without looking for any. */
const stranger = {
    accessKey: "none",
    secretKey: "none",
    skipCredentialsValidation: true,
    skipRequestingAccountId: true,
};
/** Settings that say whose account it is: they contradict the above. */
const account = [
    ...["token", "profile", "assumeRoles", "assumeRoleWithWebIdentity", "allowedAccountIds", "forbiddenAccountIds"],
    ...["sharedConfigFiles", "sharedCredentialsFiles"],
];

/**
 * AWS's provider, as the stack's `aws:` settings have it, but that the preview of a stack which is not there yet works
 * without an account, as a fork's pull request needs it. (In all previews and updates these settings would have a refresh
 * find changes: without its account's id, the provider takes every security group for another account's.)
 */
export function awsProvider(name: string): aws.Provider {
    const given = Object.entries(pulumi.runtime.allConfig()).filter(([key]) => key.startsWith("aws:"));
    // The provider's own reader knows which are texts, and which lists, maps and numbers. It does not say what is secret.
    const typed: Record<string, unknown> = aws.config;
    const settings = Object.fromEntries(
        given.map(([key, text]) => {
            const name = key.replace("aws:", "");
            const value = name in typed ? typed[name] : text;
            return [name, isConfigSecret(key) ? pulumi.secret(value) : value];
        }),
    );
    if (!pulumi.runtime.isDryRun()) {
        return new aws.Provider(name, settings);
    }
    const others = Object.entries(settings).filter(([key]) => !account.includes(key));
    const ignored = [...Object.keys(stranger), ...account];
    return new aws.Provider(name, { ...Object.fromEntries(others), ...stranger }, { ignoreChanges: ignored });
}

/** A setting of `aws:` that is a text, such as `profile`; undefined: the stack has none. */
export function awsSetting(name: string): pulumi.Input<string> | undefined {
    const key = `aws:${name}`;
    const text = pulumi.runtime.allConfig()[key];
    return text !== undefined && isConfigSecret(key) ? pulumi.secret(text) : text;
}

/** Settings of `aws:` that the stack has, by which AWS's provider has credentials that this program's own clients of AWS do not find. */
export function credentialsOfProvider(): string[] {
    const keys = [
        "accessKey",
        "secretKey",
        "token",
        "assumeRoles",
        "assumeRoleWithWebIdentity",
        "sharedCredentialsFiles",
    ];
    return keys.map((key) => `aws:${key}`).filter((key) => pulumi.runtime.allConfig()[key] !== undefined);
}
