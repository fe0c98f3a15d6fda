import { type ExistingResources, stackState } from "../stackState";

/** The stack's resources as of its last update, for the argument `existing` of `Ec2Target`. */
export async function existingResources(): Promise<ExistingResources> {
    return new Map((await stackState()).map(({ name, outputs }) => [name, outputs]));
}
