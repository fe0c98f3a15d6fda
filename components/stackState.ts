import * as pulumi from "@pulumi/pulumi";
import { typesOf } from "../provider/formerKinds";
import type { schema } from "../provider/schema";

/** A resource of the stack, as of its last update. */
export interface ExistingResource {
    /** Such as `docker:index/container:Container`. */
    type: string;
    name: string;
    outputs: Record<string, unknown>;
}

/** Outputs of a stack's resources as of its last update, by name. */
export type ExistingResources = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/**
 * The stack's resources, as of its last update; none for a new stack. A program cannot know from its own resources whether an update
 * creates or changes them.
 */
export function stackState(): Promise<ExistingResource[]> {
    const engine = pulumi.runtime.getMonitor() as object;
    const state = known.get(engine) ?? read();
    known.set(engine, state);
    return state;
}

/** What each engine has answered: it stays the same while a program runs, and several parts of a program ask for it. */
const known = new WeakMap<object, Promise<ExistingResource[]>>();

/** How often it is read again, each time a tenth of a second later, if the engine is writing it. */
const attempts = 50;

async function read(attempt = 1): Promise<ExistingResource[]> {
    const stackName = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
    try {
        const answer: unknown = await pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", { stackName });
        const { outputs = {} } = answer as { outputs?: Record<string, Omit<ExistingResource, "name">> };
        return Object.entries(outputs).map(([urn, { type, outputs: of }]) => {
            // urn:pulumi:<stack>::<project>::<types of its parents and its own>::<name>
            const [, , , name = ""] = urn.split("::");
            return { type, name, outputs: of };
        });
    } catch (error) {
        // The engine writes the state while the program runs; the checksum that a folder has beside it is not written at once.
        if (attempt === attempts || !(error as Error).message.includes("failed to load checkpoint")) {
            throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
        return read(attempt + 1);
    }
}

/** Those of a kind of this program's provider, by all types that it has had. */
export function ofKindIn<T extends { type: string }>(kind: keyof typeof schema, state: readonly T[]): T[] {
    const types = typesOf(kind);
    return state.filter(({ type }) => types.includes(type));
}
