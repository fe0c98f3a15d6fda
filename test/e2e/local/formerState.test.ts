import { execFileSync, spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { TestStack } from "../stack";
import { running, wordcount } from "../topologies/topologies";

/** The last commit whose gates and the like were dynamic resources, with their code in the state. */
const former = "1bb9b32509675d4ad25b23148462ee878fdbacb6";
const heap = { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 128 };

const hasHistory = spawnSync("git", ["cat-file", "-e", `${former}^{commit}`]).status === 0;
if (!hasHistory) {
    console.log(`Skipped: a stack of the version before. This clone has no commit ${former}.`);
}

(hasHistory ? describe : describe.skip)("a stack of the version before, with a topology,", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-former-"));
    let stack: TestStack;
    let containers: Record<string, string>;
    let topologies: string[];
    beforeAll(async () => {
        execFileSync("sh", ["-c", 'git archive "$0" | tar -x -C "$1"', former, folder]);
        fs.symlinkSync(path.resolve("node_modules"), path.join(folder, "node_modules"));
        stack = new TestStack("e2e-former", {
            subnet: "172.30.68.0/24",
            supervisors: 2,
            supervisorBatch: 1,
            slots: 1,
            ui: false,
            logviewers: false,
            heap,
        });
        stack.set({ topologies: [{ ...wordcount(), jar: path.resolve(wordcount().jar as string) }] });
        await stack.up("--cwd", folder);
        containers = stack.containers();
        topologies = await submitted();
    });
    afterAll(() => {
        stack.discard();
        fs.rmSync(folder, { recursive: true });
    });

    const submitted = async () =>
        (await running([{ container: `${stack.cluster}-nimbus-1`, address: "172.30.68.33", port: 6627 }])).map(
            ({ id }) => id,
        );
    const state = async () => (await stack.pulumi("stack", "export")).output;

    test("is taken over: a preview and an update create the component of the target, restart gates and the kill of the topology, and change no other resource", async () => {
        expect(await state()).toContain("pulumi-nodejs:dynamic/storm:Ready");
        // As if it had never set an image: it keeps the one that its state has.
        stack.set({ stormImage: "" });
        // Components of daemons have their wiring as an input.
        const expected =
            /^(create (host$|.*-restart-gate|topology-wordcount-kill$|storm-activation$)|update storm-(zookeeper|nimbus|supervisor)-\d+$)/;
        expect((await stack.changes()).filter((change) => !expected.test(change))).toEqual([]);
        await stack.up();
        expect(await state()).not.toContain("pulumi-nodejs:dynamic");
        expect([stack.containers(), await submitted()]).toEqual([containers, topologies]);
    });

    test("has no code in its state once it is refreshed, and still nothing to change", async () => {
        await stack.up("--refresh", "--expect-no-changes");
        expect(await state()).not.toContain("__provider");
        expect([stack.containers(), await submitted()]).toEqual([containers, topologies]);
    });

    test("is changed as any other: a topology that is taken out is killed", async () => {
        stack.set({ topologies: [] });
        await stack.up();
        expect([stack.containers(), await submitted()]).toEqual([containers, []]);
    });
});
