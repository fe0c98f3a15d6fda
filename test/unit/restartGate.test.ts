import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { unknown } from "../../provider/kind";
import { restartGate } from "../../provider/kinds/restartGate";
import type { Inputs } from "../../provider/schema";

/**
 * In Docker's place: a member has the epoch that is in the file of its name, and answers nothing. Each command is noted.
 */
const docker = `#!/bin/bash
cd "$(dirname "$0")"
printf '%s\\n' "$*" | head -n 1 >>calls
case $2 in
--interactive) exit 1 ;;
*) cat "$2" ;;
esac
`;

let folder: string;
let ssh: string[];
beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-restart-gate-"));
    fs.writeFileSync(path.join(folder, "docker"), docker, { mode: 0o755 });
    ssh = ["env", `PATH=${folder}:${process.env.PATH}`, "sh", "-c"];
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

function gate(...ids: string[]): Inputs<"RestartGate"> {
    const members = ids.map((_, index) => `10.0.0.${index + 1}`);
    const before = ids.map((containerId, member) => ({
        ...{ daemon: `zookeeper-${member + 1}`, container: `member-${member + 1}`, containerId, ssh },
        check: { kind: "zookeeper" as const, port: 2181, members, member },
    }));
    return { before, nimbuses: [], seconds: 0.1 };
}
const epochs = (...values: string[]) =>
    values.forEach((value, index) => fs.writeFileSync(path.join(folder, `member-${index + 1}`), value));

test("members of a new ensemble do not wait for each other", async () => {
    epochs("0", "0");
    expect(await restartGate.create?.(gate("a", "b"))).toEqual({});
});

test("a new member waits for all before it where one of them has data, or cannot be asked", async () => {
    epochs("0", "3");
    await expect(restartGate.create?.(gate("a", "b"))).rejects.toThrow(/zookeeper-1, zookeeper-2 are not restarted/);
    fs.rmSync(path.join(folder, "member-2"));
    await expect(restartGate.create?.(gate("a", "b"))).rejects.toThrow(
        /zookeeper-1 was not ready: it does not answer on port 2181/,
    );
});

test("an update waits for those alone that were restarted, and for none where none was", async () => {
    const update = restartGate.update?.(gate("a", "b"), gate("a", "c"));
    await expect(update).rejects.toThrow(/The daemons after zookeeper-2 are not restarted/);
    const calls = fs.readFileSync(path.join(folder, "calls"), "utf8");
    expect([calls.includes("member-2"), calls.includes("exec --interactive member-1 ")]).toEqual([true, false]);
    expect(await restartGate.update?.(gate("a"), gate("a"))).toEqual({});
});

test("it differs by containers alone", () => {
    expect(restartGate.differs?.(gate("a"), { ...gate("a"), seconds: 9 })).toEqual({ updates: [] });
    expect(restartGate.differs?.(gate("a"), gate("b"))).toEqual({ updates: ["before"] });
});

test("it differs where what is before it is not known yet, as a whole or in part", () => {
    expect(restartGate.differs?.(gate("a"), { ...gate("a"), before: unknown as never })).toEqual({
        updates: ["before"],
    });
    expect(restartGate.differs?.(gate("a"), { ...gate("a"), before: [unknown as never] })).toEqual({
        updates: ["before"],
    });
});
