// The exporter itself runs here, and asks stand-ins for Nimbus.
import * as fs from "fs";
import { startExporter } from "./exporterProcess";
import {
    type Answer,
    type Call,
    type ClusterState,
    clusterSummary,
    framedAnswer,
    hangs,
    type PageState,
    Raised,
    startStandIn,
    topologyPage,
} from "./nimbusStandIn";

jest.setTimeout(60_000);

const ends: (() => unknown)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

/** Starts a stand-in that ends with the test. */
async function standIn(answer: (call: Call) => Answer | Promise<Answer>): ReturnType<typeof startStandIn> {
    const nimbus = await startStandIn(answer);
    ends.push(nimbus.stop);
    return nimbus;
}

/** A port where nothing listens. */
async function closedPort(): Promise<number> {
    const { port, stop } = await startStandIn(() => hangs);
    stop();
    return port;
}

interface Cluster extends Omit<ClusterState, "nimbuses"> {
    pages?: Record<string, PageState | Raised>;
    version?: string;
}

/** A Nimbus that leads, by what `state` returns at each call. Without a page a topology is not alive. */
async function leading(state: () => Cluster): ReturnType<typeof startStandIn> {
    let port = 0;
    const nimbus = await standIn(({ method, id = "", window = "" }) => {
        const { pages = {}, version, ...cluster } = state();
        if (method === "getClusterInfo") {
            return clusterSummary({ ...cluster, nimbuses: [{ host: "127.0.0.1", port, leader: true }] }, version);
        }
        const page = pages[id] ?? new Raised(1, `${id} is not alive`);
        return page instanceof Raised ? page : topologyPage(id, window, page, version);
    });
    port = nimbus.port;
    return nimbus;
}

interface Scrape {
    text: string;
    contentType: string | null;
    /** Values by series, such as `storm_up` or `storm_nimbus_leader{host="a"}`. */
    series: Record<string, number>;
    /** Type, meaning and labels by metric; labels of its first sample. */
    metrics: Record<string, { type: string; meaning: string; labels: string[] }>;
}

/** Starts the exporter, and returns what scrapes it. */
async function exporterOf(...nimbuses: (number | string)[]): Promise<{ url: string; scrape: () => Promise<Scrape> }> {
    const { url, stop } = await startExporter(
        nimbuses.map((each) => (typeof each === "number" ? `127.0.0.1:${each}` : each)),
    );
    ends.push(stop);
    const scrape = async () => {
        // As long as Prometheus waits.
        const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(10_000) });
        expect(response.status).toBe(200);
        const text = await response.text();
        return { text, contentType: response.headers.get("content-type"), ...parsed(text) };
    };
    return { url, scrape };
}

/**
 * Parses the text format 0.0.4, strictly: https://prometheus.io/docs/instrumenting/exposition_formats/
 * @throws Error for what is not that: a line of no known form, a sample apart from its metric, or two of the same series.
 */
function parsed(text: string): Pick<Scrape, "series" | "metrics"> {
    const series: Scrape["series"] = {};
    const metrics: Scrape["metrics"] = {};
    let current = "";
    if (!text.endsWith("\n")) {
        throw new Error("the last line does not end");
    }
    for (const line of text.slice(0, -1).split("\n")) {
        const [, comment, name = "", rest = ""] = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line) ?? [];
        const sample = /^([a-z_]+)(\{(?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)+\})? (-?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/.exec(
            line,
        );
        if (comment === "HELP") {
            if (metrics[name]) {
                throw new Error(`twice: ${line}`);
            }
            current = name;
            metrics[name] = { type: "", meaning: rest, labels: [] };
        } else if (comment === "TYPE" && name === current && /^(counter|gauge)$/.test(rest)) {
            Object.assign(metrics[name] ?? {}, { type: rest });
        } else if (sample?.[1] === current) {
            const key = current + (sample[2] ?? "");
            if (key in series) {
                throw new Error(`twice: ${line}`);
            }
            series[key] = Number(sample[3]);
            const labels = [...(sample[2] ?? "").matchAll(/([a-z]+)="(?:[^"\\]|\\.)*"/g)].map(
                ([, label = ""]) => label,
            );
            Object.assign(metrics[current] ?? {}, { labels });
        } else {
            throw new Error(`not the text format: ${line}`);
        }
    }
    return { series, metrics };
}

/** The series whose names begin so. */
const startingWith = ({ series }: Scrape, prefix: string) =>
    Object.fromEntries(Object.entries(series).filter(([key]) => key.startsWith(prefix)));

const wordCount: PageState = {
    counts: { emitted: 1000, transferred: 900, acked: 300, failed: 2 },
    components: {
        words: { type: "spout", counts: { emitted: 400, transferred: 400, acked: 300, failed: 2 }, latency: 12.5 },
        count: {
            type: "bolt",
            counts: { emitted: 600, transferred: 500, acked: 600, failed: 1, executed: 601 },
            latency: 1.5,
            capacity: 0.75,
            errorAt: 1_764_500_000,
        },
    },
    workers: [
        { host: "10.0.0.4", port: 6700, uptime: 55 },
        { host: "10.0.0.5", port: 6701, uptime: 0 },
    ],
    configuration: { "topology.workers": 3, "topology.message.timeout.secs": 30 },
    completeLatency: 12.5,
};
const wanted = 'storm_topology_workers_wanted{topology="word-count"}';
const cluster: Cluster = {
    supervisors: [
        { host: "10.0.0.4", uptime: 77, slots: 4, used: 1 },
        { host: "10.0.0.5", uptime: 78, slots: 2, used: 1 },
    ],
    topologies: [{ id: "word-count-1-1764400000", name: "word-count" }],
    pages: { "word-count-1-1764400000": wordCount },
};

describe.each(["2.8.3", "1.2.4"])("of Storm %s", (version) => {
    let scrape: Scrape;
    let calls: Call[];
    beforeEach(async () => {
        const nimbus = await leading(() => ({ ...cluster, version }));
        scrape = await (await exporterOf(nimbus.port)).scrape();
        calls = nimbus.calls;
    });

    test("the cluster's metrics are what Nimbus says", () => {
        expect(scrape.contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
        expect(scrape.series).toMatchObject({
            storm_up: 1,
            'storm_nimbus_leader{host="127.0.0.1"}': 1,
            'storm_nimbus_uptime_seconds{host="127.0.0.1"}': 1000,
            storm_supervisors: 2,
            'storm_supervisor_uptime_seconds{host="10.0.0.4"}': 77,
            'storm_supervisor_slots{host="10.0.0.5"}': 2,
            'storm_supervisor_slots_used{host="10.0.0.5"}': 1,
            storm_slots: 6,
            storm_slots_used: 2,
            storm_slots_free: 4,
        });
    });

    test("a topology's metrics are what Nimbus says, in seconds", () => {
        expect(startingWith(scrape, "storm_topology_")).toEqual({
            'storm_topology_status{topology="word-count",status="ACTIVE"}': 1,
            'storm_topology_status{topology="word-count",status="INACTIVE"}': 0,
            'storm_topology_status{topology="word-count",status="REBALANCING"}': 0,
            'storm_topology_status{topology="word-count",status="KILLED"}': 0,
            'storm_topology_uptime_seconds{topology="word-count"}': 1234,
            'storm_topology_workers{topology="word-count"}': 2,
            'storm_topology_workers_wanted{topology="word-count"}': 3,
            'storm_topology_executors{topology="word-count"}': 10,
            'storm_topology_tasks{topology="word-count"}': 12,
            'storm_topology_message_timeout_seconds{topology="word-count"}': 30,
            'storm_topology_complete_latency_seconds{topology="word-count"}': 0.0125,
            'storm_topology_emitted_total{topology="word-count"}': 0,
            'storm_topology_transferred_total{topology="word-count"}': 0,
            'storm_topology_acked_total{topology="word-count"}': 0,
            'storm_topology_failed_total{topology="word-count"}': 0,
        });
    });

    test("a component's metrics are what Nimbus says, in seconds; a spout and a bolt have what is theirs", () => {
        const bolt = (metric: string) =>
            scrape.series[`storm_component_${metric}{topology="word-count",component="count",type="bolt"}`];
        const spout = (metric: string) =>
            scrape.series[`storm_component_${metric}{topology="word-count",component="words",type="spout"}`];
        const metrics = Object.keys(scrape.metrics).filter((name) => name.startsWith("storm_component_"));
        const values = (of: typeof bolt) =>
            Object.fromEntries(
                metrics
                    .map((name) => name.replace("storm_component_", ""))
                    .filter((name) => of(name) !== undefined)
                    .map((name) => [name, of(name)]),
            );
        const common = {
            executors: 3,
            tasks: 4,
            emitted_total: 0,
            transferred_total: 0,
            acked_total: 0,
            failed_total: 0,
        };
        expect(values(spout)).toEqual({ ...common, complete_latency_seconds: 0.0125 });
        expect(values(bolt)).toEqual({
            ...common,
            executed_total: 0,
            capacity_ratio: 0.75,
            execute_latency_seconds: 0.0015,
            process_latency_seconds: 0.00075,
            last_error_timestamp_seconds: 1_764_500_000,
        });
    });

    test("a worker has an uptime once it has sent a heartbeat", () => {
        expect(startingWith(scrape, "storm_worker_")).toEqual({
            'storm_worker_uptime_seconds{topology="word-count",host="10.0.0.4",port="6700"}': 55,
        });
    });

    test("Nimbus is asked for two pages of a topology", () => {
        const id = "word-count-1-1764400000";
        expect(calls).toEqual([
            { method: "getClusterInfo" },
            { method: "getTopologyPageInfo", id, window: "600", system: true },
            { method: "getTopologyPageInfo", id, window: ":all-time", system: false },
        ]);
    });
});

test("docs/monitoring.md has all metrics, with type, labels and meaning; units are in the names", async () => {
    const { scrape } = await exporterOf((await leading(() => cluster)).port);
    const { metrics } = await scrape();
    const rows = [...fs.readFileSync("docs/monitoring.md", "utf8").matchAll(/^\| `(storm_\w+)` \|(.*)\|$/gm)].map(
        ([, name = "", cells = ""]) => [name, ...cells.split("|").map((cell) => cell.trim())],
    );
    const documented = rows.map(([name, type, labels = "", meaning]) => ({
        ...{ name, type, meaning },
        labels: labels.replaceAll("`", "").split(", ").filter(Boolean),
    }));
    expect(documented).toEqual(Object.entries(metrics).map(([name, metric]) => ({ name, ...metric })));
    for (const [name = "", type = "", , , unit, source] of rows) {
        expect([name, source]).not.toEqual([name, ""]);
        expect([name, unit === "s" || unit === "Unix time, s"]).toEqual([name, name.endsWith("_seconds")]);
        expect([name, unit === "0 to 1"]).toEqual([name, name.endsWith("_ratio")]);
        expect([name, type]).toEqual([name, name.endsWith("_total") ? "counter" : "gauge"]);
    }
});

describe("of several Nimbus daemons", () => {
    const two = (leader: { host: string; port: number }, other: { host: string; port: number }) =>
        clusterSummary({
            nimbuses: [other, { ...leader, leader: true }],
            topologies: [{ id: "word-count-1-1764400000", name: "word-count" }],
        });
    const pageOf = ({ id = "", window = "" }: Call) => topologyPage(id, window, wordCount);

    test("the leader is asked for pages, whichever answered first", async () => {
        const leader = await standIn(pageOf);
        const seed = await standIn(() =>
            two({ host: "127.0.0.1", port: leader.port }, { host: "10.0.0.1", port: 6627 }),
        );
        const { series } = await (await exporterOf(seed.port)).scrape();
        expect(series).toMatchObject({
            'storm_nimbus_leader{host="127.0.0.1"}': 1,
            'storm_nimbus_leader{host="10.0.0.1"}': 0,
            [wanted]: 3,
        });
        expect([seed.calls.length, leader.calls.length]).toEqual([1, 2]);
    });

    test.each([
        ["its name is not resolved", () => ({ host: "nimbus-1.invalid", port: 6627 })],
        ["nothing listens there", async () => ({ host: "127.0.0.1", port: await closedPort() })],
    ])("where the leader is not reached, as %s, the one that answered is asked for pages", async (_, leaderAt) => {
        const leader = await leaderAt();
        const seed = await standIn((call) =>
            call.method === "getClusterInfo" ? two(leader, { host: "10.0.0.2", port: 6627 }) : pageOf(call),
        );
        const { series } = await (await exporterOf(seed.port)).scrape();
        expect(series).toMatchObject({ storm_up: 1, [wanted]: 3 });
    });

    test("a follower that has no such topology does not hide it", async () => {
        const leader = { host: "127.0.0.1", port: await closedPort() };
        const seed = await standIn(({ method }) =>
            method === "getClusterInfo" ? two(leader, { host: "10.0.0.2", port: 6627 }) : new Raised(1, "not alive"),
        );
        const scrape = await (await exporterOf(seed.port)).scrape();
        expect(scrape.series).toMatchObject({ 'storm_topology_workers{topology="word-count"}': 2 });
        expect(startingWith(scrape, "storm_component_")).toEqual({});
    });

    test("one that is not there is passed over", async () => {
        const { scrape } = await exporterOf(await closedPort(), (await leading(() => cluster)).port);
        expect((await scrape()).series).toMatchObject({ storm_up: 1, storm_supervisors: 2 });
    });

    test("one that raises an exception is passed over, and asked last from then on", async () => {
        const bad = await standIn(() => new Raised(1, "not authorized"));
        const { scrape } = await exporterOf(bad.port, (await leading(() => cluster)).port);
        expect((await scrape()).series).toMatchObject({ storm_up: 1, storm_supervisors: 2 });
        expect((await scrape()).series).toMatchObject({ storm_up: 1, storm_supervisors: 2 });
        expect(bad.calls).toHaveLength(1);
    });

    test("the leader's host is the leader, though it is known at a port of before, too", async () => {
        const summary = clusterSummary({
            nimbuses: [
                { host: "10.0.0.1", port: 6627, leader: true },
                { host: "10.0.0.1", port: 6641 },
            ],
        });
        const { scrape } = await exporterOf((await standIn(() => summary)).port);
        expect((await scrape()).series).toMatchObject({ 'storm_nimbus_leader{host="10.0.0.1"}': 1 });
    });
});

// One after the other these would take half a minute: the exporter waits 5 s for each call.
describe("a Nimbus that hangs", () => {
    let scrapes: Record<"alone" | "three" | "first" | "leader" | "page", Scrape>;
    beforeAll(async () => {
        const hanging = async () => (await standIn(() => hangs)).port;
        const led = async (leader: () => number, page: (call: Call) => Answer) =>
            (
                await standIn((call) =>
                    call.method === "getClusterInfo"
                        ? clusterSummary({
                              ...cluster,
                              nimbuses: [{ host: "127.0.0.1", port: leader(), leader: true }],
                          })
                        : page(call),
                )
            ).port;
        const leader = await hanging();
        const pageHangs: number = await led(
            () => pageHangs,
            () => hangs,
        );
        const of = {
            alone: [await hanging()],
            three: [await hanging(), await hanging(), await hanging()],
            first: [await hanging(), (await leading(() => cluster)).port],
            leader: [
                await led(
                    () => leader,
                    ({ id = "", window = "" }) => topologyPage(id, window, wordCount),
                ),
            ],
            page: [pageHangs],
        };
        const scraped = Object.entries(of).map(async ([key, ports]) => [
            key,
            await (await exporterOf(...ports)).scrape(),
        ]);
        scrapes = Object.fromEntries(await Promise.all(scraped)) as typeof scrapes;
    });

    test("does not answer: storm_up is 0, in the time that Prometheus waits, with three of them too", () => {
        expect([scrapes.alone.series.storm_up, scrapes.three.series.storm_up]).toEqual([0, 0]);
    });

    test("is passed over", () => {
        expect(scrapes.first.series).toMatchObject({ storm_up: 1, [wanted]: 3 });
    });

    test("and leads: the one that answered is asked for pages", () => {
        expect(scrapes.leader.series).toMatchObject({ storm_up: 1, [wanted]: 3 });
    });

    test("at a page leaves what the cluster's summary says", () => {
        expect(scrapes.page.series).toMatchObject({ storm_up: 1, 'storm_topology_workers{topology="word-count"}': 2 });
        expect(startingWith(scrapes.page, "storm_component_")).toEqual({});
    });
});

/** An answer with more fields in its result. */
function longerBy(...more: Buffer[]): Buffer {
    const whole = framedAnswer(clusterSummary({ nimbuses: [{ host: "10.0.0.1", port: 6627 }] }));
    // Before the end of the result, and that of the reply.
    const longer = Buffer.concat([whole.subarray(0, -2), ...more, whole.subarray(-2)]);
    longer.writeInt32BE(longer.length - 4);
    return longer;
}

describe("without an answer", () => {
    test("storm_up is 0, and the exporter is healthy", async () => {
        const { url, scrape } = await exporterOf(await closedPort());
        const { series } = await scrape();
        expect(series.storm_up).toBe(0);
        expect(Object.keys(series)).toEqual(["storm_up", "storm_scrape_duration_seconds"]);
        expect((await fetch(`${url}/-/healthy`)).status).toBe(200);
        expect((await fetch(`${url}/`)).status).toBe(404);
    });

    const frame = (...bytes: number[]) => Buffer.from([0, 0, 0, bytes.length, ...bytes]);
    const reply = [0x80, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0];
    test.each([
        ["longer than 16 MiB", longerBy(Buffer.from([11, 0, 99, 1, 0, 0, 0]), Buffer.alloc(1 << 24))],
        ["of a negative length", Buffer.from([0xff, 0xff, 0xff, 0xff])],
        ["of another protocol", Buffer.from("\0\0\0\x10HTTP/1.1 400 Bad")],
        ["that ends within a structure", frame(...reply, 12, 0, 0)],
        ["with a string longer than itself", frame(...reply, 11, 0, 0, 0x7f, 0xff, 0xff, 0xff)],
        ["with a string that leads back to its begin", frame(...reply, 11, 0, 5, 0xff, 0xff, 0xff, 0xf9)],
        ["with a list longer than itself", frame(...reply, 15, 0, 0, 2, 0x7f, 0xff, 0xff, 0xff)],
        ["with a list of a negative length", frame(...reply, 15, 0, 0, 2, 0xff, 0xff, 0xff, 0xff)],
        ["with an unknown type", frame(...reply, 99, 0, 0)],
        [
            "with structures without end",
            (() => {
                const nested = Buffer.alloc(30_000, Buffer.from([12, 0, 0]));
                const size = Buffer.alloc(4);
                size.writeInt32BE(reply.length + nested.length);
                return Buffer.concat([size, Buffer.from(reply), nested]);
            })(),
        ],
        ["that is an exception of Thrift", frame(0x80, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 11, 0, 1, 0, 0, 0, 1, 120, 0)],
    ])("an answer %s is none, and the next one counts", async (_, answer) => {
        let isBroken = true;
        let port = 0;
        const nimbus = await standIn(() =>
            isBroken ? answer : clusterSummary({ nimbuses: [{ host: "127.0.0.1", port, leader: true }] }),
        );
        port = nimbus.port;
        const { scrape } = await exporterOf(port);
        expect((await scrape()).series.storm_up).toBe(0);
        isBroken = false;
        expect((await scrape()).series.storm_up).toBe(1);
    });
});

test("an unknown field of any type is skipped", async () => {
    const unknown = Buffer.from([
        ...[2, 1, 0, 1], // a boolean
        ...[3, 1, 1, 7],
        ...[4, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0],
        ...[6, 1, 3, 0, 7],
        ...[8, 1, 4, 0, 0, 0, 7],
        ...[10, 1, 5, 0, 0, 0, 0, 0, 0, 0, 7],
        ...[11, 1, 6, 0, 0, 0, 2, 0xff, 0xfe], // bytes that are no text
        ...[12, 1, 7, 8, 0, 1, 0, 0, 0, 7, 0],
        ...[13, 1, 8, 12, 11, 0, 0, 0, 1, 8, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, 1, 120], // a map of structures
        ...[14, 1, 9, 8, 0, 0, 0, 1, 0, 0, 0, 7],
        ...[15, 1, 10, 15, 0, 0, 0, 1, 8, 0, 0, 0, 1, 0, 0, 0, 7], // a list of lists
    ]);
    const { scrape } = await exporterOf((await standIn(() => longerBy(unknown))).port);
    expect((await scrape()).series).toMatchObject({ storm_up: 1, 'storm_nimbus_leader{host="10.0.0.1"}': 0 });
});

describe("counters", () => {
    const id = "t-1-1764400000";
    const acked = 'storm_component_acked_total{topology="t",component="words",type="spout"}';
    const emitted = 'storm_topology_emitted_total{topology="t"}';

    /** Scrapes one page after the other; null: the topology is not there. */
    async function counted(...pages: (number | PageState | null)[]): Promise<Record<string, number>[]> {
        let state: Cluster = {};
        const { scrape } = await exporterOf((await leading(() => state)).port);
        const scrapes: Record<string, number>[] = [];
        for (const page of pages) {
            state =
                page === null
                    ? {}
                    : {
                          topologies: [{ id, name: "t" }],
                          pages: { [id]: typeof page === "number" ? countedUpTo(page) : page },
                      };
            scrapes.push((await scrape()).series);
        }
        return scrapes;
    }
    const countedUpTo = (count: number): PageState => ({
        counts: { emitted: 2 * count },
        components: { words: { type: "spout", counts: { acked: count } } },
        workers: [{ host: "10.0.0.4", port: 6700, uptime: 55 }],
    });

    test("start at 0, add what Storm's count rises by, and go on from where it fell to", async () => {
        const scrapes = await counted(100, 160, 40, 40, 70);
        expect(scrapes.map((series) => series[acked])).toEqual([0, 60, 60, 60, 90]);
        expect(scrapes.map((series) => series[emitted])).toEqual([0, 120, 120, 120, 180]);
    });

    test.each(["failed", "acked"] as const)(
        "where Storm has no count of %s tuples before the first, it is 0, and the first counts",
        async (key) => {
            const other = key === "failed" ? "acked" : "failed";
            const page = (count: number | null): PageState => {
                const counts = { [key]: count, [other]: 100 };
                return { ...countedUpTo(100), counts, components: { words: { type: "spout", counts } } };
            };
            const scrapes = await counted(page(null), page(40));
            const metrics = [
                `storm_topology_${key}_total{topology="t"}`,
                `storm_component_${key}_total{topology="t",component="words",type="spout"}`,
            ];
            expect(scrapes.map((series) => metrics.map((metric) => series[metric]))).toEqual([
                [0, 0],
                [40, 40],
            ]);
        },
    );

    test("where Storm counts neither, there is no counter of either", async () => {
        const counts = { acked: null, failed: null };
        const [series] = await counted({
            ...countedUpTo(100),
            counts,
            components: { words: { type: "spout", counts } },
        });
        expect(Object.keys(series ?? {}).filter((key) => /_(acked|failed)_total/.test(key))).toEqual([]);
        expect(series?.[emitted]).toBe(0);
    });

    test("what Storm 2 has in the place of counts before a heartbeat is not counted", async () => {
        const [, second, third] = await counted(100, { ...countedUpTo(0), reporting: 0 }, 110);
        expect(Object.keys(second ?? {}).filter((key) => /_component_|_total/.test(key))).toEqual([]);
        expect([third?.[acked], third?.[emitted]]).toEqual([10, 20]);
    });

    test("end with their topology, and start at 0 with the next one", async () => {
        const [, counting, none, again] = await counted(100, 160, null, 500);
        expect([counting?.[acked], none?.[acked], again?.[acked]]).toEqual([60, undefined, 0]);
    });

    test("stand while a page is not answered", async () => {
        let answer: "count" | "none" = "count";
        let count = 100;
        let port = 0;
        const nimbus = await standIn(({ method, window = "" }) =>
            method === "getClusterInfo"
                ? clusterSummary({
                      topologies: [{ id, name: "t" }],
                      nimbuses: [{ host: "127.0.0.1", port, leader: true }],
                  })
                : answer === "none"
                  ? Buffer.from([0, 0, 0, 0])
                  : topologyPage(id, window, countedUpTo(count)),
        );
        port = nimbus.port;
        const { scrape } = await exporterOf(port);
        await scrape();
        answer = "none";
        expect((await scrape()).series[acked]).toBeUndefined();
        [answer, count] = ["count", 130];
        expect((await scrape()).series[acked]).toBe(30);
    });
});

test("a topology that is killed between two calls is left out, and the others are not", async () => {
    const { scrape } = await exporterOf(
        (
            await leading(() => ({
                topologies: [
                    { id: "killed-1-1", name: "killed" },
                    { id: "other-2-1", name: "other" },
                ],
                pages: { "other-2-1": wordCount },
            }))
        ).port,
    );
    const { text, series } = await scrape();
    expect(text).not.toContain("killed");
    expect(series).toMatchObject({ storm_up: 1, 'storm_topology_workers_wanted{topology="other"}': 3 });
});

test("labels are escaped", async () => {
    const { scrape } = await exporterOf(
        (
            await leading(() => ({
                topologies: [{ id: "odd-1-1", name: 'a"b\\c\nd', status: "ODD" }],
                pages: { "odd-1-1": { ...wordCount, components: { 'ü"': { type: "spout" } } } },
            }))
        ).port,
    );
    expect((await scrape()).series).toMatchObject({
        'storm_topology_status{topology="a\\"b\\\\c\\nd",status="ODD"}': 1,
        'storm_component_tasks{topology="a\\"b\\\\c\\nd",component="ü\\"",type="spout"}': 4,
    });
});

test("a supervisor that is known by two ids is one of its host", async () => {
    const supervisors = [
        { host: "10.0.0.4", uptime: 500, slots: 4, used: 1 },
        { host: "10.0.0.4", uptime: 7, slots: 4, used: 2 },
    ];
    const { scrape } = await exporterOf((await leading(() => ({ supervisors }))).port);
    expect((await scrape()).series).toMatchObject({
        storm_supervisors: 2,
        'storm_supervisor_uptime_seconds{host="10.0.0.4"}': 7,
        'storm_supervisor_slots{host="10.0.0.4"}': 8,
        'storm_supervisor_slots_used{host="10.0.0.4"}': 3,
    });
});

test("a number that is not finite is left out", async () => {
    const { scrape } = await exporterOf(
        (
            await leading(() => ({
                topologies: [{ id: "t-1-1", name: "t" }],
                pages: { "t-1-1": { ...wordCount, completeLatency: NaN } },
            }))
        ).port,
    );
    expect((await scrape()).series).not.toHaveProperty('storm_topology_complete_latency_seconds{topology="t"}');
});

test("scrapes that come while one asks Nimbus get its answer", async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    let arrived = (): void => undefined;
    const asked = new Promise<void>((resolve) => (arrived = resolve));
    const nimbus = await standIn(async () => {
        arrived();
        await released;
        return clusterSummary({ nimbuses: [{ host: "10.0.0.1", port: 6627 }] });
    });
    const { url, scrape } = await exporterOf(nimbus.port);
    const first = scrape();
    await asked;
    const others = [scrape(), scrape()];
    // These two wait once later requests are answered.
    for (let request = 0; request < 3; request++) {
        await fetch(`${url}/-/healthy`);
    }
    release();
    const texts = (await Promise.all([first, ...others])).map(({ text }) => text);
    expect(new Set(texts).size).toBe(1);
    expect(nimbus.calls).toHaveLength(1);
    await scrape();
    expect(nimbus.calls).toHaveLength(2);
});
