import type { Dashboard } from "./dashboard";
import { max, rate, sum } from "./promql";

const member = (metric: string) => max("daemon", `${metric}{job="zookeeper"}`);
const memberRate = (metric: string) => sum("daemon", rate(`${metric}{job="zookeeper"}`));
const requests = `(${memberRate("readlatency_count")} + ${memberRate("updatelatency_count")} > 0)`;

/** The ZooKeeper ensemble. */
export const zookeeper: Dashboard = {
    title: "Storm: ZooKeeper",
    description: "Is there a quorum, does it answer fast, and is its disk or memory the reason if not?",
    panels: [
        {
            title: "Members",
            question: "Does each member serve? A member that is in no quorum answers (up), and has nothing else.",
            kind: "table",
            unit: "short",
            labels: ["daemon"],
            queries: [
                { name: "up", expr: member("up") },
                { name: "voters", expr: member("quorum_size") },
                { name: "followers in sync (leader)", expr: member("synced_followers") },
                { name: "clients", expr: member("num_alive_connections") },
                { name: "requests that wait", expr: member("outstanding_requests"), limit: 10 },
                { name: "nodes", expr: member("znode_count"), limit: 1_000_000 },
                { name: "uptime", expr: `time() - ${member("process_start_time_seconds")}`, unit: "s" },
            ],
        },
        {
            title: "Latency of requests",
            question: "Does it answer fast? Mean time of a request; an alert fires above 100 ms.",
            kind: "timeseries",
            unit: "s",
            labels: ["daemon"],
            queries: [
                {
                    name: "",
                    // In milliseconds. Not avg_latency: that is the mean since the member started, which hardly rises after days.
                    expr: `(${memberRate("readlatency_sum")} + ${memberRate("updatelatency_sum")}) / ${requests} / 1000`,
                    limit: 0.1,
                },
            ],
        },
        {
            title: "Fsync of the log",
            question: "Is the disk the bottleneck? Mean time of an fsync; an alert fires above 100 ms.",
            kind: "timeseries",
            unit: "s",
            labels: ["daemon"],
            queries: [
                {
                    name: "",
                    expr: `${memberRate("fsynctime_sum")} / (${memberRate("fsynctime_count")} > 0) / 1000`,
                    limit: 0.1,
                },
            ],
        },
        {
            title: "Requests",
            question:
                "How much work does it have, and does each member take its part? Reads and updates that were answered, in a second.",
            kind: "timeseries",
            unit: "ops",
            labels: ["daemon"],
            queries: [
                { name: "reads", expr: memberRate("readlatency_count") },
                { name: "updates", expr: memberRate("updatelatency_count") },
            ],
        },
        {
            title: "Requests that wait",
            question: "Does a member get more than it can answer? An alert fires above 10.",
            kind: "timeseries",
            unit: "short",
            labels: ["daemon"],
            queries: [{ name: "", expr: member("outstanding_requests"), limit: 10 }],
        },
        {
            title: "Elections and restarts",
            question:
                "Is the ensemble stable? Elections that a member took part in, and its restarts, in the last hour.",
            kind: "timeseries",
            unit: "short",
            labels: ["daemon"],
            queries: [
                { name: "elections", expr: sum("daemon", 'increase(election_time_count{job="zookeeper"}[1h])') },
                { name: "restarts", expr: sum("daemon", 'changes(process_start_time_seconds{job="zookeeper"}[1h])') },
            ],
        },
        {
            title: "Heap in use",
            question:
                "Is memory short? Share of the largest heap; near 100 % for long, the member spends its time on garbage collection.",
            kind: "timeseries",
            unit: "percentunit",
            labels: ["daemon"],
            queries: [
                {
                    name: "",
                    expr: `${max("daemon", 'jvm_memory_bytes_used{job="zookeeper",area="heap"}')} / ${max("daemon", 'jvm_memory_bytes_max{job="zookeeper",area="heap"}')}`,
                    limit: 0.95,
                },
            ],
        },
        {
            title: "Garbage collection",
            question: "Is a member stopped by garbage collection? Share of the time.",
            kind: "timeseries",
            unit: "percentunit",
            labels: ["daemon"],
            queries: [{ name: "", expr: memberRate("jvm_gc_collection_seconds_sum"), limit: 0.1 }],
        },
        {
            title: "Data",
            question: "Does the data grow without end? All of it is in memory.",
            kind: "timeseries",
            unit: "short",
            labels: [],
            queries: [
                { name: "nodes", expr: 'max(znode_count{job="zookeeper"})', limit: 1_000_000 },
                { name: "ephemeral nodes", expr: 'max(ephemerals_count{job="zookeeper"})' },
                { name: "watches", expr: 'sum(watch_count{job="zookeeper"})' },
                { name: "size", expr: 'max(approximate_data_size{job="zookeeper"})', unit: "bytes" },
            ],
        },
        {
            title: "Open files",
            question: "Does a member run out of file descriptors? Share of its limit.",
            kind: "timeseries",
            unit: "percentunit",
            labels: ["daemon"],
            queries: [
                {
                    name: "",
                    expr: `${member("open_file_descriptor_count")} / ${member("max_file_descriptor_count")}`,
                    limit: 0.8,
                },
            ],
        },
    ],
};
