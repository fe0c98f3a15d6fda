import type { AutoScaling } from "@aws-sdk/client-auto-scaling";
import type { CloudWatch } from "@aws-sdk/client-cloudwatch";

/**
 * Calls an action of a service by AWS's name for it: `act(client, "SetDesiredCapacity", { ... })`.
 * @throws Error whose message begins with AWS's name of the error.
 */
export async function act(
    client: AutoScaling | CloudWatch,
    action: string,
    parameters: Record<string, unknown>,
): Promise<unknown> {
    const method = action.charAt(0).toLowerCase() + action.slice(1);
    const actions = client as unknown as Record<string, (input: object) => Promise<unknown>>;
    try {
        return await actions[method]?.(parameters);
    } catch (error) {
        const { name, message } = error as Error;
        throw new Error(`${name}: ${message}`);
    }
}
