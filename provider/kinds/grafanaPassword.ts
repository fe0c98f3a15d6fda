import { Readable } from "stream";
import type { Kind } from "../kind";
import { untilReady, type Watched, watched } from "../machines/watched";
import { type Inputs as Of, schema } from "../schema";
import { orError } from "../waiting";

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
        loginProblem(state, watched(state)).then(
            (problem) => (problem === undefined ? state : undefined),
            () => undefined,
        ),
    async update(_olds, news) {
        await set(news);
        return {};
    },
};

function set(inputs: Inputs): Promise<void> {
    const look = async (container: Watched) => {
        if ((await loginProblem(inputs, container)) === refused) {
            await reset(inputs, container);
        }
        return loginProblem(inputs, container);
    };
    return untilReady(inputs.container, inputs, { ...inputs, logFiles: [] }, (container) =>
        orError(() => look(container))(),
    );
}

const refused = "it refuses the stack's password";

/**
 * Why a login does not succeed; undefined: it does.
 * @throws Error if Grafana does not answer.
 */
async function loginProblem({ url, password }: Inputs, container: Pick<Watched, "exec">): Promise<string | undefined> {
    const curl = ["curl", "--silent", "--show-error", "--max-time", "5", "--config", "-"];
    // Like the new password, on standard input: a command line is in the list of processes.
    const configuration = [
        `url = "${url}/api/user"`,
        `user = "admin:${password}"`,
        'output = "/dev/null"',
        'write-out = "%{http_code}"',
    ].join("\n");
    const status = String(await container.exec(curl, { input: Readable.from([configuration]) }));
    switch (status) {
        case "200":
            return undefined;
        case "401":
            return refused;
        default:
            return `it answers a login with HTTP ${status}`;
    }
}

async function reset({ password }: Inputs, container: Watched): Promise<void> {
    const command = ["grafana", "cli", "admin", "reset-admin-password", "--password-from-stdin"];
    await container.exec(command, { input: Readable.from([`${password}\n`]), seconds: resetSeconds });
}
