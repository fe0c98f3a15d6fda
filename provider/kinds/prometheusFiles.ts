import type { Kind } from "../kind";
import { run } from "../machines/command";
import { putFile } from "../machines/container";
import { untilReady, watched, type Watched } from "../machines/watched";
import { type Inputs as Of, schema } from "../schema";
import { check } from "./check";

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
    read: async (state) => ((await silence(state, watched(state))) === undefined ? state : undefined),
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
    await untilReady(container, inputs, { seconds, logFiles: [] }, (server) => silence(inputs, server));
    // A server that is still starting would end by it.
    await run(ssh, ["docker", "kill", "--signal", "HUP", container]);
}

/** Why a server does not answer; undefined: it does. */
function silence({ url }: Inputs, server: Watched): Promise<string | undefined> {
    return check({ kind: "http", url: `${url}/-/ready` }, server);
}
