/**
 * Lists what a cluster has on AWS, and how to delete what is in no state: `pulumi stack export | leftovers.ts <stack> <cluster>`. It asks
 * AWS for what bears the cluster's tag or name, in the stack's region and in the services that have none.
 */
import * as fs from "fs";
import type { Resource } from "./kind";
import { deletion, type Found, resourcesOf } from "./resources";
import { configOf } from "../stackFile";

/**
 * The region of a stack.
 * @throws Error if its file is not one of the target `aws`, or names no region.
 */
export function regionOf(file: string, text: string): string {
    const { "storm:target": target = "local", "aws:region": region } = configOf(text, file);
    if (target !== "aws") {
        throw new Error(
            `${file} has the target ${JSON.stringify(target)}, which has nothing on AWS: make leftovers STACK=dev`,
        );
    }
    if (typeof region !== "string" || region === "") {
        throw new Error(`${file} names no region: set aws:region, such as eu-central-1`);
    }
    return region;
}

/** The ids that a stack's exported state has. */
export function idsIn(state: string): Set<string> {
    const { deployment } = JSON.parse(state) as { deployment?: { resources?: { id?: string }[] } };
    return new Set((deployment?.resources ?? []).flatMap(({ id }) => id ?? []));
}

/** The lines that `make leftovers` prints. */
export function report(
    { stack, cluster, region }: { stack: string; cluster: string; region: string },
    { resources, errors }: Found,
    inState: Set<string>,
): string[] {
    const isKnown = ({ id, within = "" }: Resource) => inState.has(id) || inState.has(within);
    const known = resources.filter(isKnown);
    const orphans = resources.filter((resource) => !isKnown(resource));
    const looked = `in ${region}, IAM and Route 53`;
    return [
        ...(errors.length > 0 ? ["AWS does not list these, so that they are missing below:", ...indented(errors)] : []),
        ...(known.length > 0
            ? [
                  `${cluster} has these ${looked}. They are in the stack's state: \`make down STACK=${stack} DATA=yes\` deletes them.`,
                  ...indented(known.map(line)),
              ]
            : []),
        ...(orphans.length > 0
            ? [
                  `${cluster} has these ${looked}. They are in no state.`,
                  ...indented(orphans.map(line)),
                  "If no update of this stack is running, and no other backend has its state, these commands delete them, in this order.",
                  "What is on the volumes is then lost.",
                  ...indented([`export AWS_REGION=${region} AWS_DEFAULT_REGION=${region}`, ...deletion(orphans)]),
              ]
            : []),
        ...(resources.length === 0 && errors.length === 0 ? [`Nothing of ${cluster} is left ${looked}.`] : []),
    ];
}

const indented = (lines: string[]) => lines.map((text) => `  ${text}`);

function line({ kind, id, name }: Resource): string {
    return [kind.padEnd(17), id, ...(name === id ? [] : [name])].join("  ").trim();
}

async function main(stack: string, cluster: string): Promise<void> {
    const file = `Pulumi.${stack}.yaml`;
    const region = regionOf(file, fs.readFileSync(file, "utf8"));
    const inState = idsIn(fs.readFileSync(0, "utf8"));
    const found = await resourcesOf(cluster, region);
    console.log(report({ stack, cluster, region }, found, inState).join("\n"));
    process.exitCode = found.errors.length > 0 ? 1 : 0;
}

if (require.main === module) {
    const [stack = "", cluster = ""] = process.argv.slice(2);
    main(stack, cluster).catch((error: Error) => {
        console.error(`make leftovers: ${error.message}`);
        process.exit(1);
    });
}
