import { execFileSync, spawnSync } from "child_process";
import { once } from "events";
import * as net from "net";
import { majorVersion } from "../../../provider/image";
import { docker, machineStorm, TestStack, until } from "../stack";
import { untilCounting, wordsCounted, workerLogs } from "../wordcount";

const image = "storm:1.2.4";
const heap = { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 128, logviewer: 128, ui: 256, drpc: 128 };
const jar = "examples/wordcount/target/wordcount.jar";

const isThere =
    spawnSync("docker", ["image", "inspect", image]).status === 0 ||
    spawnSync("docker", ["pull", "--quiet", image]).status === 0;
if (!isThere) {
    console.log(
        `Skipped: a cluster of Storm 1. ${image} is neither here nor to be had: Debian's mirrors do not serve what airgap/ builds it on.`,
    );
}

(isThere ? describe : describe.skip)("a cluster of Storm 1", () => {
    let stack: TestStack;
    beforeAll(async () => {
        stack = new TestStack("e2e-storm1", {
            subnet: "172.30.89.0/24",
            stormImage: image,
            slots: 2,
            drpcs: 1,
            heap,
            uiPort: 18089,
        });
        stack.set({ ui: true, logviewers: true, supervisors: 1, monitoring: { prometheus: false } });
        await stack.up();
    });
    afterAll(() => stack.discard());

    const storm = (...args: string[]) => stack.storm(["172.30.89.33"], ...args);
    const api = async (path: string) =>
        (await fetch(`http://127.0.0.1:18089/api/v1/${path}`)).json() as Promise<Record<string, unknown>>;

    test("is known to UI's REST API", async () => {
        expect(await api("supervisor/summary")).toMatchObject({
            supervisors: [{ host: "172.30.89.128", slotsTotal: 2, version: "1.2.4" }],
        });
    });

    test("has a UI whose port is taken: the update says so, and a free port mends it", async () => {
        const theirs = net.createServer().listen(18090, "127.0.0.1");
        try {
            await once(theirs, "listening");
            stack.set({ uiPort: 18090 });
            const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview");
            expect([code === 0, output]).toEqual([
                false,
                expect.stringMatching(/storm-ui-container.*127\.0\.0\.1:18090: bind: address already in use/) as string,
            ]);
        } finally {
            theirs.close();
        }
        stack.set({ uiPort: 18089 });
        await stack.up();
        expect(await api("cluster/summary")).toMatchObject({ stormVersion: "1.2.4" });
    });

    test("counts words, and a browser opens the worker's log by the link that the API gives", async () => {
        storm("jar", jar, "wordcount.WordCountTopology", "wordcount", "1");
        await untilCounting({
            worker: () => wordsCounted(docker("exec", `${stack.cluster}-supervisor-1`, "bash", "-c", workerLogs)),
        });
        const { topologies } = (await api("topology/summary")) as { topologies: { id: string }[] };
        const { executorStats } = (await api(`topology/${topologies[0]?.id}/component/count`)) as {
            executorStats: { workerLogLink: string }[];
        };
        const [{ workerLogLink } = { workerLogLink: "" }] = executorStats;
        const browser = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--virtual-time-budget=10000",
            "--dump-dom",
            workerLogLink,
        ];
        expect(
            execFileSync("chromium", browser, {
                encoding: "utf8",
                maxBuffer: 64 << 20,
                stdio: ["ignore", "pipe", "ignore"],
            }),
        ).toMatch(/counted \d+ words/);
    });

    test("has metrics of it", async () => {
        const acked = async () => {
            const metrics = await (await fetch("http://172.30.89.96:9101/metrics")).text();
            expect(metrics).toMatch(/^storm_supervisor_slots_used\{host="172\.30\.89\.128"\} 1$/m);
            return Number(/^storm_topology_acked_total\{topology="wordcount"\} (\d+)$/m.exec(metrics)?.[1]);
        };
        await until("tuples are acked", 120, async () => (await acked()) > 0);
    });

    test("has Nimbus's log where the API links to it", async () => {
        const { nimbuses } = (await api("nimbus/summary")) as { nimbuses: { nimbusLogLink: string }[] };
        const log = await fetch(nimbuses[0]?.nimbusLogLink ?? "");
        expect([log.status, await log.text()]).toEqual([200, expect.stringContaining("Starting Nimbus") as string]);
    });

    test("answers a call by DRPC", async () => {
        storm("jar", jar, "wordcount.DrpcTopology", "words");
        const answer = () =>
            fetch("http://172.30.89.49:3774/drpc/words/to%20be%20heard", { signal: AbortSignal.timeout(20_000) });
        await until("the topology answers", 300, () =>
            answer().then(
                async (response) => response.ok && (await response.text()) === "3",
                () => false,
            ),
        );
    });

    test("is not turned into one of another major version: that is refused, in the preview too", async () => {
        stack.set({ ui: false, logviewers: false, drpcs: 0, stormImage: machineStorm() });
        const { code, output } = await stack.pulumi("preview");
        expect([code === 0, output]).toEqual([
            false,
            expect.stringContaining("data was written by Storm 1, which another major version cannot read"),
        ]);
    });

    test("leaves data that another major version does not touch; the one that wrote it finds it again", async () => {
        await stack.pulumi("destroy", "--yes", "--skip-preview");
        const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview");
        expect([code === 0, output]).toEqual([
            false,
            expect.stringContaining(
                `The data of nimbus-1 was written by Storm 1, and this image has Storm ${majorVersion(machineStorm())}`,
            ),
        ]);
        expect(output).toContain("nimbus-1 ends again and again, by exit code 78");
        await stack.pulumi("destroy", "--yes", "--skip-preview");
        stack.set({ stormImage: image });
        await stack.up();
        expect(storm("list")).toMatch(/^wordcount +ACTIVE/m);
    });
});
