// A script stands in for `ssh` to a busy machine: it fails as OpenSSH does, with exit code 255, until it is asked again.
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import * as pulumi from "@pulumi/pulumi";
import { removeOrphan } from "../../components/hosts/docker/orphan";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-orphan-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** A login that fails as often as `failures` says, with that exit code, and then runs nothing. */
function login(name: string, failures: number, code: number): string[] {
    const counter = path.join(folder, name);
    fs.writeFileSync(counter, "");
    const script = `echo >>"$0"; [ "$(wc -l <"$0")" -gt ${failures} ] || { echo "Connection timed out during banner exchange" >&2; exit ${code}; }`;
    return ["sh", "-c", script, counter];
}
const attempts = (name: string) => fs.readFileSync(path.join(folder, name), "utf8").length;
async function remove(ssh: string[]): Promise<void> {
    const { beforeCreate = [] } = removeOrphan({ kind: "container", named: "a", owner: pulumi.output("key"), ssh });
    await (beforeCreate[0] as unknown as () => Promise<void>)();
}

test("a machine that does not accept one connection in time is asked again", async () => {
    await remove(login("busy", 2, 255));
    expect(attempts("busy")).toBe(3);
});

test("a command that fails on the machine is not repeated", async () => {
    await expect(remove(login("failing", 9, 1))).rejects.toThrow("Connection timed out");
    expect(attempts("failing")).toBe(1);
});
