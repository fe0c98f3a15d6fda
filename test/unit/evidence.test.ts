import type { TopologyState } from "../../provider/nimbus/client";
import { evidence } from "../../provider/topologies/evidence";
import { setContainers, ssh, writeFile } from "./containersStandIn";

const id = "words-1-1700000000";
const supervisors = [1, 2].map((index) => ({ container: `supervisor-${index}`, address: `10.0.0.${index}`, ssh }));
const fileOf = (port: number, name: string) => `/logs/workers-artifacts/${id}/${port}/${name}`;
const write = (supervisor: number, port: number, name: string, content: string, time = 100) =>
    writeFile(`supervisor-${supervisor}`, fileOf(port, name), content, time);

/** A topology with an executor at each of these places, of which those with an uptime are up once they have been seen. */
function topology(uptimes: Record<string, number>, errors: TopologyState["errors"] = []): TopologyState {
    const executors = Object.entries(uptimes).map(([at, uptime], task) => {
        const [host = "", port] = at.split(":");
        return { component: "a", task, tasks: 1, host, port: Number(port), uptime };
    });
    return { status: "ACTIVE", scheduling: "", executors, errors };
}
/** The evidence of a topology, of which each executor was seen 10 seconds ago. */
const evidenceOf = (state: TopologyState, on = supervisors) =>
    evidence(
        id,
        state,
        new Map(
            state.executors.map(({ task, host, port, uptime }) => [
                `${task} ${host}:${port}`,
                Math.max(0, uptime - 10),
            ]),
        ),
        on,
    );

beforeEach(() => setContainers({ "supervisor-1": "running", "supervisor-2": "running" }));

test("a worker that dies at its start has told why in worker.log.err alone", async () => {
    write(1, 6700, "worker.log.err", "Error opening zip file or JAR manifest missing : /no/such.jar\n");
    expect(await evidenceOf(topology({ "10.0.0.1:6700": 0 }))).toBe(
        `Last lines of ${fileOf(6700, "worker.log.err")} in supervisor-1:\n` +
            "Error opening zip file or JAR manifest missing : /no/such.jar",
    );
});

test("both files are shown, after up to three errors of components", async () => {
    write(1, 6700, "worker.log", Array.from({ length: 30 }, (_, line) => `line ${line}\n`).join(""));
    write(1, 6700, "worker.log.err", "printed\n");
    const errors = [1, 2, 3, 4].map((index) => ({ component: `bolt-${index}`, error: `broken ${index}`, time: index }));
    const shown = await evidenceOf(topology({ "10.0.0.1:6700": 0 }, errors));
    expect(shown).toMatch(
        /^Error of bolt-1:\nbroken 1\nError of bolt-2:\nbroken 2\nError of bolt-3:\nbroken 3\nLast lines/,
    );
    expect(shown).toMatch(
        /worker\.log in supervisor-1:\nline 10\n[^]*line 29\nLast lines of .*worker\.log\.err in supervisor-1:\nprinted$/,
    );
});

test("of several workers that are not up, the one that has written last is shown", async () => {
    write(1, 6700, "worker.log", "earlier\n", 100);
    write(2, 6701, "worker.log", "later\n", 200);
    expect(await evidenceOf(topology({ "10.0.0.1:6700": 0, "10.0.0.2:6701": 0 }))).toContain("later");
});

test("where that worker has no log, as its work has just moved there, it is the newest elsewhere, but of none that is up", async () => {
    write(1, 6700, "worker.log.err", "", 500);
    write(1, 6701, "worker.log", "long ago\n", 100);
    write(2, 6700, "worker.log.err", "moved away from here\n", 200);
    write(2, 6701, "worker.log", "works\n", 300);
    expect(await evidenceOf(topology({ "10.0.0.1:6700": 0, "10.0.0.2:6701": 60 }))).toBe(
        `Last lines of ${fileOf(6700, "worker.log.err")} in supervisor-2:\nmoved away from here`,
    );
});

test("the files of a container that does not run are read too, and a machine that does not answer is no hindrance", async () => {
    setContainers({ "supervisor-1": "exited" });
    write(1, 6700, "worker.log", "the end\n");
    const gone = { container: "supervisor-2", address: "10.0.0.2", ssh: ["false"] };
    const state = topology({ "10.0.0.2:6700": 0, "10.0.0.1:6700": 0 });
    expect(await evidenceOf(state, [gone, ...supervisors.slice(0, 1)])).toBe(
        `Last lines of ${fileOf(6700, "worker.log")} in supervisor-1:\nthe end`,
    );
});

test("there is none where no worker is waited for, or none has ever started", async () => {
    expect(await evidenceOf(topology({ "10.0.0.1:6700": 0 }))).toBe("");
    write(1, 6700, "worker.log", "works\n");
    expect(await evidenceOf(topology({ "10.0.0.1:6700": 60 }))).toBe("");
});
