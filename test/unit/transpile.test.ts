import { execFile } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { promisify } from "util";
import * as ts from "typescript";

jest.setTimeout(60_000);

/** A project with the hook, this one's packages, and a file whose fifth line, the third of the JavaScript, throws. */
let root: string;
const cache = () => path.join(root, "node_modules/.cache/storm");
const thrower = `interface Settings {
    supervisors: number;
}
export function read(settings: Settings): never {
    throw new Error(\`wrong: \${settings.supervisors}\`);
}
`;

beforeEach(() => {
    root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "transpile-")));
    fs.mkdirSync(path.join(root, "scripts"));
    fs.copyFileSync("scripts/transpile.js", path.join(root, "scripts/transpile.js"));
    fs.mkdirSync(path.join(root, "node_modules"));
    for (const name of fs.readdirSync("node_modules").filter((name) => !name.startsWith("."))) {
        fs.symlinkSync(path.resolve("node_modules", name), path.join(root, "node_modules", name));
    }
    fs.writeFileSync(path.join(root, "settings.ts"), thrower);
    fs.writeFileSync(
        path.join(root, "index.ts"),
        'import { read } from "./settings";\nconst supervisors: number = 2;\nread({ supervisors });\n',
    );
});
afterEach(() => fs.rmSync(root, { recursive: true }));

/** What the file prints, or what it fails with. */
async function run(file = "index.ts"): Promise<string> {
    const { stdout, stderr } = await promisify(execFile)(
        process.execPath,
        ["--require", "./scripts/transpile.js", file],
        { cwd: root },
    ).catch((error: { stdout: string; stderr: string }) => error);
    return stdout + stderr;
}

const shown = () =>
    expect.stringMatching(
        /settings\.ts:5\n[^]*Error: wrong: 2\n +at read \(.*\/settings\.ts:5:11\)\n +at .*\/index\.ts:3:/,
    ) as string;

test("an error shows the line of the .ts file, also where the cache has it", async () => {
    expect(await run()).toEqual(shown());
    expect(fs.readdirSync(path.join(cache(), "transpiled")).sort()).toEqual(["index.ts.js", "settings.ts.js"]);
    expect(await run()).toEqual(shown());
});

test("an edited file runs as it is now", async () => {
    await run();
    fs.writeFileSync(path.join(root, "settings.ts"), 'export const read = () => console.log("edited");\n');
    expect(await run()).toBe("edited\n");
});

test("without a place for the cache it runs all the same", async () => {
    fs.mkdirSync(path.join(root, "node_modules/.cache"));
    fs.writeFileSync(cache(), "");
    expect(await run()).toEqual(shown());
});

test("runs at the same time leave whole files behind", async () => {
    expect(await Promise.all(Array.from({ length: 4 }, () => run()))).toEqual(Array.from({ length: 4 }, shown));
    expect(fs.readdirSync(path.join(cache(), "transpiled")).sort()).toEqual(["index.ts.js", "settings.ts.js"]);
    expect(await run()).toEqual(shown());
});

test("Node.js without a compile cache runs it too", async () => {
    fs.writeFileSync(
        path.join(root, "old.js"),
        'delete require("module").enableCompileCache; delete require("module").setSourceMapsSupport;\n',
    );
    fs.writeFileSync(
        path.join(root, "scripts/transpile.js"),
        `require("../old");\n${fs.readFileSync("scripts/transpile.js", "utf8")}`,
    );
    expect(await run()).toEqual(shown());
    expect(fs.readdirSync(cache())).toEqual(["transpiled"]);
});

test("Pulumi's SDK is loaded without what few programs use, which is loaded when it is used", async () => {
    fs.writeFileSync(
        path.join(root, "sdk.ts"),
        `import * as pulumi from "@pulumi/pulumi";
        const loaded = () => ["typescript", "arborist", "inspector"].filter((name) =>
            Object.values(require.cache).some((module) => module?.filename?.includes(name)) || process.moduleLoadList.includes(\`NativeModule \${name}\`));
        declare const process: { moduleLoadList: string[] };
        const before = loaded();
        void pulumi.runtime.serializeFunction(() => before).then(({ text }) => console.log(before, loaded(), text.includes("__f0")));`,
    );
    expect(await run("sdk.ts")).toBe("[] [ 'typescript', 'inspector' ] true\n");
});

test("what SWC and TypeScript are told of the sources is the same", () => {
    const { options } = ts.parseJsonConfigFileContent(
        ts.readConfigFile("tsconfig.json", (file) => ts.sys.readFile(file)).config,
        ts.sys,
        ".",
    );
    const source = fs.readFileSync("scripts/transpile.js", "utf8");
    expect({
        target: /target: "(.*)"/.exec(source)?.[1],
        module: /type: "(.*)"/.exec(source)?.[1],
        noInterop: /noInterop: (\w+)/.exec(source)?.[1],
        useDefineForClassFields: /useDefineForClassFields: (\w+)/.exec(source)?.[1],
    }).toEqual({
        target: ts.ScriptTarget[options.target ?? 0]?.toLowerCase(),
        module: ts.ModuleKind[options.module ?? 0]?.toLowerCase(),
        noInterop: String(!options.esModuleInterop),
        useDefineForClassFields: String(options.useDefineForClassFields),
    });
});
