import type { z } from "zod";

/** What is wrong with a property. */
export interface Problem {
    property: string;
    reason: string;
}

/**
 * A kind of resource: what its provider does. All but `inputs` and `id` may be left out: a resource that does nothing is its inputs.
 * Its state is its inputs, and what `create` and `update` give beside.
 */
export interface Kind<Inputs extends object, Extra extends object = object> {
    /** The schema of its inputs. */
    inputs: z.ZodObject & z.ZodType<Inputs>;
    id(inputs: Inputs): string;
    /** Properties that are secret, whatever the inputs are. */
    secrets?: readonly (keyof Extra & string)[];
    /** Inputs whose change is an update; default: all. */
    updates?: readonly (keyof Inputs & string)[];
    /** Inputs whose change replaces the resource. */
    replaces?: readonly (keyof Inputs & string)[];
    /** Whether a replaced resource is deleted before its successor is created; default: after. */
    deleteBeforeReplace?: boolean;
    /** Why inputs are refused, already in a preview. Values that are not known yet are {@link unknown}. */
    refuses?(news: Inputs, olds: Partial<Inputs & Extra>): Problem[];
    /** Further properties that differ, which `updates` and `replaces` do not show: differences within the state. */
    differs?(olds: Inputs & Extra, news: Inputs): { updates?: string[]; replaces?: string[] };
    create?(inputs: Inputs): Promise<Extra>;
    /** Its state now; undefined: it does not exist any more. */
    read?(state: Inputs & Extra): Promise<(Inputs & Extra) | undefined>;
    /** Its result replaces the extra properties in the state; default: they stay. */
    update?(olds: Inputs & Extra, news: Inputs): Promise<Extra>;
    delete?(state: Inputs & Extra): Promise<void>;
}

/** A resource that exists, but not as it was wanted: the next update continues from its state. */
export class Incomplete extends Error {
    constructor(
        message: string,
        readonly state: object,
    ) {
        super(message);
    }
}

/** What stands for a value that is not known yet, in a preview (sdk/nodejs/runtime/rpc.ts). */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
