import * as pulumi from "@pulumi/pulumi";

/**
 * The names of the stack's resources, as of its last update. A program cannot know from its own resources whether an update creates or
 * changes them.
 */
export async function existingResources(): Promise<Set<string>> {
    const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
    const { outputs } = (await pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {
        stackName: name,
    })) as {
        outputs?: Record<string, unknown>;
    };
    return new Set(Object.keys(outputs ?? {}).map((urn) => urn.split("::").at(-1) as string));
}
