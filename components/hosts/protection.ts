import * as pulumi from "@pulumi/pulumi";

/** Arguments of {@link Protection}. */
export interface ProtectionArgs {
    /** Whether what it is made after may not be deleted. */
    isOn: boolean;
    /** What the user can do to have it deleted all the same. */
    advice: string;
}

const provider: pulumi.dynamic.ResourceProvider<ProtectionArgs, ProtectionArgs> = {
    async create(inputs) {
        return { id: "protection", outs: inputs };
    },
    async diff(_id, olds, news) {
        return { changes: olds.isOn !== news.isOn };
    },
    async update(_id, _olds, news) {
        return { outs: news };
    },
    async delete(_id, { isOn, advice }) {
        if (isOn) {
            throw new Error(`The stack is protected: nothing was removed. ${advice}`);
        }
    },
};

/**
 * Refuses to be deleted, and with it all that it is made after. (Pulumi's own `protect` keeps a resource, but a `destroy` that
 * meets it deletes first what depends on it, which are the containers: seen with 3.259.)
 */
export class Protection extends pulumi.dynamic.Resource {
    constructor(name: string, args: ProtectionArgs, opts: pulumi.CustomResourceOptions) {
        super(provider, name, args, opts, "storm", "Protection");
    }
}
