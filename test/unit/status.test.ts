import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import type { ClusterSummary } from "../../provider/nimbus/client";
import { type Container, explaining, explanationOf, machinesOf, type Outputs } from "../../scripts/containers";
import { type Found, hasRestarted, report } from "../../scripts/statusReport";

const outputs: Outputs = {
    zookeeperServers: ["10.0.0.1:2181"],
    nimbusSeeds: ["10.0.0.2"],
    nimbusPort: 6627,
    supervisors: ["10.0.0.3"],
    uiUrl: "http://127.0.0.1:8080",
    stormVersion: "2.8.9",
};
const summary: ClusterSummary = {
    nimbuses: [{ host: "10.0.0.2", port: 6627, uptime: 60, leader: true }],
    supervisors: [{ host: "10.0.0.3", uptime: 60, slots: 2, usedSlots: 1 }],
    topologies: [{ id: "words-1-1", name: "words", uptime: 60, status: "ACTIVE", executors: 4, workers: 1 }],
};

/** A container that has run for an hour, but for what is given. */
function container(daemon: string, changes: Partial<Container> = {}): Container {
    const runs = { says: "Up About an hour", status: "running", restarts: 0, seconds: 3600 };
    return { daemon, container: `storm-x-${daemon}`, ...runs, ...changes };
}

/** What is printed of a cluster on this machine that is well, but for what is given. */
function reported(containers: Container[], changes: Partial<Found> = {}) {
    const found = { cluster: "storm-x", outputs, machines: [{ containers }], expected: [], logs: {}, summary };
    const { lines, isWell } = report({ ...found, ...changes });
    return { text: lines.join("\n"), isWell };
}

describe("a cluster", () => {
    const all = ["supervisor-10", "supervisor-2", "nimbus-1", "ui", "zookeeper-1"].map((name) => container(name));

    test("that is well: addresses, daemons in order, leader, slots and topologies, and nothing else", () => {
        expect(reported(all)).toEqual({
            isWell: true,
            text: `Storm 2.8.9, cluster storm-x
  ZooKeeper    10.0.0.1:2181
  Nimbus       10.0.0.2:6627
  supervisors  10.0.0.3
  UI           http://127.0.0.1:8080

  nimbus-1         Up About an hour
  supervisor-2     Up About an hour
  supervisor-10    Up About an hour
  ui               Up About an hour
  zookeeper-1      Up About an hour

  leader       10.0.0.2
  slots        1 of 2 used, on 1 supervisors
  topology     words ACTIVE, 1 workers`,
        });
    });

    test("whose ZooKeeper has TLS: until when its certificates are valid", () => {
        const secured = { ...outputs, certificatesExpire: "2027-11-30T15:00:00.000Z" };
        expect(reported(all, { outputs: secured }).text).toContain(
            "\n  certificates until 2027-11-30, and `make up` renews",
        );
        expect(reported(all).text).not.toContain("certificates");
    });

    test("whose Nimbus does not answer", () => {
        const { text, isWell } = reported(all, { summary: undefined });
        expect(isWell).toBe(false);
        expect(text).toMatch(/\n {2}No Nimbus answers: make logs D=nimbus-1$/);
    });
});

describe("a daemon", () => {
    const restarting = container("nimbus-1", {
        ...{ says: "Restarting (1) 2 seconds ago", status: "restarting", restarts: 12, seconds: 20 },
        ending: { exitCode: 1, outOfMemory: false },
    });
    const killed = { exitCode: 137, outOfMemory: true };

    test("that restarts: how often, by which exit code, why, and what shows more", () => {
        const { text, isWell } = reported([restarting], {
            logs: { "storm-x-nimbus-1": ["java.net.UnknownHostException: zookeeper-9"] },
        });
        expect(isWell).toBe(false);
        expect(text).toContain(
            "  nimbus-1         Restarting (1) 2 seconds ago; restarted 12 times by itself, last exit code 1\n" +
                "      log: java.net.UnknownHostException: zookeeper-9\n",
        );
        expect(text).toContain("\n  nimbus-1 keeps restarting: make logs D=nimbus-1");
    });

    test("that runs again for the moment keeps restarting; that has run for long does not", () => {
        const again = { says: "Up 8 seconds", restarts: 3, seconds: 8, ending: killed };
        const young = reported([container("supervisor-1", again)]);
        expect(young.isWell).toBe(false);
        expect(young.text).toContain("Up 8 seconds; restarted 3 times by itself, last exit code 137, out of memory\n");
        expect(young.text).toContain("supervisor-1 keeps restarting");
        const old = reported([container("supervisor-1", { ...again, says: "Up 2 hours", seconds: 7200 })]);
        expect(old.isWell).toBe(true);
        expect(old.text).toContain("Up 2 hours; restarted 3 times by itself, last exit code 137, out of memory\n");
    });

    test("that has restarted once runs, even if Docker has forgotten how it ended", () => {
        const { text, isWell } = reported([container("supervisor-1", { restarts: 1, seconds: 8 })]);
        expect(isWell).toBe(true);
        expect(text).toContain("Up About an hour; restarted once by itself\n");
    });

    test("that was stopped does not run", () => {
        const stopped = { says: "Exited (143) 2 minutes ago", status: "exited" };
        const { text, isWell } = reported([container("supervisor-1", stopped)]);
        expect(isWell).toBe(false);
        expect(text).toContain("Exited (143) 2 minutes ago\n");
        expect(text).toContain("supervisor-1 does not run: make up starts it again");
    });

    test("whose container was removed is missing, and so is what runs beside daemons", () => {
        const expected = [{ name: "nimbus-1" }, { name: "supervisor-1" }, { name: "reverse-proxy" }];
        const { text, isWell } = reported([container("nimbus-1")], { expected });
        expect(isWell).toBe(false);
        expect(text.match(/^.* has no container.*$/gm)).toEqual([
            "  supervisor-1 has no container: make up creates it again",
            "  reverse-proxy has no container: make up creates it again",
        ]);
    });

    test("has an explanation if it restarts or has restarted in the last minutes", () => {
        expect(hasRestarted(restarting)).toBe(true);
        expect(hasRestarted(container("ui", { restarts: 1, seconds: 60 }))).toBe(true);
        expect(hasRestarted(container("ui", { restarts: 1, seconds: 600 }))).toBe(false);
        expect(hasRestarted(container("ui", { seconds: 60 }))).toBe(false);
    });
});

describe("on hosts", () => {
    const host = (daemons: string[], lost?: boolean) => ({ address: "10.0.0.9", ssh: "ssh x", daemons, lost });
    const hosts = { a: host(["nimbus-1"]), b: host(["supervisor-1"]), c: host(["supervisor-2"], true) };
    const expected = [
        { name: "nimbus-1", host: "a" },
        { name: "supervisor-1", host: "b" },
        { name: "supervisor-2", host: "c" },
    ];
    const a = { name: "a", containers: [container("nimbus-1")] };

    test("a daemon has its host; a lost host is no problem, as the settings name it", () => {
        const machines = [a, { name: "b", containers: [container("supervisor-1")] }];
        const { text, isWell } = reported([], { outputs: { ...outputs, hosts }, machines, expected });
        expect(isWell).toBe(true);
        expect(text).toContain("  supervisor-1     on b, Up About an hour\n");
        expect(text).toContain("  c is lost, with supervisor-2\n");
    });

    test("what several machines have is named with its machine", () => {
        const stopped = { says: "Exited (143) 2 minutes ago", status: "exited" };
        const restarting = { status: "restarting", restarts: 5, seconds: 2 };
        const machines = [
            { name: "a", containers: [container("nimbus-1"), container("reverse-proxy", restarting)] },
            { name: "b", containers: [container("supervisor-1"), container("registrar", stopped)] },
        ];
        const proxies = ["a", "b", "c"].map((name) => ({ name: "reverse-proxy", host: name }));
        const { text, isWell } = reported([], {
            ...{ outputs: { ...outputs, hosts }, machines, expected: [...expected, ...proxies] },
        });
        expect(isWell).toBe(false);
        expect(text.split("\n").slice(-3)).toEqual([
            "  reverse-proxy on b has no container: make up creates it again",
            "  reverse-proxy on a keeps restarting: make logs D=reverse-proxy ON=a",
            "  registrar on b does not run: make up starts it again",
        ]);
    });

    test("a machine that does not answer is a problem, and not each of its daemons", () => {
        const machines = [a, { name: "b", containers: [], problem: "Connection timed out" }];
        const { text, isWell } = reported([], { outputs: { ...outputs, hosts }, machines, expected });
        expect(isWell).toBe(false);
        expect(text).toContain("  b does not answer: Connection timed out");
        expect(text).not.toContain("has no container");
    });
});

describe("Docker's answers", () => {
    let folder: string;

    /** Writes a stand-in for docker, and returns the outputs of a stack with one host where it is. */
    function withDocker(cases: string): Outputs {
        const docker = `#!/bin/sh\necho "$1" >>"$(dirname "$0")/calls"\ncase "$1 $2" in\n${cases}\nesac\n`;
        fs.writeFileSync(path.join(folder, "docker"), docker, { mode: 0o755 });
        const ssh = `env PATH=${folder}:${process.env.PATH} sh -c`;
        return { ...outputs, hosts: { a: { address: "10.0.0.9", daemons: [], ssh } } };
    }

    beforeEach(() => {
        folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-status-"));
    });
    afterEach(() => fs.rmSync(folder, { recursive: true }));

    const inspected = (id: string, daemon: string, restarts: number, state: object) =>
        JSON.stringify({ id, daemon, container: `/storm-x-${daemon}`, restarts, state });
    const started = new Date(Date.now() - 60_000).toISOString();

    test("say of each container how it runs and how it ended the last time", async () => {
        const runs = { Status: "running", ExitCode: 0, OOMKilled: false, StartedAt: started };
        const found = await machinesOf(
            "storm-x",
            withDocker(`
"ps --all") case $* in
    *--quiet*) printf 'i1\\ni2\\ni3\\n' ;;
    *) echo '{"id": "i1", "says": "Up 1 minute"}'; echo '{"id": "i2", "says": "Restarting (1) 1 second ago"}' ;;
esac ;;
"container inspect")
    [ "$#" = 7 ] || exit 1
    echo '${inspected("i1", "supervisor-1", 2, runs)}'
    echo '${inspected("i2", "nimbus-1", 5, { ...runs, Status: "restarting", ExitCode: 1 })}'
    echo '${inspected("i3", "ui", 0, runs)}' ;;
"events --since")
    echo '{"id": "i1", "event": "die", "exitCode": "1"}'
    echo '{"id": "i1", "event": "oom", "exitCode": ""}'
    echo '{"id": "i2", "event": "die", "exitCode": "3"}'
    echo '{"id": "i1", "event": "die", "exitCode": "137"}' ;;`),
        );
        expect(found).toMatchObject([
            {
                name: "a",
                containers: [
                    {
                        ...{ daemon: "nimbus-1", container: "storm-x-nimbus-1", status: "restarting", restarts: 5 },
                        ending: { exitCode: 1, outOfMemory: false },
                    },
                    {
                        ...{ daemon: "supervisor-1", says: "Up 1 minute", status: "running", restarts: 2 },
                        ending: { exitCode: 137, outOfMemory: true },
                    },
                    { daemon: "ui", says: "running", restarts: 0 },
                ],
            },
        ]);
        const [supervisor, ui] = found[0]?.containers.slice(1) ?? [];
        expect(supervisor?.seconds).toBeGreaterThanOrEqual(59);
        expect(ui?.ending).toBeUndefined();
        // A process of SSH's for each machine, not for each container.
        expect(fs.readFileSync(path.join(folder, "calls"), "utf8")).toBe("ps\nps\ncontainer\nevents\n");
    });

    test("say that there are no containers, or that no engine answers", async () => {
        expect(await machinesOf("storm-x", withDocker("*) ;;"))).toMatchObject([{ name: "a", containers: [] }]);
        const down = withDocker('*) echo "Cannot connect to the Docker daemon" >&2; exit 1 ;;');
        expect(await machinesOf("storm-x", down)).toMatchObject([
            { name: "a", containers: [], problem: "Cannot connect to the Docker daemon" },
        ]);
    });

    test("are not asked for of a lost host", async () => {
        const { hosts } = withDocker("*) exit 1 ;;");
        const lost = Object.fromEntries(
            Object.entries(hosts ?? {}).map(([name, host]) => [name, { ...host, lost: true }]),
        );
        expect(await machinesOf("storm-x", { ...outputs, hosts: lost })).toEqual([]);
    });

    test("have what a daemon printed and the end of its log file", async () => {
        fs.writeFileSync(path.join(folder, "nimbus.log"), "[ERROR] Halting process\n");
        const [machine] = await machinesOf(
            "storm-x",
            withDocker(`"logs --tail") echo "Exception in thread main" >&2 ;;
"cp storm-x-nimbus-1:/logs/nimbus.log") tar -cf - -C ${folder} nimbus.log ;;`),
        );
        const nimbus = container("nimbus-1");
        expect(await explanationOf(nimbus, machine ?? { containers: [] })).toEqual([
            "Exception in thread main",
            "[ERROR] Halting process",
        ]);
    });
});

describe("a restart is explained by", () => {
    test("the last errors of what it printed and of its log, without stack traces", () => {
        const output = `Running: java -XX:OnError -cp /storm/lib
Exception in thread "main" java.lang.RuntimeException: no
	at org.apache.Storm.main(Storm.java:1)
Caused by: java.net.UnknownHostException: zookeeper-9
	... 12 more
`;
        const log =
            "2026-01-01 o.a.s.Nimbus [ERROR] Error on initialization\n2026-01-01 o.a.s.Nimbus [INFO] no Error\n";
        expect(explaining(output, log)).toEqual([
            'Exception in thread "main" java.lang.RuntimeException: no',
            "Caused by: java.net.UnknownHostException: zookeeper-9",
            "2026-01-01 o.a.s.Nimbus [ERROR] Error on initialization",
        ]);
    });

    test("the last line that it printed, if there is no error; a long line is cut", () => {
        expect(explaining("one\ntwo\n", "started\n")).toEqual(["two"]);
        expect(explaining("", "")).toEqual([]);
        expect(explaining("x".repeat(300), "")).toEqual([`${"x".repeat(200)}...`]);
    });
});
