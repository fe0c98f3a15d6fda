import { execFileSync, spawn, spawnSync } from "child_process";
import { once } from "events";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { createInterface } from "readline";
import { type Bundle, controllerBundle } from "../../fleet/bundle";

jest.setTimeout(60_000);

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-bundle-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));

test("the bundle of the same sources and packages in another folder is the same, and is named by its hash", () => {
    const elsewhere = path.join(folder, "some", "where");
    for (const sources of ["fleet", "provider"]) {
        fs.cpSync(sources, path.join(elsewhere, sources), { recursive: true });
    }
    fs.symlinkSync(fs.realpathSync("node_modules"), path.join(elsewhere, "node_modules"));
    const script = `console.log(JSON.stringify(require("${elsewhere}/fleet/bundle").controllerBundle()))`;
    const printed = execFileSync("node", ["--require", path.resolve("scripts/transpile.js"), "--eval", script], {
        encoding: "utf8",
        env: { ...process.env, TMPDIR: folder },
        cwd: elsewhere,
    });
    const other = JSON.parse(printed) as Bundle;
    const bundle = controllerBundle();
    expect(other.sha256).toBe(bundle.sha256);
    expect(other.path).toBe(path.join(folder, `storm-fleet-controller-${other.sha256}.js`));
    const content = fs.readFileSync(bundle.path, "utf8");
    expect(content).toBe(fs.readFileSync(other.path, "utf8"));
    expect(content).not.toMatch(/node_modules|provider\/nimbus/);
    // Nothing is left of how it was written.
    expect(fs.readdirSync(folder).sort()).toEqual(["some", path.basename(other.path)]);
});

const nowhere = { address: "127.0.0.1", port: 1 };
const configuration = {
    ...{ cluster: "a", region: "eu-central-1", group: "a-fleet", nimbuses: [nowhere], own: "127.0.0.1" },
    ...{ owner: "o/p/s/", target: 80, batch: 1, cooldownSeconds: 300, seconds: 20 },
};
/** AWS that answers nobody. */
const env = {
    ...{ AWS_ENDPOINT_URL: "http://127.0.0.1:1", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
    AWS_MAX_ATTEMPTS: "1",
};

test("the program goes on where nobody answers it, and ends at once when it is stopped", async () => {
    const program = spawn("node", [controllerBundle().path, JSON.stringify(configuration)], {
        env: { ...process.env, ...env },
        // One that does not end by itself is not left behind.
        ...{ timeout: 50_000, killSignal: "SIGKILL" },
    });
    const ended = once(program, "exit");
    const lines: string[] = [];
    for await (const line of createInterface(program.stdout)) {
        lines.push(line.replace(/^\d\S+Z /, ""));
        if (line.includes("failed to describe the group")) {
            program.kill("SIGTERM");
        }
    }
    expect(await ended).toEqual([0, null]);
    const refused = "connect ECONNREFUSED 127.0.0.1:1";
    expect(lines).toEqual([
        "controller of group a-fleet for cluster a, each 20 s",
        `leader: nobody. No Nimbus accepts changes. 127.0.0.1: ${refused}`,
        `failed to describe the group: ${refused}; it is tried again`,
    ]);
});

test("the program ends with what is wrong with its configuration", () => {
    const words = [controllerBundle().path, JSON.stringify({ ...configuration, batch: 0 })];
    const { status, stderr } = spawnSync("node", words, { encoding: "utf8", timeout: 50_000, killSignal: "SIGKILL" });
    expect(status).toBe(1);
    expect(stderr).toMatch(/the configuration cannot be used:\nbatch: /);
});
