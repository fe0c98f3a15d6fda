import * as pulumi from "@pulumi/pulumi";
import { contact, type ContactArgs } from "./contact";

/** Arguments of {@link PinnedHostKey}. */
export type PinnedHostKeyArgs = { [key in keyof ContactArgs]: pulumi.Input<ContactArgs[key]> };

/** Arguments of {@link SshContact}. */
export interface SshContactArgs extends PinnedHostKeyArgs {
    /** The key that the machine has to show, such as `ssh-ed25519 AAAA...`. */
    hostKey: pulumi.Input<string>;
}

type Inputs = ContactArgs & { hostKey: string; __provider?: string };

/** Seconds that a machine has to answer in a refresh: unlike one that has just been made, it need not start first. */
const refreshSeconds = 30;

const pinning: pulumi.dynamic.ResourceProvider<ContactArgs, ContactArgs & { pinned: string }> = {
    async create(inputs) {
        return { id: inputs.host, outs: { ...inputs, pinned: (await contact(inputs, undefined)).hostKey } };
    },
    async diff() {
        return { changes: false };
    },
};

const contacting: pulumi.dynamic.ResourceProvider<Inputs, Inputs> = {
    async create(inputs) {
        await contact(inputs, inputs.hostKey);
        return { id: inputs.host, outs: inputs };
    },
    async read(id, state) {
        const inputs = state as Inputs;
        await contact({ ...inputs, seconds: Math.min(inputs.seconds, refreshSeconds) }, inputs.hostKey);
        return { id, props: inputs };
    },
    async diff(_id, olds, news) {
        const decisive = ({ endpoint, access, hostKey, __provider }: Inputs) =>
            JSON.stringify([endpoint, access, hostKey, __provider]);
        return { changes: decisive(olds) !== decisive(news) };
    },
    async update(_id, _olds, news) {
        await contact(news, news.hostKey);
        return { outs: news };
    },
};

/** The key that a machine has shown at the first contact, by which it is known from then on. */
export class PinnedHostKey extends pulumi.dynamic.Resource {
    /** Such as `ssh-ed25519 AAAA...`. */
    declare readonly pinned: pulumi.Output<string>;

    constructor(name: string, args: PinnedHostKeyArgs, opts?: pulumi.CustomResourceOptions) {
        super(pinning, name, { pinned: undefined, ...args }, opts, "storm", "PinnedHostKey");
    }
}

/** A machine that has shown the right key and has let us in. One that shows another key stops the update. */
export class SshContact extends pulumi.dynamic.Resource {
    constructor(name: string, args: SshContactArgs, opts?: pulumi.CustomResourceOptions) {
        super(contacting, name, args, opts, "storm", "SshContact");
    }
}
