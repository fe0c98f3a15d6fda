// What opens sessions of Session Manager on this machine: stand-ins for `aws` and `ssh`.
import type * as ChildProcess from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { script } from "../../provider/kinds/script";
import { missingTools, sessionProblem } from "../../provider/machines/sessionManager";
import { connect } from "../../provider/machines/sshConnection";

// A test's own environment is not the one that programs start with.
jest.mock("child_process", () => {
    const actual = jest.requireActual<typeof ChildProcess>("child_process");
    const withEnvironment = (file: string, args: string[], ...[options, done]: (object | undefined)[]) =>
        actual.execFile(
            file,
            args,
            { ...(done && options), env: process.env },
            (done ?? options) as Parameters<typeof actual.execFile>[3],
        );
    return { ...actual, execFile: withEnvironment };
});

const standIns = path.resolve("test/lab/ec2/session-manager");
let folder: string;
const { PATH, AWS_ACCESS_KEY_ID, AWS_PROFILE } = process.env;

beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-sessions-"));
    process.env.PATH = `${folder}:${standIns}:${PATH}`;
    process.env.AWS_ACCESS_KEY_ID = "test";
    delete process.env.AWS_PROFILE;
});
afterEach(() => {
    fs.rmSync(folder, { recursive: true });
    const given = Object.entries({ PATH, AWS_ACCESS_KEY_ID, AWS_PROFILE });
    given.forEach(([name, value]) => (value === undefined ? delete process.env[name] : (process.env[name] = value)));
});

/** A program in the PATH, in the place of the real one or of its stand-in. */
function program(name: string, text: string): void {
    fs.writeFileSync(path.join(folder, name), `#!/bin/sh\necho "$*" >>"$0.calls"\n${text}\n`, { mode: 0o755 });
}
const callsOf = (name: string) =>
    fs
        .readFileSync(path.join(folder, `${name}.calls`), "utf8")
        .trim()
        .split("\n");

const args = {
    host: "zookeeper-1",
    endpoint: { address: "i-0123456789abcdef0", port: 22, user: "ec2-user" },
    access: { sessionManager: { region: "eu-central-1" } },
    seconds: 1.5,
    ifGone: "Terminate it.",
    ifOtherKey: "",
};

describe("an instance", () => {
    test("whose agent is not connected is tried again until its limit, and then what AWS says is shown", async () => {
        program("aws", `exec "${standIns}/aws" "$@"`);
        await expect(connect(args, "ssh-ed25519 AAAA")).rejects.toThrow(
            /^zookeeper-1 \(i-0123456789abcdef0\) does not answer over SSH within 1.5 s: [^]*TargetNotConnected[^]* is not connected\.[^]*Terminate it\.$/,
        );
        expect(callsOf("aws").length).toBeGreaterThan(1);
        expect(callsOf("aws")[0]).toBe(
            "ssm start-session --target i-0123456789abcdef0 --document-name AWS-StartSSHSession --parameters portNumber=22 --region eu-central-1",
        );
    });

    test("that these credentials may not open a session with fails at once", async () => {
        program(
            "aws",
            'echo "An error occurred (AccessDeniedException) when calling the StartSession operation: no" >&2; exit 254',
        );
        await expect(connect({ ...args, seconds: 60 }, "ssh-ed25519 AAAA")).rejects.toThrow(
            /^No session with zookeeper-1 [^]*AccessDenied[^]*ssm:StartSession/,
        );
        expect(callsOf("aws")).toHaveLength(1);
    });
});

test.each([
    ["no `aws`", "sh: 1: exec: aws: not found", /^Install AWS's command line/],
    ["no `aws`, in bash's words", "bash: line 1: exec: aws: not found", /^Install AWS's command line/],
    ["no plugin", "SessionManagerPlugin is not found. Please refer to", /^Install the plugin/],
    ["no credentials", "Unable to locate credentials. You can configure", /^`aws` has its credentials/],
])("%s: no other attempt opens a session", (_, said, advice) => {
    expect(sessionProblem(said)).toMatch(advice);
});

test("throttled calls and an agent that is not connected yet may be tried again", () => {
    const errors = ["TargetNotConnected", "ThrottlingException"];
    expect(errors.map((code) => sessionProblem(`An error occurred (${code}) when calling`))).toEqual([
        undefined,
        undefined,
    ]);
});

test("what is missing on this machine is named, with where to get it", async () => {
    expect(await missingTools()).toEqual([]);
    process.env.PATH = folder;
    expect(await missingTools()).toEqual([
        expect.stringMatching(/^`aws` cannot be run \(.*ENOENT.*\): install AWS's command line: https:/),
        expect.stringMatching(
            /^`session-manager-plugin` cannot be run .*: install the plugin of AWS's command line: https:/,
        ),
    ]);
});

describe("a script", () => {
    const inputs = (ssh: string[]) => ({ host: "ui", ssh, stdin: "echo made", update: "cat >/dev/null", triggers: [] });
    const here = ["sh", "-c"];

    test("runs once, and less when only the way to connect is another", async () => {
        expect(await script.create?.(inputs(here))).toEqual({ stdout: "made\n" });
        expect(await script.update?.({ ...inputs(here), stdout: "" }, inputs(here))).toEqual({ stdout: "" });
    });

    test("is tried again where `ssh` did not connect, and not where it failed itself", async () => {
        program("ssh", '[ "$(wc -l <"$0.calls")" -gt 1 ] || exit 255\nexec sh -c "$1"');
        expect(await script.create?.(inputs(["ssh"]))).toEqual({ stdout: "made\n" });
        const failing = script.create?.({ ...inputs(here), stdin: "echo no Docker >&2; exit 12" });
        await expect(failing).rejects.toThrow("ui: no Docker");
    });
});
