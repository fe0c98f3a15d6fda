import { ofKindIn, stackState } from "../components/stackState";
import { withoutRegistry } from "../provider/image";
import type { Inputs } from "../provider/schema";

/**
 * The image of Storm that the stack had at its last update, without the registry of `storm:imageRegistry`; undefined for a new stack.
 * A stack that does not set `storm:stormImage` keeps it: the default of a later version of this program must not replace its
 * containers.
 */
export async function existingStormImage(): Promise<string | undefined> {
    return stormImageIn(await stackState());
}

/** The same, of resources as they were after an update. */
export function stormImageIn(resources: readonly { type: string; outputs?: object }[]): string | undefined {
    const [guard] = ofKindIn("StormVersionGuard", resources);
    const { image, imageRegistry } = (guard?.outputs ?? {}) as Partial<Inputs<"StormVersionGuard">>;
    return image === undefined ? undefined : withoutRegistry(imageRegistry, image);
}
