/** A policy of IAM's with one statement, which allows something. */
export interface PolicyStatement {
    /** What it allows: `sts:AssumeRole`. */
    Action: string | string[];
    /** Whom, if it is a trust policy. */
    Principal?: object;
    /** Where, if it is not. */
    Resource?: string;
}

/** A policy as JSON. Keys are in the order in which AWS gives them back, or a refresh would find a change. */
export function policyDocument({ Action, ...whom }: PolicyStatement): string {
    return JSON.stringify({ Statement: [{ Action, Effect: "Allow", ...whom }], Version: "2012-10-17" });
}
