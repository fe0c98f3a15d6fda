import { execFileSync, spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";

let packed: string;
const folders: string[] = [];

/** An example, with the library as `npm install` puts it there, and this checkout's packages for what both depend on. */
class Example {
    readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-library-"));

    constructor(name: string, stack: string) {
        folders.push(this.folder);
        fs.cpSync(`examples/${name}`, this.folder, {
            recursive: true,
            filter: (file) => !file.endsWith("node_modules"),
        });
        const modules = path.join(this.folder, "node_modules");
        fs.mkdirSync(modules);
        for (const module of fs.readdirSync("node_modules")) {
            fs.symlinkSync(path.resolve("node_modules", module), path.join(modules, module));
        }
        const library = path.join(modules, "storm-on-docker");
        fs.mkdirSync(library);
        execFileSync("tar", ["-xzf", packed, "--strip-components=1", "-C", library]);
        expect(this.pulumi("stack", "select", "--create", stack)).toMatchObject({ code: 0 });
        for (const setting of ["skipCredentialsValidation", "skipRequestingAccountId"]) {
            expect(this.pulumi("config", "set", `aws:${setting}`, "true")).toMatchObject({ code: 0 });
        }
    }

    pulumi(...args: string[]): { code: number | null; output: string } {
        const done = spawnSync(path.resolve("node_modules/.bin/pulumi"), args, {
            cwd: this.folder,
            env: {
                ...process.env,
                PULUMI_BACKEND_URL: `file://${this.folder}`,
                PULUMI_CONFIG_PASSPHRASE: "",
                PULUMI_SKIP_UPDATE_CHECK: "true",
                // With the settings below, AWS's provider asks nobody who these are.
                AWS_ACCESS_KEY_ID: "none",
                AWS_SECRET_ACCESS_KEY: "none",
            },
            encoding: "utf8",
            maxBuffer: 64 << 20,
        });
        return { code: done.status, output: done.stdout + done.stderr };
    }

    /** What a preview would create, by type. */
    previewed(): Record<string, number> {
        const { code, output } = this.pulumi("preview", "--json");
        expect([code, output]).toEqual([0, expect.stringContaining("{")]);
        const { steps } = JSON.parse(output.slice(output.indexOf("{"))) as { steps: { op: string; urn: string }[] };
        expect(steps.filter(({ op }) => op !== "create")).toEqual([]);
        const types = steps.map(({ urn }) => (urn.split("::")[2] ?? "").split("$").at(-1) as string);
        return Object.fromEntries(types.map((type) => [type, types.filter((each) => each === type).length]));
    }
}

beforeAll(() => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-library-"));
    folders.push(folder);
    execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { stdio: ["ignore", "ignore", "inherit"] });
    packed = path.join(folder, fs.readdirSync(folder)[0] as string);
});

afterAll(() => folders.forEach((folder) => fs.rmSync(folder, { recursive: true })));

describe.each([
    [
        "own-hosts",
        "rack",
        {
            "storm:targets:SshTarget": 1,
            "storm:hosts:SshHost": 3,
            "pulumi:providers:docker": 3,
            "storm:storm:StormCluster": 1,
            // ZooKeeper, Nimbus, UI, two supervisors.
            "storm:storm:Daemon": 5,
            "docker:index/container:Container": 5,
            "storm:index:Ready": 5,
            // ZooKeeper's on one machine, Storm's on all.
            "docker:index/remoteImage:RemoteImage": 4,
        },
    ],
    [
        "ec2",
        "dev",
        {
            "storm:targets:Ec2Target": 1,
            // Three ZooKeeper members, two Nimbus daemons, three supervisors, UI.
            "storm:hosts:Ec2Host": 9,
            "aws:ec2/instance:Instance": 9,
            "aws:ec2/subnet:Subnet": 3,
            "storm:storm:Daemon": 9,
            "storm:index:Ready": 9,
        },
    ],
])("the example %s", (name, stack, expected) => {
    let example: Example;
    beforeAll(() => (example = new Example(name, stack)));

    test("compiles against the package's types", () => {
        const { status, stdout } = spawnSync(path.resolve("node_modules/.bin/tsc"), ["--project", example.folder], {
            encoding: "utf8",
        });
        expect([status, stdout]).toEqual([0, ""]);
    });

    test("is previewed: a cluster on the machines that its settings describe", () => {
        expect(example.previewed()).toMatchObject(expected);
    });
});

test("what the package has Pulumi run by itself finds the package", () => {
    const example = new Example("own-hosts", "rack");
    fs.writeFileSync(
        path.join(example.folder, "index.ts"),
        `import { StackId, SshHost } from "storm-on-docker";
        new SshHost("nowhere", { address: "127.0.0.1", endpoint: { port: 1 }, seconds: 1, owner: new StackId("owner").key });`,
    );
    const { code, output } = example.pulumi("up", "--yes", "--skip-preview");
    expect(output).toContain("nowhere (127.0.0.1:1) does not answer over SSH within 1 s");
    expect(code).not.toBe(0);
});
