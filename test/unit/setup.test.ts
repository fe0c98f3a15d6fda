// What scripts/setup prints of apt-get, by a stand-in for it.
import { spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";

const warning = "W: Target Packages (main/binary-amd64/Packages) is configured multiple times";

/** Prints the warning, and fails with the given words: `update` with the first, `install` with the second. */
const aptGet = `#!/bin/bash
echo "${warning}" >&2
echo "reading package lists"
case $1 in
    update) problem=$UPDATE_PROBLEM ;;
    install) problem=$INSTALL_PROBLEM; echo "$*" >>"$(dirname "$0")/installed" ;;
esac
[ -z "$problem" ] || { echo "E: $problem" >&2; exit 100; }
`;

let folder: string;

beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-setup-"));
    fs.writeFileSync(path.join(folder, "apt-get"), aptGet, { mode: 0o755 });
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

/** Installs packages with the functions of scripts/setup. */
function install(problems: { update?: string; install?: string } = {}) {
    const functions = fs.readFileSync("scripts/setup", "utf8").match(/^(say|fail|install_packages)\(\) \{.*?\}$/gms);
    const script = `set -euo pipefail\n${functions?.join("\n")}\ninstall_packages docker.io iptables\nsay "went on"`;
    const done = spawnSync("bash", ["-c", script], {
        env: {
            ...process.env,
            PATH: `${folder}:${process.env.PATH}`,
            TMPDIR: folder,
            UPDATE_PROBLEM: problems.update ?? "",
            INSTALL_PROBLEM: problems.install ?? "",
        },
        encoding: "utf8",
    });
    expect(fs.readFileSync(path.join(folder, "installed"), "utf8")).toMatch(/ docker\.io iptables$/m);
    expect(fs.readdirSync(folder).sort()).toEqual(["apt-get", "installed"]);
    return { code: done.status, output: done.stdout, messages: done.stderr };
}

test("nothing that apt-get prints is shown where it installs the packages", () => {
    expect(install()).toEqual({ code: 0, output: "setup: went on\n", messages: "" });
});

test("a source that cannot be read stops nothing if the packages can be installed", () => {
    expect(install({ update: "no Release file" })).toEqual({ code: 0, output: "setup: went on\n", messages: "" });
});

test("where it fails, all of what it printed is shown, and which packages are missing", () => {
    const { code, output, messages } = install({ update: "no Release file", install: "Unable to locate docker.io" });
    expect([code, output]).toEqual([1, ""]);
    expect(messages).toContain(warning);
    expect(messages).toContain("E: no Release file");
    expect(messages).toMatch(/E: Unable to locate docker\.io\nsetup: apt-get did not install docker\.io iptables: /);
});
