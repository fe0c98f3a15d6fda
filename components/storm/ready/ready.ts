import * as pulumi from "@pulumi/pulumi";
import { check, type ReadyCheck } from "./check";
import { ageOf, describe, dialFrom } from "../../hosts/container";
import { lackingAfter } from "../../hosts/lacking";

/** Arguments of {@link Ready}. */
export interface ReadyArgs {
    /** The daemon's name, for messages. */
    daemon: string;
    /** Its container's name in Docker. */
    container: string;
    /** Its container's id: another container has to become ready in turn. */
    containerId: pulumi.Input<string>;
    /** What has to hold. */
    check: pulumi.Input<ReadyCheck>;
    /** Seconds until waiting is given up. */
    seconds: number;
    /** The log files that it writes within its container, beside standard output. */
    logFiles: string[];
    /** The `ssh` command line that logs in on its machine; default: it is this one. */
    ssh?: pulumi.Input<string[]>;
}

/** With the code of the provider, as the SDK puts it beside the arguments. */
type Inputs = pulumi.Unwrap<ReadyArgs> & { __provider?: string };

/**
 * A supervisor that comes back writes to the registration of the killed one; when that one's session expires, it is
 * unregistered until its next heartbeat, 5 seconds later at most.
 */
const heartbeatSeconds = 7;

/** Waits until a daemon is ready. */
const provider: pulumi.dynamic.ResourceProvider<Inputs, Inputs> = {
    async create(inputs) {
        await waitUntilReady(inputs);
        return { id: inputs.daemon, outs: inputs };
    },
    async read(id, inputs) {
        // To a refresh, a daemon that is not ready any more has no gate: the next update makes one, and so waits.
        return (await missingAfter(heartbeatSeconds, inputs as Inputs)) === undefined ? { id, props: inputs } : { id: "" };
    },
    async diff(_id, olds, news) {
        // A later version of this code becomes the gate's own too, and so does another way to its machine.
        const decisive = ({ containerId, check: wanted, ssh, __provider }: Inputs) =>
            JSON.stringify([containerId, wanted, ssh, __provider]);
        return { changes: decisive(olds) !== decisive(news) };
    },
    async update(_id, _olds, news) {
        await waitUntilReady(news);
        return { outs: news };
    },
};

async function waitUntilReady(inputs: Inputs): Promise<void> {
    const reason = await missingAfter(inputs.seconds, inputs);
    if (reason !== undefined) {
        const evidence = await describe(inputs, inputs.logFiles);
        throw new Error(`${inputs.daemon} was not ready within ${inputs.seconds} s: ${reason}\n${evidence}`);
    }
}

/** What a daemon lacks when it is ready, or else after some seconds. */
function missingAfter(seconds: number, inputs: Inputs): Promise<string | undefined> {
    const probe = { dial: dialFrom(inputs), age: () => ageOf(inputs) };
    return lackingAfter(seconds, () => check(inputs.check, probe));
}

/**
 * A gate: it exists once a daemon is ready, and waits again when the daemon's container is another one. Past its limit
 * the update fails with the daemon's name, what was missing, and the end of its log.
 */
export class Ready extends pulumi.dynamic.Resource {
    constructor(name: string, args: ReadyArgs, opts?: pulumi.CustomResourceOptions) {
        super(provider, name, args, opts, "storm", "Ready");
    }
}
