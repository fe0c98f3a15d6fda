import type { Dashboard } from "./dashboard";
import { failedShare, max, rate, sum } from "./promql";

const chosen = '{topology=~"$topology"}';
const spouts = '{topology=~"$topology",type="spout"}';
const component = "topology, component";

/** One topology, or all. */
export const topology: Dashboard = {
    title: "Storm: topology",
    description: "Does a topology keep up, and where is its bottleneck?",
    byTopology: true,
    panels: [
        {
            title: "Throughput",
            question:
                "Does it keep up? What spouts emit is acked as fast; a gap that lasts is work that piles up or fails.",
            kind: "timeseries",
            unit: "ops",
            labels: ["topology"],
            queries: [
                { name: "emitted by spouts", expr: sum("topology", rate(`storm_component_emitted_total${spouts}`)) },
                { name: "acked", expr: sum("topology", rate(`storm_topology_acked_total${chosen}`)) },
                { name: "failed", expr: sum("topology", rate(`storm_topology_failed_total${chosen}`)) },
            ],
        },
        {
            title: "Failures",
            question: "Does work fail? Share of spouts' tuples that failed or timed out; an alert fires above 5 %.",
            kind: "timeseries",
            unit: "percentunit",
            labels: ["topology"],
            queries: [{ name: "", expr: failedShare(chosen), limit: 0.05 }],
        },
        {
            title: "Complete latency",
            question:
                "How long does a tuple take, and how near is that to the timeout, at which it fails? Means of 10 minutes.",
            kind: "timeseries",
            unit: "s",
            labels: ["topology"],
            queries: [
                { name: "latency", expr: max("topology", `storm_topology_complete_latency_seconds${chosen}`) },
                {
                    name: "half of the timeout",
                    expr: `${max("topology", `storm_topology_message_timeout_seconds${chosen}`)} / 2`,
                },
            ],
        },
        {
            title: "Capacity of bolts",
            question:
                "Where is the bottleneck? Share of the time for which a bolt's busiest executor executes; from 90 % on it needs more executors.",
            kind: "timeseries",
            unit: "percentunit",
            labels: ["topology", "component"],
            queries: [{ name: "", expr: max(component, `storm_component_capacity_ratio${chosen}`), limit: 0.9 }],
        },
        {
            title: "Components",
            question: "Which component is slow, or fails? Latencies and capacity are means of 10 minutes, rates of 5.",
            kind: "table",
            unit: "ops",
            labels: ["topology", "component", "type"],
            queries: [
                {
                    name: "executors",
                    expr: max(`${component}, type`, `storm_component_executors${chosen}`),
                    unit: "short",
                },
                {
                    name: "capacity",
                    expr: max(`${component}, type`, `storm_component_capacity_ratio${chosen}`),
                    unit: "percentunit",
                    limit: 0.9,
                },
                ...(["execute", "process", "complete"] as const).map((each) => ({
                    name: `${each} latency`,
                    expr: max(`${component}, type`, `storm_component_${each}_latency_seconds${chosen}`),
                    unit: "s" as const,
                })),
                ...(["emitted", "executed", "acked", "failed"] as const).map((each) => ({
                    name: each,
                    expr: sum(`${component}, type`, rate(`storm_component_${each}_total${chosen}`)),
                })),
            ],
        },
        {
            title: "Execute latency of bolts",
            question: "Has a bolt become slower? Mean time in its execute.",
            kind: "timeseries",
            unit: "s",
            labels: ["topology", "component"],
            queries: [{ name: "", expr: max(component, `storm_component_execute_latency_seconds${chosen}`) }],
        },
        {
            title: "Executed by component",
            question: "Which bolt has how much to do? Tuples that it executed, in a second.",
            kind: "timeseries",
            unit: "ops",
            labels: ["topology", "component"],
            queries: [{ name: "", expr: sum(component, rate(`storm_component_executed_total${chosen}`)) }],
        },
        {
            title: "Workers",
            question: "Does it run as wanted? As many workers as it was submitted with, and executors in them.",
            kind: "timeseries",
            unit: "short",
            labels: ["topology"],
            queries: [
                { name: "workers", expr: max("topology", `storm_topology_workers${chosen}`) },
                { name: "wanted", expr: max("topology", `storm_topology_workers_wanted${chosen}`) },
                { name: "executors", expr: max("topology", `storm_topology_executors${chosen}`) },
            ],
        },
        {
            title: "Workers by supervisor",
            question:
                "Is it spread? About as many workers on each supervisor, so that none that is lost takes most of the work.",
            kind: "table",
            unit: "short",
            labels: ["topology", "host"],
            queries: [
                { name: "workers", expr: `count by (topology, host) (storm_worker_uptime_seconds${chosen})` },
                {
                    name: "youngest",
                    expr: `min by (topology, host) (storm_worker_uptime_seconds${chosen})`,
                    unit: "s",
                },
                {
                    name: "restarts in an hour",
                    expr: sum("topology, host", `resets(storm_worker_uptime_seconds${chosen}[1h])`),
                    limit: 3,
                },
            ],
        },
        {
            title: "Last errors",
            question:
                'Which component reported an error, and how long ago? make storm ARGS="get-errors NAME" prints it.',
            kind: "table",
            unit: "s",
            none: "No component has reported one.",
            labels: ["topology", "component"],
            queries: [
                {
                    name: "ago",
                    expr: `time() - ${max(component, `storm_component_last_error_timestamp_seconds${chosen}`)}`,
                },
            ],
        },
    ],
};
