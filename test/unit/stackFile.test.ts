import { spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { carriedOver } from "../../scripts/carryOver";
import { configOf, withSettings } from "../../scripts/stackFile";

test("a setting is set, and comments and others stay", () => {
    const text = "# Mine.\nconfig:\n  # Two.\n  storm:slots: 2 # of each\n  storm:heap: {ui: 384}\n";
    expect(withSettings(text, { "storm:slots": "4", "storm:ui": false })).toBe(
        '# Mine.\nconfig:\n  # Two.\n  storm:slots: "4" # of each\n  storm:heap: {ui: 384}\n  storm:ui: false\n',
    );
});

test.each(["", "config:\n", "config: {}\n", "# Mine.\n"])("a file without settings gets its first: %j", (text) => {
    expect(configOf(withSettings(text, { "storm:slots": 4 }))).toEqual({ "storm:slots": 4 });
});

test.each([
    [
        "two settings in one",
        "config:\n  storm:slots: 2 storm:ui: false\n",
        2,
        "this is not valid YAML: Nested mappings",
    ],
    ["a tab", "config:\n\tstorm:slots: 2\n", 2, "this is not valid YAML: Tabs"],
    ["a setting twice", "config:\n  a: 1\n  a: 2\n", 3, "this is not valid YAML: Map keys must be unique"],
    ["a list of settings", "# Mine.\nconfig:\n  - storm:slots: 2\n", 3, "config must be a map of settings"],
    ["a word for settings", "config: none\n", 1, "config must be a map of settings"],
    ["no map", "storm:slots=2\n", 1, "a stack file is a map with the key config"],
])("a file with %s is refused, with the line", (_, text, line, problem) => {
    expect(() => configOf(text, "Pulumi.x.yaml")).toThrow(`Pulumi.x.yaml, line ${line}: ${problem}`);
});

describe("a stack file of before, in .local, is carried over:", () => {
    const salt = "v1:abc=:v1:xyz";

    test("the user's settings, secrets and salt are set in the stack file, whose comments stay", () => {
        const former = `encryptionsalt: ${salt}\nconfig:\n  storm:slots: "4"\n  storm:sshKey:\n    secure: v1:secret\n  storm:ui: "true"\n`;
        const { text, kept } = carriedOver("# Mine.\nconfig:\n  storm:ui: true\n  storm:slots: 4\n", former);
        expect(text).toBe(
            `# Mine.\nconfig:\n  storm:ui: true\n  storm:slots: 4\n  storm:sshKey:\n    secure: v1:secret\nencryptionsalt: ${salt}\n`,
        );
        expect(kept).toEqual([]);
    });

    test("where the two differ, what the cluster runs with stays, and each is named", () => {
        const { text, kept } = carriedOver(
            "config:\n  storm:slots: 2\n  storm:ui: false\n",
            "config:\n  storm:slots: 4\n",
        );
        expect(configOf(text)).toEqual({ "storm:slots": 4, "storm:ui": false });
        expect(kept).toEqual(["storm:slots stays 4; it was 2", "storm:ui is false; the cluster ran without it"]);
    });

    test("one that has nothing else changes nothing", () => {
        const text = "config:\n  storm:slots:   2\n";
        expect(carriedOver(text, 'config:\n  storm:slots: "2"\n')).toEqual({ text, kept: [] });
    });
});

describe("a checkout", () => {
    let folder: string;
    const file = (name: string) => path.join(folder, name);
    const read = (name: string) => fs.readFileSync(file(name), "utf8");
    const template = fs.readFileSync("templates/Pulumi.local.yaml", "utf8");
    const airgap = configOf(fs.readFileSync("airgap/settings.yaml", "utf8"));

    /** Runs functions of scripts/env.sh in the checkout. */
    function run(command: string, env: Record<string, string> = {}) {
        const script = `set -euo pipefail; . scripts/env.sh; ${command}`;
        const inherited = { ...process.env, STACK: "", STORM: "", PULUMI_OPTION_CONFIG_FILE: "" };
        const done = spawnSync("bash", ["-c", script], {
            cwd: folder,
            env: { ...inherited, ...env },
            encoding: "utf8",
        });
        return { code: done.status, output: done.stdout, messages: done.stderr };
    }

    beforeEach(() => {
        folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-stack-file-"));
        for (const name of ["package.json", "Pulumi.yaml", "Pulumi.dev.yaml", "templates", "scripts", "airgap"]) {
            fs.symlinkSync(path.resolve(name), file(name));
        }
        for (const name of ["scripts", "Pulumi.dev.yaml"]) {
            fs.rmSync(file(name));
            fs.cpSync(name, file(name), { recursive: true });
        }
        fs.symlinkSync(path.resolve("node_modules"), file("node_modules"));
        fs.mkdirSync(file(".local"));
    });
    afterEach(() => fs.rmSync(folder, { recursive: true }));

    test("that is new has a copy of the template, which stays as the user leaves it", () => {
        fs.rmSync(file(".local"), { recursive: true });
        expect(run("bring_settings")).toMatchObject({
            code: 0,
            messages: expect.stringContaining("Pulumi.local.yaml: copied") as string,
        });
        expect(read("Pulumi.local.yaml")).toBe(template);
        fs.writeFileSync(file("Pulumi.local.yaml"), "config: {}\n");
        expect(run("bring_settings; setting storm:supervisors")).toEqual({ code: 0, output: "2\n", messages: "" });
        expect(read("Pulumi.local.yaml")).toBe("config: {}\n");
    });

    test("whose machine has airgap's images has their settings in the file of `local` alone", () => {
        fs.writeFileSync(file(".local/airgap"), "");
        expect(run("bring_settings", { STACK: "dev" }).messages).toContain("storm:ui is set to false");
        expect(configOf(read("Pulumi.local.yaml"))).toEqual({ ...configOf(template), ...airgap });
        expect(read("Pulumi.dev.yaml")).toBe(fs.readFileSync("Pulumi.dev.yaml", "utf8"));
    });

    test("whose machine turns out to need them keeps what the user has set", () => {
        fs.writeFileSync(file("Pulumi.local.yaml"), "config:\n  storm:stormImage: storm:2.8.4\n");
        expect(run("use_airgap_settings")).toMatchObject({ code: 0 });
        expect(configOf(read("Pulumi.local.yaml"))).toEqual({ ...airgap, "storm:stormImage": "storm:2.8.4" });
    });

    test("STORM=1.2.4 stays set", () => {
        expect(run("bring_settings", { STORM: "1.2.4" })).toMatchObject({ code: 0 });
        expect(run("bring_settings; setting storm:stormImage").output).toBe("storm:1.2.4\n");
    });

    test("of before moves the file of `local` out of .local, even where another stack is meant, and ignores the former exports", () => {
        const mine = "encryptionsalt: v1:abc=:v1:xyz\nconfig:\n  storm:slots: 7\n";
        fs.writeFileSync(file(".local/Pulumi.local.yaml"), mine);
        fs.writeFileSync(file(".local/Pulumi.local.yaml.base"), "");
        const former = { PULUMI_OPTION_CONFIG_FILE: file(".local/Pulumi.local.yaml"), STACK: "dev" };
        const { code, output, messages } = run('bring_settings; echo "${PULUMI_OPTION_CONFIG_FILE-unset}"', former);
        expect([code, output]).toEqual([0, "unset\n"]);
        expect(messages).toContain("Pulumi.local.yaml: moved from .local");
        expect(read("Pulumi.local.yaml")).toBe(mine);
        expect(fs.readdirSync(file(".local"))).toEqual([]);
    });

    test("of before sets another stack's settings in its committed file", () => {
        fs.writeFileSync(file(".local/Pulumi.dev.yaml"), "config:\n  storm:slots: 7\n");
        expect(run("bring_settings", { STACK: "dev" }).messages).toContain("Pulumi.dev.yaml: has what");
        const dev = configOf(fs.readFileSync("Pulumi.dev.yaml", "utf8"));
        expect(configOf(read("Pulumi.dev.yaml"))).toEqual({ ...dev, "storm:slots": 7 });
        expect(fs.readdirSync(file(".local"))).toEqual([]);
    });

    test("without the passphrase that the stack's file is encrypted by says so, unless nothing in the file of `local` is", () => {
        const secret = "config:\n  storm:sshKey:\n    secure: v1:secret\nencryptionsalt: v1:abc=:v1:xyz\n";
        fs.writeFileSync(file("Pulumi.local.yaml"), secret);
        const env = { PULUMI_BACKEND_URL: `file://${folder}`, HOME: folder };
        const use = "unset PULUMI_CONFIG_PASSPHRASE PULUMI_CONFIG_PASSPHRASE_FILE; use_stack";
        expect(run(use, env)).toMatchObject({
            code: 2,
            messages: expect.stringContaining("a passphrase that this checkout does not have") as string,
        });
        expect(read("Pulumi.local.yaml")).toBe(secret);
        fs.writeFileSync(file("Pulumi.local.yaml"), `${template}encryptionsalt: v1:abc=:v1:xyz\n`);
        expect(run(use, env)).toMatchObject({ code: 0 });
        expect(read("Pulumi.local.yaml")).toBe(template);
    });

    test("whose stack file is broken says so in one message, and changes nothing", () => {
        fs.writeFileSync(file("Pulumi.local.yaml"), "config:\n  storm:slots: 2 3: 4\n");
        expect(run("use_stack")).toEqual({
            code: 2,
            output: "",
            messages: expect.stringMatching(/^Pulumi\.local\.yaml, line 2: this is not valid YAML: .*\n$/) as string,
        });
        expect(read("Pulumi.local.yaml")).toBe("config:\n  storm:slots: 2 3: 4\n");
    });

    test("has the exports to print in a script that another one has run", () => {
        const env = { HOME: folder, DOCKER_HOST: "unix:///run/x", PULUMI_BACKEND_URL: "", PULUMI_ACCESS_TOKEN: "" };
        const unset = "unset STORM_EXPORTS PULUMI_CONFIG_PASSPHRASE PULUMI_CONFIG_PASSPHRASE_FILE";
        const inner = 'set -eu; . scripts/env.sh; use_stack; echo "$exports"';
        const { output } = run(`${unset}; use_stack; echo "$exports"; bash -c '${inner}'`, env);
        const lines = output.split("\n").slice(0, -1);
        expect(lines).toHaveLength(4);
        expect(lines[0]).toMatch(/^export PULUMI_BACKEND_URL=/);
        expect(lines.slice(2)).toEqual(lines.slice(0, 2));
    });

    test("without a stack's file says which one it wants", () => {
        expect(run("bring_settings", { STACK: "other" })).toMatchObject({
            code: 2,
            messages: expect.stringContaining(
                "There is no stack file Pulumi.other.yaml: copy Pulumi.local.yaml",
            ) as string,
        });
    });
});
