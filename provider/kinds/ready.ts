import type { Kind } from "../kind";
import { untilReady, watched } from "../machines/watched";
import { type Inputs as Of, schema } from "../schema";
import { waitUntil } from "../waiting";
import { check } from "./check";

type Inputs = Of<"Ready">;

/**
 * Seconds that a daemon has to be ready in a refresh. A restarted supervisor writes to the registration of the killed one: when the
 * session of the killed one expires, it is unregistered until its next heartbeat, at most 5 seconds later. A busy machine answers late.
 */
const refreshSeconds = 20;

/** Waits until a daemon is ready. */
export const ready: Kind<Inputs> = {
    inputs: schema.Ready,
    id: ({ daemon }) => daemon,
    // A changed login must work too.
    updates: ["containerId", "check", "ssh"],
    async create(inputs) {
        await wait(inputs);
        return {};
    },
    // To a refresh, a daemon that is not ready any more has no gate: the next update creates one, and so waits.
    async read(state) {
        const look = () => check(state.check, watched(state));
        return (await waitUntil(state.daemon, look, { seconds: refreshSeconds })) === undefined ? state : undefined;
    },
    async update(_olds, news) {
        await wait(news);
        return {};
    },
};

function wait(inputs: Inputs): Promise<void> {
    return untilReady(inputs.daemon, inputs, inputs, (container) => check(inputs.check, container));
}
