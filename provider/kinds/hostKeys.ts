import type { Kind } from "../kind";
import { contact } from "../machines/contact";
import { type Inputs, schema } from "../schema";

/** Seconds that a machine has to answer in a refresh: unlike one that has just been created, it need not start first. */
const refreshSeconds = 30;

/** Takes a machine's key at the first contact, and keeps it. */
export const pinnedHostKey: Kind<Inputs<"PinnedHostKey">, { pinned: string }> = {
    inputs: schema.PinnedHostKey,
    id: ({ host }) => host,
    updates: [],
    create: async (inputs) => ({ pinned: (await contact(inputs, undefined)).hostKey }),
};

/** Logs in on a machine that has to show its key. */
export const sshContact: Kind<Inputs<"SshContact">> = {
    inputs: schema.SshContact,
    id: ({ host }) => host,
    updates: ["endpoint", "access", "hostKey"],
    async create(inputs) {
        await contact(inputs, inputs.hostKey);
        return {};
    },
    async read(state) {
        await contact({ ...state, seconds: Math.min(state.seconds, refreshSeconds) }, state.hostKey);
        return state;
    },
    async update(_olds, news) {
        await contact(news, news.hostKey);
        return {};
    },
};
