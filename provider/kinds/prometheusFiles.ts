import type { Kind } from "../kind";
import { untilItAnswers } from "../machines/answers";
import { run } from "../machines/command";
import { putFile } from "../machines/container";
import { type Inputs as Of, schema } from "../schema";
import { messageOf } from "../waiting";

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
    // A server that is still starting would end by the signal.
    await untilItAnswers(inputs, () => silence(inputs), seconds);
    await run(ssh, ["docker", "kill", "--signal", "HUP", container]);
}

/** Why a server does not answer; undefined: it does. */
async function silence({ container, url, ssh }: Inputs): Promise<string | undefined> {
    try {
        // Its image has wget, and no curl.
        await run(ssh, ["docker", "exec", container, "wget", "-q", "-O", "/dev/null", `${url}/-/ready`]);
        return undefined;
    } catch (error) {
        return messageOf(error);
    }
}
