import { execFileSync, spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";

/** The example, with the library as `npm install` puts it there, and this checkout's packages for what both depend on. */
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-library-"));
const modules = path.join(folder, "node_modules");
const environment = {
    ...process.env,
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: "",
    PULUMI_SKIP_UPDATE_CHECK: "true",
};

function pulumi(...args: string[]): { code: number | null; output: string } {
    const done = spawnSync(path.resolve("node_modules/.bin/pulumi"), args, { cwd: folder, env: environment, encoding: "utf8", maxBuffer: 64 << 20 });
    return { code: done.status, output: done.stdout + done.stderr };
}

beforeAll(() => {
    fs.cpSync("examples/own-hosts", folder, { recursive: true, filter: (file) => !file.endsWith("node_modules") });
    fs.mkdirSync(modules);
    for (const name of fs.readdirSync("node_modules")) {
        fs.symlinkSync(path.resolve("node_modules", name), path.join(modules, name));
    }
    execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { stdio: ["ignore", "ignore", "inherit"] });
    const [packed = ""] = fs.readdirSync(folder).filter((file) => file.endsWith(".tgz"));
    fs.mkdirSync(path.join(modules, "storm-on-docker"));
    execFileSync("tar", ["-xzf", path.join(folder, packed), "--strip-components=1", "-C", path.join(modules, "storm-on-docker")]);
    expect(pulumi("stack", "select", "--create", "rack")).toMatchObject({ code: 0 });
});

afterAll(() => fs.rmSync(folder, { recursive: true }));

test("the example compiles against the package's types", () => {
    const { status, stdout } = spawnSync(path.resolve("node_modules/.bin/tsc"), ["--project", folder], { encoding: "utf8" });
    expect([status, stdout]).toEqual([0, ""]);
});

test("a preview of the example makes the cluster on the machines that its settings name", () => {
    const { code, output } = pulumi("preview", "--json");
    expect([code, output]).toEqual([0, expect.stringContaining("{")]);
    const { steps } = JSON.parse(output.slice(output.indexOf("{"))) as { steps: { op: string; urn: string }[] };
    expect(steps.filter(({ op }) => op !== "create")).toEqual([]);
    const kinds = steps.map(({ urn }) => (urn.split("::")[2] ?? "").split("$").at(-1) as string);
    const counts = Object.fromEntries(kinds.map((kind) => [kind, kinds.filter((each) => each === kind).length]));
    expect(counts).toMatchObject({
        "storm:hosts:SshHost": 3,
        "pulumi:providers:docker": 3,
        "storm:storm:StormCluster": 1,
        // ZooKeeper, Nimbus, UI, two supervisors.
        "storm:storm:Daemon": 5,
        "docker:index/container:Container": 5,
        "storm:index:Ready": 5,
        // ZooKeeper's on one machine, Storm's on all.
        "docker:index/remoteImage:RemoteImage": 4,
    });
});

test("what the package has Pulumi run by itself finds the package", () => {
    fs.writeFileSync(
        path.join(folder, "index.ts"),
        `import { Owner, SshHost } from "storm-on-docker";
        new SshHost("nowhere", { address: "127.0.0.1", endpoint: { port: 1 }, seconds: 1, owner: new Owner("owner").key });`,
    );
    const { code, output } = pulumi("up", "--yes", "--skip-preview");
    expect(output).toContain("nowhere (127.0.0.1:1) does not answer over SSH within 1 s");
    expect(code).not.toBe(0);
});
