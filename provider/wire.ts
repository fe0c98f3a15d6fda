/** How the engine writes properties: secrets are wrapped (sdk/nodejs/runtime/rpc.ts). */

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** Properties as the engine has them. */
export type Properties = Record<string, unknown>;

/** A value without the marks of secrets. */
export function revealed(value: unknown): unknown {
    if (typeof value !== "object" || value === null) {
        return value;
    }
    if (isSecret(value)) {
        return revealed(value.value);
    }
    return Array.isArray(value)
        ? value.map(revealed)
        : Object.fromEntries(Object.entries(value).map(([key, each]) => [key, revealed(each)]));
}

/** Whether a secret is somewhere in a value. */
export function hasSecret(value: unknown): boolean {
    return typeof value === "object" && value !== null && (isSecret(value) || Object.values(value).some(hasSecret));
}

/**
 * Properties of which those are marked as secret that have to be.
 * @param inputs As the engine gave them: what had a secret there, has one here.
 * @param secrets Names of further ones.
 */
export function marked(properties: Properties, inputs: Properties, secrets: readonly string[]): Properties {
    const isMarked = (key: string) => secrets.includes(key) || hasSecret(inputs[key]);
    return Object.fromEntries(
        Object.entries(properties)
            .filter(([, value]) => value !== undefined)
            .map(([key, value]) => [key, isMarked(key) ? { [signatureKey]: secretSignature, value } : value]),
    );
}

function isSecret(value: object): value is { value: unknown } {
    return signatureKey in value && value[signatureKey] === secretSignature;
}
