import * as fs from "fs";
import * as path from "path";
import { ports } from "../../../components/storm/spec/ports";
import { describeLab } from "../../lab/describeLab";
import { Lab, type LabHost } from "../../lab/lab";
import { heap } from "../hosts/fleet";
import { TestStack } from "../stack";
import { folderOfFiles, running, type Running, sentences, sentencesInTheEnd, wordcount } from "./topologies";

const placement: Record<string, string[]> = {
    m: ["zookeeper-1", "nimbus-1"],
    s1: ["supervisor-1"],
    s2: ["supervisor-2"],
};

describeLab("topologies on hosts", () => {
    let lab: Lab;
    let stack: TestStack;
    let folder: string;
    const host = (name: string) => lab.hosts[name] as LabHost;
    const entries = () =>
        Object.entries(placement).map(([name, daemons]) => ({ name, address: host(name).address, daemons }));
    const only = async (): Promise<Running> => {
        const { address, shell } = host("m");
        const found = await running([
            { container: `${stack.cluster}-nimbus-1`, ssh: shell, address, port: ports.nimbus },
        ]);
        expect(found.map(({ name }) => name)).toEqual(["wordcount"]);
        return found[0] as Running;
    };
    const jars = async () => (await host("m").exec(`docker exec ${stack.cluster}-nimbus-1 ls /data/jars`)).split("\n");

    beforeAll(async () => {
        folder = folderOfFiles();
        lab = await Lab.create({ name: "e2etopo", subnet: "10.77.5.0/24" });
        await Promise.all(["m", "s1", "s2", "s3"].map((name) => lab.addHost(name, { withImages: true })));
        stack = new TestStack("e2e-topology-hosts", {
            ...{ target: "hosts", supervisors: 2, slots: 2, ui: false, logviewers: false, heap },
            ssh: { user: "storm", keyFile: lab.keyFile },
            registryMirror: `http://${lab.registry}`,
            hosts: entries(),
            topologies: [wordcount()],
        });
        await stack.up();
    });
    afterAll(async () => {
        stack?.discard();
        fs.rmSync(folder, { recursive: true });
        await lab?.remove();
    });

    test("run on workers of all supervisors' machines", async () => {
        const { status, workers } = await only();
        expect([status, workers]).toEqual(["ACTIVE", { [host("s1").address]: 1, [host("s2").address]: 1 }]);
        await stack.up("--refresh", "--expect-no-changes");
    });

    test("get work to a machine that comes", async () => {
        const { id } = await only();
        placement.s3 = ["supervisor-3"];
        stack.set({ supervisors: 3, hosts: entries(), topologies: [wordcount({ workers: 3 })] });
        await stack.up();
        const after = await only();
        expect([after.id, Object.keys(after.workers)]).toEqual([id, expect.arrayContaining([host("s3").address])]);
    });

    test("are replaced, with the files that their arguments name, and their jar is there once", async () => {
        const { id } = await only();
        const file = path.join(folder, "sentences.txt");
        fs.writeFileSync(file, "to be heard\n");
        stack.set({ topologies: [wordcount({ workers: 3, arguments: ["wordcount", 2, file], files: [file] })] });
        await stack.up();
        const after = await only();
        expect([after.id === id, after.configuration["wordcount.sentences"]]).toEqual([false, ["to be heard"]]);
        expect(await jars()).toHaveLength(1);
    });

    test("leave a machine before it goes, and every sentence is counted in the end", async () => {
        const before = await only();
        delete placement.s3;
        stack.set({ supervisors: 2, hosts: entries() });
        await stack.up();
        expect(await host("s3").exec("docker ps --all --quiet")).toBe("");
        const after = await only();
        expect([after.id, Object.keys(after.workers).sort()]).toEqual([
            before.id,
            [host("s1").address, host("s2").address].sort(),
        ]);

        const where = ({ task, host: at, port }: Running["executors"][number]) => `${task} ${at}:${port}`;
        const places = before.executors.map(where);
        const stayed = after.executors.filter(
            (executor) => executor.component === "sentences" && places.includes(where(executor)),
        );
        expect(stayed.length).toBeGreaterThan(0);
        const said = async () => {
            const logs = stayed.map(async ({ task, host: at, port }) => {
                const name = at === host("s1").address ? "s1" : "s2";
                const file = `/logs/workers-artifacts/${after.id}/${port}/worker.log`;
                return {
                    task,
                    log: await host(name).exec(`docker exec ${stack.cluster}-${placement[name]?.[0]} cat ${file}`),
                };
            });
            return sentences(await Promise.all(logs));
        };
        const { emitted, acked } = await sentencesInTheEnd(
            (command) => stack.stormOn(host("m"), [host("m").address], command, "wordcount"),
            said,
        );
        expect(acked).toBe(emitted);
        await stack.up("--refresh");
        expect((await only()).status).toBe("ACTIVE");
    });
});
