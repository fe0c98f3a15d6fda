import { type ReportViolation, type ResourceValidation, UnknownValueError } from "@pulumi/policy";

/** A resource's properties, as the engine gives them to a policy. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as @pulumi/policy has them: they are of any resource's type
export type Properties = Record<string, any>;

/** What a policy finds in a resource. */
export type Check = (properties: Properties, report: ReportViolation) => void;

/** Holds a check against the resources of some types. */
export function of(types: string | string[], check: Check): ResourceValidation {
    return ({ type, props }, report) => {
        if ([types].flat().includes(type)) {
            check(props, report);
        }
    };
}

/** A check for stacks in production alone. */
export function inProduction(validation: ResourceValidation): ResourceValidation {
    return (args, report) => (isProduction(args.urn) ? validation(args, report) : undefined);
}

/** Whether a resource is of a stack in production: one that is called `prod`, or has that as a part of its name, as `prod-eu`. */
export function isProduction(urn: string): boolean {
    const [, , stack = ""] = urn.split(":");
    return stack.split("-").includes("prod");
}

/** What is read; undefined where a preview cannot know it yet: then the update is held against the policy. */
export function known<T>(read: () => T): T | undefined {
    try {
        return read();
    } catch (error) {
        if (error instanceof UnknownValueError) {
            return undefined;
        }
        throw error;
    }
}
