// What scripts/setup prints of apt-get, and which image of Storm it pulls, by stand-ins for apt-get and Docker.
import { execFileSync, spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { clusterDefaults } from "../../components/storm/spec/defaults";

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

describe("the image of Storm, if the stack sets none, is", () => {
    /** What the function of scripts/setup prints, where Docker has these containers. */
    function unsetStormImage(containers: Record<string, string>, purpose = ""): string {
        const cases = Object.entries(containers).map(([name, image]) => `*" ${name}") echo ${image}; exit ;;`);
        // For a container that does not exist, docker prints an empty line.
        const docker = `#!/bin/bash\ncase "$*" in ${cases.join(" ")} esac\necho\nexit 1\n`;
        fs.writeFileSync(path.join(folder, "docker"), docker, { mode: 0o755 });
        const [body] = /^unset_storm_image\(\) \{.*?^\}$/ms.exec(fs.readFileSync("scripts/setup", "utf8")) ?? [];
        const script = `set -euo pipefail\n. scripts/env.sh\nPATH=${folder}:$PATH purpose=${purpose}\n${body}\nunset_storm_image`;
        return execFileSync("bash", ["-c", script], { env: { ...process.env, STACK: "mine" }, encoding: "utf8" });
    }

    test("the default for a new stack, whatever other stacks have", () => {
        expect(unsetStormImage({ "storm-local-nimbus-1": "storm:2.8.9" })).toBe(`${clusterDefaults.stormImage}\n`);
    });

    test("that of its containers for an existing stack, and not for the tests' own stacks", () => {
        const containers = { "storm-mine-nimbus-1": "storm:2.8.9" };
        expect(unsetStormImage(containers)).toBe("storm:2.8.9\n");
        expect(unsetStormImage(containers, "tests")).toBe(`${clusterDefaults.stormImage}\n`);
    });
});

describe("images are pulled", () => {
    /** What the function of scripts/setup does, where Docker has no image and prints `problem` for a pull; default: it pulls. */
    function pull(settings: Record<string, string>, problem = "", purpose = "") {
        const docker = `#!/bin/bash
case "$1" in
    pull) echo "$3" >>${folder}/pulled; [ -z "$PROBLEM" ] || { echo "$PROBLEM" >&2; exit 1; } ;;
    *) exit 1 ;;
esac`;
        fs.writeFileSync(path.join(folder, "docker"), docker, { mode: 0o755 });
        const source = fs.readFileSync("scripts/setup", "utf8");
        const functions = source.match(/^(say|fail|images)\(\) \{.*?\}$/gms)?.join("\n");
        const cases = Object.entries(settings).map(([key, value]) => `storm:${key}) echo "${value}" ;;`);
        const setting = `setting() { case $1 in ${cases.join(" ")} *) echo ;; esac; }`;
        const start = `set -euo pipefail\nlocal_dir=${folder} purpose=${purpose}\n${functions}\n${setting}`;
        const { status, stderr } = spawnSync("bash", ["-c", `${start}\nimages ${Object.keys(settings)[0]}`], {
            env: { ...process.env, PATH: `${folder}:${process.env.PATH}`, PROBLEM: problem },
            encoding: "utf8",
        });
        return { status, stderr, pulled: fs.readFileSync(path.join(folder, "pulled"), "utf8").trim() };
    }
    const registry = { ui: "true", imageRegistry: "public.ecr.aws/docker/library" };

    test("from storm:imageRegistry, if their names are short, and not for the tests' own stacks", () => {
        const image = { proxyImage: "haproxy:3.2" };
        expect(pull({ ...image, ...registry })).toMatchObject({
            status: 0,
            pulled: "public.ecr.aws/docker/library/haproxy:3.2",
        });
        expect(
            pull({ ...image, ...registry }, "", "tests")
                .pulled.split("\n")
                .at(-1),
        ).toBe("haproxy:3.2");
        expect(
            pull({ etcdImage: "quay.io/etcd:1", ...registry })
                .pulled.split("\n")
                .at(-1),
        ).toBe("quay.io/etcd:1");
    });

    test("no more if Docker Hub's limit is reached, and the way out is shown", () => {
        const problem = "toomanyrequests: You have reached your unauthenticated pull rate limit.";
        const { status, stderr } = pull({ proxyImage: "haproxy:3.2", ui: "true" }, problem);
        expect(status).toBe(1);
        expect(stderr).toContain(`setup: image haproxy:3.2: ${problem}`);
        expect(stderr).toContain("set storm:imageRegistry, run docker login, or wait up to 6 hours");
    });
});
