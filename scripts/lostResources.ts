/** Prints, as options of `pulumi refresh`, which resources are on lost hosts: `pulumi stack export | lostResources.ts`. */
import * as fs from "fs";

/** A resource, as the engine's JSON has it, in what matters here. */
interface Resource {
    urn: string;
    retainOnDelete?: boolean;
    ignoreChanges?: string[];
}

/** URNs of the resources on lost hosts. The program leaves them as they are, and has them deleted without their host: see SshHost. */
export function lostResources(resources: Resource[]): string[] {
    return resources
        .filter(({ retainOnDelete, ignoreChanges = [] }) => retainOnDelete && ignoreChanges.includes("*"))
        .map(({ urn }) => urn);
}

if (require.main === module) {
    const { deployment } = JSON.parse(fs.readFileSync(0, "utf8")) as { deployment: { resources?: Resource[] } };
    for (const urn of lostResources(deployment.resources ?? [])) {
        console.log(`--exclude=${urn}`);
    }
}
