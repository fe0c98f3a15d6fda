import type { Kind } from "../kind";
import { connect } from "../machines/sshConnection";
import { type Inputs, schema } from "../schema";

/** Seconds that a machine has to answer in a refresh: unlike one that has just been created, it need not start first. */
const refreshSeconds = 30;

/** Takes a machine's key at the first connect, and keeps it. */
export const pinnedHostKey: Kind<Inputs<"PinnedHostKey">, { pinned: string }> = {
    inputs: schema.PinnedHostKey,
    id: ({ host }) => host,
    updates: [],
    create: async (inputs) => ({ pinned: (await connect(inputs, undefined)).hostKey }),
};

/** Logs in on a machine that has to show its key. */
export const sshConnection: Kind<Inputs<"SshConnection">> = {
    inputs: schema.SshConnection,
    id: ({ host }) => host,
    updates: ["endpoint", "access", "hostKey"],
    async create(inputs) {
        await connect(inputs, inputs.hostKey);
        return {};
    },
    async read(state) {
        await connect({ ...state, seconds: Math.min(state.seconds, refreshSeconds) }, state.hostKey);
        return state;
    },
    async update(_olds, news) {
        await connect(news, news.hostKey);
        return {};
    },
};
