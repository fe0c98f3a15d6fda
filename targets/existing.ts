import * as pulumi from "@pulumi/pulumi";

/**
 * Names of the resources that the stack has, as of its last checkpoint. For what differs between making and changing:
 * a program cannot know that from its own resources.
 */
export async function existingResources(): Promise<Set<string>> {
    const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
    const { outputs } = (await pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", { stackName: name })) as {
        outputs?: Record<string, unknown>;
    };
    return new Set(Object.keys(outputs ?? {}).map((urn) => urn.split("::").at(-1) as string));
}
