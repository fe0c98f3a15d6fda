/** What AWS's Session Manager needs on this machine, and what its command line says. */
import { messageOf } from "../waiting";
import { run } from "./command";

/** The programs that open a session, and what to install where one is missing. */
const tools = {
    aws: "AWS's command line: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html",
    "session-manager-plugin":
        "the plugin of AWS's command line: " +
        "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html",
};

/** The programs of Session Manager that cannot be run here: what each says, and what to install. Nothing is connected to. */
export async function missingTools(): Promise<string[]> {
    const problems = Object.entries(tools).map(([tool, what]) =>
        run(undefined, [tool, "--version"]).then(
            () => undefined,
            (error) => `\`${tool}\` cannot be run (${messageOf(error)}): install ${what}`,
        ),
    );
    return (await Promise.all(problems)).filter((problem) => problem !== undefined);
}

/** What `aws` says when no later attempt opens a session either, and what to do about it. */
const hopeless: [RegExp, string][] = [
    [/\baws: (command )?not found/, `Install ${tools.aws}`],
    [/SessionManagerPlugin is not found/, `Install ${tools["session-manager-plugin"]}`],
    [
        /AccessDenied/,
        "These credentials need ssm:StartSession on the instance and on the document AWS-StartSSHSession, and " +
            "ssmmessages:OpenDataChannel on their own sessions: see `LoginThroughSessionManager` in docs/aws-policy.json.",
    ],
    [
        /Unable to locate credentials|ExpiredToken|UnrecognizedClient|InvalidClientTokenId|config profile .* could not be found/,
        "`aws` has its credentials from the environment, or from the profile that aws:profile names.",
    ],
];

/**
 * Why no session can be opened, whatever time passes, and what to do; undefined: another attempt may open one, as the agent of an
 * instance that starts is not connected yet (TargetNotConnected).
 * @param said What `ssh` and `aws` have printed.
 */
export function sessionProblem(said: string): string | undefined {
    return hopeless.find(([pattern]) => pattern.test(said))?.[1];
}
