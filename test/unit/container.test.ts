import { spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { putFile } from "../../provider/machines/container";

/** The root of a container's files, beside a stand-in for Docker's client that unpacks there what it is to copy, as Docker does. */
let root: string;
let ssh: string[];
beforeEach(() => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-container-"));
    root = path.join(folder, "root");
    fs.mkdirSync(path.join(root, "etc/prometheus"), { recursive: true, mode: 0o700 });
    const docker = `#!/bin/bash
[ "$*" = "cp - prometheus:/" ] || { echo "No such container: $*" >&2; exit 1; }
tee "${folder}/archive" | tar -xpf - -C "${root}"
`;
    fs.writeFileSync(path.join(folder, "docker"), docker, { mode: 0o755 });
    ssh = ["env", `PATH=${folder}:${process.env.PATH}`, `TMPDIR=${folder}`, "sh", "-c"];
});
afterEach(() => fs.rmSync(path.dirname(root), { recursive: true }));

const at = (container: string) => ({ container, ssh });

test.each(["/prometheus/consoles/index.html", "/etc/prometheus/targets.json"])(
    "%s is put into a container, for everybody to read",
    async (file) => {
        await putFile(at("prometheus"), file, "it's <b>ü</b>\n");
        expect(fs.readFileSync(root + file, "utf8")).toBe("it's <b>ü</b>\n");
        expect(fs.statSync(root + file).mode & 0o777).toBe(0o644);
        // A folder in the archive would give one that exists another owner and mode.
        const { stdout } = spawnSync("tar", ["-tf", path.join(root, "../archive")], { encoding: "utf8" });
        expect(stdout).toBe(`${file.slice(1)}\n`);
        expect(fs.readdirSync(path.dirname(root)).sort()).toEqual(["archive", "docker", "root"]);
    },
);

test("a file that cannot be put there is an error, with Docker's words, and leaves nothing behind", async () => {
    await expect(putFile(at("gone"), "/etc/prometheus/targets.json", "[]")).rejects.toThrow("No such container");
    expect(fs.readdirSync(path.dirname(root)).sort()).toEqual(["docker", "root"]);
});
