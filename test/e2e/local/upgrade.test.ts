// Storm 3 is on no package registry: an image of Storm 2.8.3 whose RELEASE says 3.1.0 stands in for it. Its daemons read and write what
// 2.8.3 does; what is tested is the order of the upgrade, the copies, interruptions, and the way back. Long, as a cluster is updated
// five times.
import { spawnSync } from "child_process";
import { setTimeout } from "timers/promises";
import { docker, machineSettings, TestStack, until } from "../stack";
import { untilCounting, wordsCounted, workerLogs } from "../wordcount";

const heap = { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 128 };
const jar = "examples/wordcount/target/wordcount.jar";
const nimbuses = ["172.30.76.33", "172.30.76.34"];
const two = machineSettings()["storm:stormImage"] as string;
const three = "storm-stand-in:3.1.0";

describe("a cluster of Storm 2", () => {
    let stack: TestStack;
    beforeAll(async () => {
        const built = spawnSync("docker", ["build", "--quiet", "--tag", three, "-"], {
            input: `FROM ${two}\nUSER root\nRUN echo 3.1.0 >"$(dirname "$(dirname "$(readlink -f "$(command -v storm)")")")/RELEASE"\n`,
            encoding: "utf8",
        });
        expect(built.status === 0 ? "" : built.stderr).toBe("");
        stack = new TestStack("e2e-upgrade", {
            subnet: "172.30.76.0/24",
            stormImage: two,
            ui: false,
            logviewers: false,
            nimbuses: 2,
            supervisors: 2,
            slots: 2,
            supervisorBatch: 1,
            heap,
        });
        await stack.up();
        stack.storm(nimbuses, "jar", jar, "wordcount.WordCountTopology", "wordcount", "2");
        stack.storm(nimbuses, "jar", jar, "wordcount.WordCountTopology", "resting", "1");
        stack.storm(nimbuses, "deactivate", "resting");
        await counting();
    });
    afterAll(() => {
        stack.discard();
        spawnSync("docker", ["image", "rm", three]);
    });

    /** Id and status of each topology. */
    const topologies = () => {
        const listed = stack.storm(nimbuses, "list").matchAll(/^(\S+) +(ACTIVE|INACTIVE) .* (\S+-\d+-\d+)/gm);
        return Object.fromEntries([...listed].map(([, name = "", status, id]) => [name, { status, id }]));
    };
    const counting = () =>
        untilCounting({
            supervisors: () =>
                ["supervisor-1", "supervisor-2"]
                    .map((name) => wordsCounted(docker("exec", `${stack.cluster}-${name}`, "bash", "-c", workerLogs)))
                    .reduce((sum, words) => sum + words, 0),
        });
    /** Images of the Storm containers that run. */
    const running = () => {
        const format = '{{.Label "storm.daemon"}} {{.Image}}';
        const lines = docker("ps", "--filter", `label=storm.cluster=${stack.cluster}`, "--format", format).split("\n");
        return lines.filter((line) => !line.startsWith("zookeeper")).sort();
    };
    const inData = (daemon: string, ...command: string[]) => docker("exec", `${stack.cluster}-${daemon}`, ...command);
    const allOf = (image: string) =>
        ["nimbus-1", "nimbus-2", "supervisor-1", "supervisor-2"].map((daemon) => `${daemon} ${image}`);

    test("is not upgraded without being asked to: the preview refuses, and says how", async () => {
        stack.set({ stormImage: three });
        const { code, output } = await stack.pulumi("preview");
        expect([code === 0, output.replaceAll(/\s+/g, " ")]).toEqual([
            false,
            expect.stringContaining("To upgrade the cluster to Storm 3, set allowMajorVersion to 3") as string,
        ]);
    });

    test("is upgraded, after it was given up once and killed once: no daemon of both versions runs at once, and topologies go on", async () => {
        const before = topologies();
        expect(before).toMatchObject({ wordcount: { status: "ACTIVE" }, resting: { status: "INACTIVE" } });
        stack.set({ allowMajorVersion: 3 });
        const first = stack.start("up", "--yes", "--skip-preview");
        await until("tuples are waited for", 300, () => first.output().includes("for tuples that are under way"), 50);
        expect(topologies()).toMatchObject({ wordcount: { status: "INACTIVE" }, resting: { status: "INACTIVE" } });
        first.kill("SIGINT");
        expect((await first.done).code).not.toBe(0);
        expect(running()).toEqual(allOf(two));

        // Given up: the topologies go on where they are.
        stack.set({ stormImage: two });
        await stack.up("--refresh");
        expect(topologies()).toEqual(before);

        stack.set({ stormImage: three });
        const second = stack.start("up", "--yes", "--skip-preview");
        await until("the copies begin", 300, () => second.output().includes("Copying the data"), 50);
        second.kill("SIGKILL");
        await second.done;
        expect(running()).toEqual([]);
        stack.removeEmptyChecksums();
        await stack.pulumi("cancel", "--yes");

        const third = stack.up("--refresh");
        let isDone = false;
        void third.finally(() => (isDone = true)).catch(() => undefined);
        const mixed: string[][] = [];
        while (!isDone) {
            const now = running();
            if (new Set(now.map((line) => line.split(" ")[1])).size > 1) {
                mixed.push(now);
            }
            await setTimeout(250);
        }
        expect(await third).toContain("Activating wordcount");
        expect(mixed).toEqual([]);
        expect(running()).toEqual(allOf(three));
        expect(topologies()).toEqual(before);
        await counting();
        expect(await stack.changes()).toEqual([]);
    });

    test("keeps a copy of the data, from before", () => {
        expect(inData("zookeeper-1", "ls", "/data/before-storm-3/data/version-2").length).toBeGreaterThan(0);
        for (const nimbus of ["nimbus-1", "nimbus-2"]) {
            expect(inData(nimbus, "cat", "/data/before-storm-3/data/storm-major-version")).toBe("2");
            expect(inData(nimbus, "cat", "/data/storm-major-version")).toBe("3");
            expect(inData(nimbus, "ls", "/data")).not.toMatch(/topologies-to-activate|storm-upgrade-to/);
        }
    });

    test("goes back to that copy when it is asked to, and not before", async () => {
        const before = topologies();
        stack.storm(nimbuses, "jar", jar, "wordcount.WordCountTopology", "later", "1");
        stack.set({ stormImage: two });
        const { code, output } = await stack.pulumi("preview");
        expect([code === 0, output.replaceAll(/\s+/g, " ")]).toEqual([
            false,
            expect.stringContaining("which Storm 2 cannot read. To go back to the copy of the data") as string,
        ]);
        stack.set({ allowMajorVersion: 2 });
        await stack.up();
        expect(running()).toEqual(allOf(two));
        expect(topologies()).toEqual(before);
        await counting();
        expect(await stack.changes()).toEqual([]);
    });
});
