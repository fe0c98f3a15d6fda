/** A statement of a policy of IAM's, which allows something. */
export interface PolicyStatement {
    /** What it allows: `sts:AssumeRole`. */
    Action: string | string[];
    /** When, by operator and key. */
    Condition?: Record<string, Record<string, string>>;
    /** Whom, if it is a trust policy. */
    Principal?: object;
    /** Where, if it is not. */
    Resource?: string;
}

/** A policy as JSON. Keys are in the order in which AWS gives them back, or a refresh would find a change. */
export function policyDocument(...statements: PolicyStatement[]): string {
    const allowing = statements.map(({ Action, Condition, ...whom }) => ({
        Action,
        ...(Condition && { Condition }),
        Effect: "Allow",
        ...whom,
    }));
    return JSON.stringify({ Statement: allowing, Version: "2012-10-17" });
}
