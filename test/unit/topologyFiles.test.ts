import { execFileSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { contentsOf, fileProblems, packed } from "../../provider/topologies/files";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-topology-files-"));
const before = process.cwd();
beforeAll(() => {
    fs.mkdirSync(path.join(folder, "conf"));
    fs.writeFileSync(path.join(folder, "flux.yaml"), "name: words\n");
    fs.writeFileSync(path.join(folder, "conf/words.txt"), "some words\n", { mode: 0o600 });
    fs.writeFileSync(path.join(folder, "words"), "");
    fs.writeFileSync(path.join(folder, "large"), "");
    fs.truncateSync(path.join(folder, "large"), (10 << 20) + 1);
    process.chdir(folder);
});
afterAll(() => {
    process.chdir(before);
    fs.rmSync(folder, { recursive: true });
});
const problems = (files: string[], words: string[] = []) =>
    fileProblems(files, words).map(({ path: [list, index], message }) => `${list} ${index}: ${message}`);

test("files have to be files of the project, each named once, and not large", () => {
    expect(problems(["./flux.yaml", "conf/words.txt"])).toEqual([]);
    expect(
        problems([path.join(folder, "flux.yaml"), "../flux.yaml", "conf", "none", "flux.yaml", "./flux.yaml"]),
    ).toEqual([
        "files 0: must be a path within the project's folder, relative to it and without `..`",
        "files 1: must be a path within the project's folder, relative to it and without `..`",
        "files 2: is not a file, seen from the project's folder",
        "files 3: is not a file, seen from the project's folder",
        "files 5: is the same file as one before it",
    ]);
    expect(problems(["large", "flux.yaml"])).toEqual([
        "files undefined: is 11 MiB together, more than 10 MiB: put what is large into the jar",
    ]);
});

test("arguments that are paths of files have to be among them; other words may be names of files by chance", () => {
    const words = ["words", "--remote", "./flux.yaml", "conf/words.txt", "./none.yaml", "/etc/passwd", "conf/"];
    const reason = "is a file, which does not exist where the topology is submitted: add it to `files`";
    expect(problems([], words)).toEqual([`arguments 2: ${reason}`, `arguments 3: ${reason}`]);
    expect(problems(["flux.yaml", "./conf/words.txt"], words)).toEqual([]);
});

test("contents go by path, in any order of the files", () => {
    expect(contentsOf([])).toBeUndefined();
    expect(JSON.stringify(contentsOf(["./flux.yaml", "conf/words.txt"]))).toBe(
        JSON.stringify(contentsOf(["conf//words.txt", "flux.yaml"])),
    );
});

test("files are packed with their content, readable for all, unless it has changed", async () => {
    const contents = contentsOf(["flux.yaml", "conf/words.txt"]) ?? {};
    const [archive] = (await (await packed(contents)).toArray()) as Buffer[];
    const tar = (...args: string[]) => execFileSync("tar", args, { input: archive, encoding: "utf8" });
    expect(
        tar("-tf", "-")
            .split("\n")
            .sort()
            .filter((name) => /[^/]$/.test(name)),
    ).toEqual(["files/conf/words.txt", "files/flux.yaml"]);
    expect(tar("-xOf", "-", "files/flux.yaml")).toBe("name: words\n");
    expect(tar("-tvf", "-", "files/conf/words.txt")).toMatch(/^-rw-r--r--/);

    fs.appendFileSync("flux.yaml", "config: {}\n");
    await expect(packed(contents)).rejects.toThrow(/^flux.yaml has another content than the one whose SHA-256 is /);
});
