import { spawn } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { withLogviewer } from "../../components/storm/daemons/logviewer";

/**
 * Runs the script with a stand-in for `storm` that records how it was called, then runs until it is told to end, or
 * ends at once where its name is in `ends`.
 */
function start(ends: string) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-script-"));
    const log = path.join(folder, "log");
    const storm = `#!/usr/bin/env bash
echo "started $*" >>${log}
trap 'echo "stopped $1" >>${log}; exit 143' TERM
[ "$1" != "${ends}" ] || { until [ "$(grep -c started ${log})" -ge 2 ]; do sleep 0.05; done; exit 7; }
while kill -0 $PPID; do sleep 0.05; done
`;
    fs.writeFileSync(path.join(folder, "storm"), storm, { mode: 0o755 });
    const child = spawn("bash", ["-c", withLogviewer, "storm", "-c", "a=[1, 2]"], {
        env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
    });
    const exited = new Promise<number | null>((resolve) => child.on("exit", resolve));
    const lines = () => (fs.existsSync(log) ? fs.readFileSync(log, "utf8").trim().split("\n").sort() : []);
    return { child, exited, lines };
}

const until = async (condition: () => boolean) => {
    while (!condition()) {
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
};

test("both processes get the launch arguments, and the container ends once the supervisor has stopped", async () => {
    const { child, exited, lines } = start("neither");
    await until(() => lines().length === 2);
    expect(lines()).toEqual(["started logviewer -c a=[1, 2]", "started supervisor -c a=[1, 2]"]);
    child.kill("SIGTERM");
    expect(await exited).toBe(143);
    expect(lines()).toContain("stopped supervisor");
});

test("when the supervisor ends, the container ends with its exit code", async () => {
    expect(await start("supervisor").exited).toBe(7);
});

test("when the logviewer ends, it is started again, and the supervisor goes on", async () => {
    const { child, exited, lines } = start("logviewer");
    await until(() => lines().filter((line) => line.startsWith("started logviewer")).length === 2);
    expect(lines()).not.toContain("stopped supervisor");
    child.kill("SIGTERM");
    expect(await exited).toBe(143);
}, 20_000);
