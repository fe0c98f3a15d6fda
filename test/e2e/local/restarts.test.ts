import * as fs from "fs";
import { leaderOf } from "../../../provider/nimbus/leader";
import { ports } from "../../../components/storm/spec/ports";
import { describeLab } from "../../lab/describeLab";
import { Lab, type LabHost } from "../../lab/lab";
import { wordcount } from "../topologies/topologies";
import { TestStack, until } from "../stack";
import { untilCounting, wordsCounted, workerLogs } from "../wordcount";

const heap = { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 128 };

describeLab("a cluster on a Docker daemon that nobody else has", () => {
    let lab: Lab;
    let host: LabHost;
    let stack: TestStack;
    beforeAll(async () => {
        lab = await Lab.create({ name: "e2eboot", subnet: "10.77.12.0/24" });
        host = await lab.addHost("docker", { withImages: true });
        stack = new TestStack("e2e-restarts", {
            subnet: "172.30.86.0/24",
            zookeepers: 3,
            supervisors: 1,
            slots: 1,
            ui: false,
            logviewers: false,
            heap,
        });
        stack.environment.DOCKER_HOST = host.dockerHost;
        stack.set({ topologies: [wordcount({ workers: 1 })] });
        await stack.up();
    });
    afterAll(async () => {
        stack?.discard();
        await lab?.remove();
    });

    const counted = async () =>
        wordsCounted(await host.exec(`docker exec ${stack.cluster}-supervisor-1 bash -c '${workerLogs}'`));
    const nimbuses = () => [
        { container: `${stack.cluster}-nimbus-1`, ssh: host.shell, address: "172.30.86.33", port: ports.nimbus },
    ];
    /** Waits until all is as it was: Nimbus leads, the supervisor is there, words are counted, and nothing is to be mended. */
    async function untilBack(): Promise<void> {
        await until("Nimbus leads and knows the supervisor", 300, async () => {
            const { summary } = (await leaderOf(nimbuses()).catch(() => undefined)) ?? {};
            return summary?.supervisors.length === 1;
        });
        await untilCounting({ "supervisor-1": counted });
    }

    test.each(["zookeeper-1", "nimbus-1", "supervisor-1"])("is there again after a restart of %s", async (daemon) => {
        await host.exec(`docker restart ${stack.cluster}-${daemon}`);
        await untilBack();
    });

    test("is there again, at the same addresses, after a restart of all of them, in another order", async () => {
        await host.exec(`docker restart $(docker ps --quiet --filter label=storm.cluster=${stack.cluster} | sort -R)`);
        await untilBack();
    });

    test("is there again after a restart of Docker", async () => {
        // As systemd does it, which gives Docker the time to stop containers; its script here would kill it after 10 seconds.
        await host.exec(
            'docker=$(cat /var/run/docker.pid); kill "$docker"; while [ -e "/proc/$docker" ]; do sleep 0.1; done; service docker start',
        );
        await until("Docker answers", 300, () => host.exec("docker version >/dev/null 2>&1 && echo yes || true"));
        await untilBack();
        await stack.up("--refresh", "--expect-no-changes");
    });

    describe("a container that was removed by hand", () => {
        const containers = () => host.exec(`docker ps --all --format '{{.Label "storm.daemon"}}' | sort | xargs`);

        test("is not missed by an update that does not refresh", async () => {
            await host.exec(`docker rm --force ${stack.cluster}-nimbus-1`);
            await stack.up("--expect-no-changes");
            expect(await containers()).not.toContain("nimbus-1");
        });

        test("is made again, and it alone, by one that does; its data is there", async () => {
            expect(await stack.up("--refresh")).toMatch(/docker:index:Container storm-nimbus-1-container created/);
            expect(await containers()).toBe("nimbus-1 supervisor-1 zookeeper-1 zookeeper-2 zookeeper-3");
            await untilBack();
            await stack.up("--refresh", "--expect-no-changes");
        });
    });

    test("whose state was lost is made anew on its data, once what docs/recovery.md says is done; its topology runs on", async () => {
        const topologies = async () => (await leaderOf(nimbuses())).summary.topologies.map(({ id }) => id);
        const before = await topologies();
        stack.loseState();
        const [, commands = ""] =
            /## A state that is lost[^]*?```sh\n([^]*?)```/.exec(fs.readFileSync("docs/recovery.md", "utf8")) ?? [];
        await host.exec(commands.replaceAll("storm-local", stack.cluster));
        expect(
            await host.exec(
                `docker ps --all --quiet && docker volume ls --quiet --filter label=storm.cluster=${stack.cluster} | wc -l`,
            ),
        ).toBe("8");
        await stack.up();
        await untilBack();
        expect(await topologies()).toEqual(before);
        await stack.up("--refresh", "--expect-no-changes");
    });
});
