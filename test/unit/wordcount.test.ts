import type { ClusterSummary } from "../../provider/nimbus/client";
import { type Cluster, countsIn, wordcount, type WorkerLogs } from "../../scripts/firstCounts";

const start = "2026-07-01 10:00:00.000 o.a.s.d.w.Worker main [INFO] Launching worker\n";
const count = (task: number, counted: string) =>
    `2026-07-01 10:00:05.000 w.CountBolt Thread-18-count-executor[${task}, ${task}] [INFO] counted ${counted}\n`;
const many = "16580 words, 35 different; most frequent: and=3658";

/** What Nimbus says, with the topology or without it. */
function summary(status?: string, workers = 2): ClusterSummary {
    return {
        nimbuses: [],
        supervisors: [{ host: "10.0.0.3", uptime: 60, slots: 4, usedSlots: 3 }],
        topologies: status
            ? [{ id: "wordcount-1-7", name: "wordcount", uptime: 60, status, executors: 8, workers }]
            : [],
    };
}

function logs(text: string, supervisor = "supervisor-1"): WorkerLogs {
    return { supervisor, text, follow: `docker exec storm-x-${supervisor} tail` };
}

/**
 * Runs `make wordcount` on a cluster of which Nimbus and the logs say one thing after the other, the last one from then on; `printed` is
 * what Storm's client prints when it fails.
 */
async function run(summaries: (ClusterSummary | undefined)[], texts: string[], printed?: string) {
    const lines: string[] = [];
    const asked: string[] = [];
    let submitted = 0;
    const next = <T>(values: T[]) => (values.length > 1 ? values.shift() : values[0]) as T;
    const cluster: Cluster = {
        summary: () => Promise.resolve(next(summaries)),
        submit: () => {
            submitted++;
            return printed;
        },
        workerLogs: (id) => {
            asked.push(id);
            return Promise.resolve([logs(""), logs(next(texts), "supervisor-2")]);
        },
    };
    // All that is said comes within so many looks, or not at all.
    let looks = 0;
    const seconds = () => (looks++ < 10 ? 60 : 0);
    const done = wordcount(cluster, (line) => lines.push(line), { seconds, milliseconds: 0 });
    const error = await done.then(
        () => undefined,
        (problem: Error) => problem.message,
    );
    return { lines: lines.join("\n"), error, submitted, asked };
}

test("it is submitted, and once its workers count, their counts are shown, and how to follow them", async () => {
    const { lines, error, submitted, asked } = await run(
        [summary(), summary(), summary("ACTIVE", 0), summary("ACTIVE")],
        ["", "", start, start + count(5, many) + count(6, "0 words, 0 different; most frequent: none")],
    );
    expect([error, submitted]).toEqual([undefined, 1]);
    expect(lines).toBe(`make wordcount: submitting topology wordcount with 2 workers
make wordcount: waiting: it has no worker; 3 of 4 slots are used
make wordcount: waiting: its workers start; they have no logs
make wordcount: waiting: its workers start; their logs have no new counts
make wordcount: topology wordcount has counted
  supervisor-2  counted 16580 words, 35 different; most frequent: and=3658
To follow the counts on supervisor-2:
  docker exec storm-x-supervisor-2 tail`);
    // Logs of former topologies of that name are others.
    expect(new Set(asked)).toEqual(new Set(["wordcount-1-7"]));
});

describe("a topology that is on the cluster already", () => {
    test("is not submitted again; its counts are shown once they are new", async () => {
        const former = start + count(5, "99 words");
        const { lines, error, submitted } = await run(
            [summary("ACTIVE")],
            [former, former, former + count(5, "120 words")],
        );
        expect([error, submitted]).toEqual([undefined, 0]);
        expect(lines).toContain("topology wordcount is on the cluster already, and ACTIVE: it is not submitted again");
        expect(lines).toContain("logs have no new counts\nmake wordcount: topology wordcount has counted\n");
        expect(lines).toContain("  supervisor-2  counted 120 words\n");
    });

    test("has stopped counting", async () => {
        const { error } = await run([summary("ACTIVE", 0)], [start + count(5, "99 words")]);
        expect(error).toContain("topology wordcount counts no words yet: it has no worker; 3 of 4 slots are used\n");
    });

    test("is inactive: its last counts are shown", async () => {
        const { lines, error } = await run([summary("INACTIVE")], [count(5, "99 words")]);
        expect(error).toBeUndefined();
        expect(lines).toContain("is on the cluster already, and INACTIVE");
        expect(lines).toContain("  supervisor-2  counted 99 words\n");
    });

    test("is being killed: its successor is submitted after that", async () => {
        const { lines, error, submitted } = await run(
            [summary("KILLED"), summary("KILLED"), summary(), summary("ACTIVE")],
            [count(5, "99 words")],
        );
        expect([error, submitted]).toEqual([undefined, 1]);
        expect(lines).toMatch(
            /^make wordcount: waiting: the former topology wordcount is being killed\nmake wordcount: submitting /,
        );
    });
});

describe("it fails", () => {
    test("at once where no Nimbus answers", async () => {
        const { error, submitted } = await run([undefined], [""]);
        expect([error, submitted]).toEqual(["no Nimbus answers, so nothing is submitted\nNext: make status", 0]);
    });

    test("with all that Storm's client has printed, if that fails", async () => {
        const { lines, error } = await run([summary()], [""], "[INFO] one\njava.lang.RuntimeException: two\n");
        expect(error).toBe(
            "Storm's client did not submit the topology. It printed:\n[INFO] one\njava.lang.RuntimeException: two",
        );
        expect(lines).toBe("make wordcount: submitting topology wordcount with 2 workers");
    });

    test.each([
        ["no worker", summary("ACTIVE", 0), "", "it has no worker; 3 of 4 slots are used", "make status"],
        ["no log", summary("ACTIVE"), "", "its workers start; they have no logs", "make logs D=supervisor-1"],
        ["no Nimbus any more", undefined, "", "no Nimbus answers", "make logs D=nimbus-1"],
    ])("past the limit with %s: what is missing, and the next command", async (_, last, text, what, next) => {
        const { error } = await run([summary(), last], [text]);
        expect(error).toBe(`topology wordcount counts no words yet: ${what}\nNext: ${next}`);
    });

    test("past the limit with the end of the log of workers that do not count", async () => {
        const { error } = await run(
            [summary(), summary("ACTIVE")],
            [`${start.repeat(30)}java.lang.OutOfMemoryError\n`],
        );
        expect(error).toBe(
            `topology wordcount counts no words yet: its workers start; their logs have no new counts
The end of its log on supervisor-2:
${start.repeat(19)}java.lang.OutOfMemoryError
Next: docker exec storm-x-supervisor-2 tail`,
        );
    });
});

test("the last count of each task is shown, in the form of both lines of Storm, and none without words", () => {
    const one = "[INFO] counted 1 words, 1 different; most frequent: a=1\n";
    const text = `${count(5, "3 words")}Thread-30-count-executor[7 7] ${one}${count(5, "9 words")}${count(8, "0 words")}`;
    expect(countsIn([logs(text)]).map(({ counted }) => counted)).toEqual([
        "counted 9 words",
        "counted 1 words, 1 different; most frequent: a=1",
    ]);
});
