import type { Kind } from "../kind";
import { run } from "../machines/command";
import { describe, getFrom, inspect, putFile } from "../machines/container";
import { Endings } from "../machines/watched";
import { type Inputs as Of, schema } from "../schema";
import { messageOf, waitUntil } from "../waiting";

type Inputs = Of<"PrometheusFiles">;

/** Writes files of a Prometheus server, and has it read them. */
export const prometheusFiles: Kind<Inputs> = {
    inputs: schema.PrometheusFiles,
    id: ({ container }) => container,
    async create(inputs) {
        await write(inputs);
        return {};
    },
    // To a refresh, a server that does not answer has no files: the next update writes them, and so waits.
    read: async (state) => ((await silence(state)) === undefined ? state : undefined),
    async update(_olds, news) {
        await write(news);
        return {};
    },
};

async function write(inputs: Inputs): Promise<void> {
    const { container, files, seconds, ssh } = inputs;
    for (const [file, content] of Object.entries(files)) {
        await putFile(inputs, file, content);
    }
    const endings = new Endings();
    let ended: string | undefined;
    const problem = await waitUntil(
        container,
        async () => {
            const missing = await silence(inputs);
            ended = missing === undefined ? undefined : endings.problem(await inspect(inputs));
            return ended === undefined ? missing : undefined;
        },
        { seconds },
    );
    if (ended !== undefined || problem !== undefined) {
        throw new Error(
            `${container} ${ended ?? `did not answer within ${seconds} s: ${problem}`}\n${await describe(inputs, [])}`,
        );
    }
    // A server that is still starting would end by it.
    await run(ssh, ["docker", "kill", "--signal", "HUP", container]);
}

/** Why a server does not answer; undefined: it does. */
async function silence(inputs: Inputs): Promise<string | undefined> {
    try {
        await getFrom(inputs, `${inputs.url}/-/ready`);
        return undefined;
    } catch (error) {
        return messageOf(error);
    }
}
