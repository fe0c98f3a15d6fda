/** Keys of a topology's configuration that say whose it is and what it was submitted from. */
export const ownerKey = "pulumi.owner";
export const contentKey = "pulumi.content";
