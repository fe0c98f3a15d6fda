import type { Kind } from "../kind";
import { runOnceConnected } from "../machines/onceConnected";
import { type Inputs, schema } from "../schema";
import { messageOf } from "../waiting";

/** Seconds that a script may take: it may install Docker Engine. */
const scriptSeconds = 3600;

/** Runs a script on a machine once, as remote.Command does. */
export const script: Kind<Inputs<"Script">, { stdout: string }> = {
    inputs: schema.Script,
    id: ({ host }) => host,
    updates: ["ssh"],
    replaces: ["triggers"],
    create: (inputs) => runScript(inputs, "sh"),
    update: (_olds, news) => runScript(news, news.update),
};

async function runScript({ host, ssh, stdin }: Inputs<"Script">, command: string): Promise<{ stdout: string }> {
    try {
        return { stdout: String(await runOnceConnected(ssh, ["sh", "-c", command], scriptSeconds, stdin)) };
    } catch (error) {
        throw new Error(`${host}: ${messageOf(error)}`);
    }
}
