import { Readable } from "stream";
import type { Kind } from "../kind";
import { untilItAnswers } from "../machines/answers";
import { run } from "../machines/command";
import { type Inputs as Of, schema } from "../schema";

type Inputs = Of<"GrafanaPassword">;

/** Seconds that Grafana's command line may take: it opens the database as the server does. */
const resetSeconds = 120;

/** Waits until Grafana answers, and sets the password if its database has another. */
export const grafanaPassword: Kind<Inputs> = {
    inputs: schema.GrafanaPassword,
    id: ({ container }) => container,
    async create(inputs) {
        await set(inputs);
        return {};
    },
    // To a refresh, a Grafana that refuses the password, or does not answer, has none: the next update sets it, and so waits.
    read: (state) =>
        loginProblem(state).then(
            (problem) => (problem === undefined ? state : undefined),
            () => undefined,
        ),
    async update(_olds, news) {
        await set(news);
        return {};
    },
};

function set(inputs: Inputs): Promise<void> {
    const look = async () => {
        if ((await loginProblem(inputs)) === refused) {
            await reset(inputs);
        }
        return loginProblem(inputs);
    };
    return untilItAnswers(inputs, look, inputs.seconds);
}

const refused = "it refuses the stack's password";

/**
 * Why a login does not succeed; undefined: it does.
 * @throws Error if Grafana does not answer.
 */
async function loginProblem({ container, url, password, ssh }: Inputs): Promise<string | undefined> {
    const curl = ["curl", "--silent", "--show-error", "--max-time", "5", "--config", "-"];
    // Like the new password, on standard input: a command line is in the list of processes.
    const configuration = [
        `url = "${url}/api/user"`,
        `user = "admin:${password}"`,
        'output = "/dev/null"',
        'write-out = "%{http_code}"',
    ].join("\n");
    const command = ["docker", "exec", "--interactive", container, ...curl];
    const status = String(await run(ssh, command, { input: Readable.from([configuration]) }));
    switch (status) {
        case "200":
            return undefined;
        case "401":
            return refused;
        default:
            return `it answers a login with HTTP ${status}`;
    }
}

async function reset({ container, password, ssh }: Inputs): Promise<void> {
    const cli = ["grafana", "cli", "admin", "reset-admin-password", "--password-from-stdin"];
    const command = ["docker", "exec", "--interactive", container, ...cli];
    await run(ssh, command, { input: Readable.from([`${password}\n`]), seconds: resetSeconds });
}
