import type { Dashboard, Panel, Query } from "./dashboard";
import { failedShare, latencyShare, max, rate, sum } from "./promql";

/** Alerts that fire: on the dashboard of the cluster, and on the first of the console pages. */
export const firing: Panel = {
    title: "Firing alerts",
    question: "What is wrong now, and for how long has it been? Prometheus' page of alerts says what to do about each.",
    kind: "table",
    unit: "s",
    none: "No alert fires.",
    labels: ["severity", "alertname", "daemon", "host", "machine", "topology", "component"],
    queries: [
        {
            name: "for",
            expr: max(
                "severity, alertname, daemon, host, machine, topology, component",
                '(time() - ALERTS_FOR_STATE) and ignoring (alertstate) ALERTS{alertstate="firing"}',
            ),
        },
    ],
};

/** The cluster as a whole. */
export const cluster: Dashboard = {
    title: "Storm: cluster",
    description: "Is all of the cluster there, does each topology keep up, and is there room for more?",
    panels: [
        firing,
        {
            title: "Daemons",
            question: "Is each daemon there? One Nimbus leads, and as many daemons are known as the settings say.",
            kind: "stat",
            unit: "short",
            labels: [],
            queries: [
                { name: "Nimbus that lead", expr: "sum(storm_nimbus_leader)" },
                { name: "Nimbus", expr: "count(storm_nimbus_uptime_seconds)" },
                { name: "Nimbus wanted", expr: "sum(storm:nimbuses:expected)" },
                { name: "supervisors", expr: "sum(storm_supervisors)" },
                { name: "supervisors wanted", expr: "sum(storm:supervisors:expected)" },
            ],
        },
        {
            title: "Topologies",
            question:
                "Does each topology have its workers, keep up, and succeed? The busiest bolt is a bottleneck from 90 % on.",
            kind: "table",
            unit: "short",
            labels: ["topology", "status"],
            queries: (
                [
                    { name: "workers", expr: "storm_topology_workers" },
                    { name: "wanted", expr: "storm_topology_workers_wanted" },
                    { name: "uptime", expr: "storm_topology_uptime_seconds", unit: "s" },
                    { name: "acked", expr: rate("storm_topology_acked_total"), unit: "ops" },
                    { name: "failed", expr: failedShare(""), unit: "percentunit", limit: 0.05 },
                    { name: "share of timeout", expr: latencyShare(""), unit: "percentunit", limit: 0.5 },
                    { name: "busiest bolt", expr: "storm_component_capacity_ratio", unit: "percentunit", limit: 0.9 },
                ] as Query[]
            ).map((query) => ({
                ...query,
                expr: max(
                    "topology, status",
                    `${max("topology", query.expr)} * on (topology) group_right () (storm_topology_status == 1)`,
                ),
            })),
        },
        {
            title: "Throughput",
            question: "Does the cluster keep up? Tuples of spouts that were processed completely, in a second.",
            kind: "timeseries",
            unit: "ops",
            labels: ["topology"],
            queries: [{ name: "", expr: sum("topology", rate("storm_topology_acked_total")) }],
        },
        {
            title: "Failures",
            question: "Does work fail? Share of spouts' tuples that failed or timed out; an alert fires above 5 %.",
            kind: "timeseries",
            unit: "percentunit",
            labels: ["topology"],
            queries: [{ name: "", expr: failedShare(""), limit: 0.05 }],
        },
        {
            title: "Slots",
            question: "Is there room for the work of a lost supervisor? Then as many slots are free as it has.",
            kind: "timeseries",
            unit: "short",
            labels: [],
            queries: [
                { name: "used", expr: "sum(storm_slots_used)" },
                { name: "free", expr: "sum(storm_slots_free)" },
                { name: "wanted by topologies", expr: "sum(storm_topology_workers_wanted)" },
            ],
        },
        {
            title: "Slots in use by supervisor",
            question: "Is work balanced? Supervisors in use to a similar share.",
            kind: "timeseries",
            unit: "percentunit",
            labels: ["host"],
            queries: [
                {
                    name: "",
                    expr: `${sum("host", "storm_supervisor_slots_used")} / ${sum("host", "storm_supervisor_slots")}`,
                },
            ],
        },
        {
            title: "Uptime of supervisors",
            question: "Has a supervisor restarted? A line that falls to 0 is a restart.",
            kind: "timeseries",
            unit: "s",
            labels: ["host"],
            queries: [{ name: "", expr: max("host", "storm_supervisor_uptime_seconds") }],
        },
        {
            title: "Uptime of Nimbus",
            question: "Has a Nimbus restarted? A line that falls to 0 is a restart.",
            kind: "timeseries",
            unit: "s",
            labels: ["host"],
            queries: [{ name: "", expr: max("host", "storm_nimbus_uptime_seconds") }],
        },
        {
            title: "Restarts of workers",
            question: "Do workers end again and again? Restarts in their slot, in the last hour.",
            kind: "timeseries",
            unit: "short",
            labels: ["topology"],
            queries: [{ name: "", expr: sum("topology", "resets(storm_worker_uptime_seconds[1h])"), limit: 3 }],
        },
        {
            title: "Exporter",
            question: "Is what is seen here true? Nimbus answers the exporter (1), and well within 9 seconds.",
            kind: "stat",
            unit: "short",
            labels: [],
            queries: [
                { name: "Nimbus answers", expr: "min(storm_up)" },
                { name: "time to ask Nimbus", expr: "max(storm_scrape_duration_seconds)", unit: "s", limit: 5 },
            ],
        },
    ],
};
