/**
 * The dashboards, as Grafana and Prometheus' console pages both show them. Metrics are those of exporter.py, of ZooKeeper 3.9, and of node
 * exporter 1.5 and cAdvisor 0.38 or newer.
 */

/**
 * How a value is shown, by Grafana's name for it:
 * https://github.com/grafana/grafana/blob/v11.6.0/packages/grafana-data/src/valueFormats/categories.ts
 */
export type Unit = "short" | "s" | "percentunit" | "bytes" | "Bps" | "ops";

/** A query of a panel. */
export interface Query {
    /** What it is: a series' name in a graph, after its labels; a column's in a table. */
    name: string;
    /** In PromQL. `$topology` in it is the chosen topology, as a regular expression. */
    expr: string;
    /** Default: the panel's. */
    unit?: Unit;
    /** A value from it on is shown as a problem. Default: none is. */
    limit?: number;
}

/** A panel: one question, and what answers it. */
export interface Panel {
    title: string;
    /** The question, and how to read the answer. */
    question: string;
    /** `stat`: the values now; `timeseries`: a graph; `table`: a row for each series, a column for each query. */
    kind: "stat" | "timeseries" | "table";
    unit: Unit;
    /** Labels that tell the series of a query apart. Those of a table's queries are aggregated by them, so that rows can be joined. */
    labels: string[];
    /** The first has a series for each of the others': the rows of a table, and of the console pages. */
    queries: Query[];
    /** What no result means. Default: that there is no data. */
    none?: string;
}

/** A dashboard. */
export interface Dashboard {
    title: string;
    /** What it is for. */
    description: string;
    /** Whether one topology can be chosen: queries then have `$topology`. */
    byTopology?: boolean;
    panels: Panel[];
}

// Nimbus has new counts of an executor only every 60 s or so: a rate needs 3 minutes or more.
const window = "5m";
const rate = (series: string) => `rate(${series}[${window}])`;
const sum = (labels: string, expr: string) => `sum by (${labels}) (${expr})`;
const max = (labels: string, expr: string) => `max by (${labels}) (${expr})`;

/** Share of a topology's tuples that failed, among those whose outcome is known: as the alert StormTopologyFailures. */
function failedShare(of: string): string {
    const failed = sum("topology", rate(`storm_topology_failed_total${of}`));
    const acked = sum("topology", rate(`storm_topology_acked_total${of}`));
    // Where there is neither, 0 / 0 would be NaN.
    return `${failed} / (${acked} + ${failed} > 0)`;
}

/** Complete latency as a share of the message timeout, beyond which a tuple has failed: as the alert StormTopologySlow. */
function latencyShare(of: string): string {
    const [latency, timeout] = ["complete_latency", "message_timeout"].map((each) =>
        max("topology", `storm_topology_${each}_seconds${of}`),
    );
    return `${latency} / ${timeout}`;
}

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

const cluster: Dashboard = {
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

const chosen = '{topology=~"$topology"}';
const spouts = '{topology=~"$topology",type="spout"}';
const component = "topology, component";

const topology: Dashboard = {
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

const member = (metric: string) => max("daemon", `${metric}{job="zookeeper"}`);
const memberRate = (metric: string) => sum("daemon", rate(`${metric}{job="zookeeper"}`));
const requests = `(${memberRate("readlatency_count")} + ${memberRate("updatelatency_count")} > 0)`;

const zookeeper: Dashboard = {
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

/** Network interfaces of the machine, not of its containers. */
const interfaces = '{job="node",device!~"lo|veth.*|br-.*|docker.*"}';
/** File systems on disks: not those in memory, of images, or of containers. */
const disks = '{job="node",fstype!~"tmpfs|devtmpfs|ramfs|overlay|squashfs|iso9660|nsfs|fuse.*"}';
const diskUsed = `1 - node_filesystem_avail_bytes${disks} / node_filesystem_size_bytes${disks}`;
const diskBusy = rate('node_disk_io_time_seconds_total{job="node"}');
const processorBusy = `1 - avg by (machine) (${rate('node_cpu_seconds_total{job="node",mode="idle"}')})`;
const memoryUsed = max(
    "machine",
    '1 - node_memory_MemAvailable_bytes{job="node"} / node_memory_MemTotal_bytes{job="node"}',
);
/** Docker containers, not the control groups that cAdvisor has beside them. */
const containers = '{job="cadvisor",name!=""}';
const container = "machine, name";
const cores = sum(container, rate(`container_cpu_usage_seconds_total${containers}`));
const memory = max(container, `container_memory_working_set_bytes${containers}`);
// The limit is 0 where there is none.
const memoryOfLimit = `${memory} / (${max(container, `container_spec_memory_limit_bytes${containers}`)} > 0)`;

const machines: Dashboard = {
    title: "Storm: machines",
    description:
        "Does a machine or a container run out of processor, memory, disk or network? For stacks with node exporter and cAdvisor.",
    panels: [
        {
            title: "Machines",
            question: "Which machine is nearly full? Of 5 minutes, and now.",
            kind: "table",
            unit: "percentunit",
            labels: ["machine"],
            queries: [
                { name: "up", expr: max("machine", 'up{job="node"}'), unit: "short" },
                { name: "processor", expr: processorBusy, limit: 0.9 },
                { name: "memory", expr: memoryUsed, limit: 0.9 },
                { name: "fullest disk", expr: max("machine", diskUsed), limit: 0.85 },
                { name: "busiest disk", expr: max("machine", diskBusy), limit: 0.9 },
                {
                    name: "killed for memory in an hour",
                    expr: max("machine", 'increase(node_vmstat_oom_kill{job="node"}[1h])'),
                    unit: "short",
                    // An increase by 1 is extrapolated.
                    limit: 0.5,
                },
                {
                    name: "uptime",
                    expr: `time() - ${max("machine", 'node_boot_time_seconds{job="node"}')}`,
                    unit: "s",
                },
            ],
        },
        {
            title: "Processor",
            question: "Is the processor the bottleneck? Share of all cores that is busy, by machine.",
            kind: "timeseries",
            unit: "percentunit",
            labels: ["machine"],
            queries: [{ name: "", expr: processorBusy, limit: 0.9 }],
        },
        {
            title: "Memory",
            question: "Is memory short? Share that is not available, by machine.",
            kind: "timeseries",
            unit: "percentunit",
            labels: ["machine"],
            queries: [{ name: "", expr: memoryUsed, limit: 0.9 }],
        },
        {
            title: "Disk space",
            question:
                "Does a disk become full? Share that is used, by mount point. ZooKeeper ends when it cannot write.",
            kind: "timeseries",
            unit: "percentunit",
            labels: ["machine", "mountpoint"],
            queries: [{ name: "", expr: max("machine, mountpoint", diskUsed), limit: 0.85 }],
        },
        {
            title: "Disk activity",
            question: "Is a disk the bottleneck? Share of the time for which it is busy.",
            kind: "timeseries",
            unit: "percentunit",
            labels: ["machine", "device"],
            queries: [{ name: "", expr: max("machine, device", diskBusy), limit: 0.9 }],
        },
        {
            title: "Network",
            question: "Is the network the bottleneck? Compare with what the machine's interface can do.",
            kind: "timeseries",
            unit: "Bps",
            labels: ["machine"],
            queries: [
                { name: "received", expr: sum("machine", rate(`node_network_receive_bytes_total${interfaces}`)) },
                { name: "sent", expr: sum("machine", rate(`node_network_transmit_bytes_total${interfaces}`)) },
            ],
        },
        {
            title: "Containers",
            question:
                "Which container takes what, and is near its memory limit? All containers of the machine, others' too.",
            kind: "table",
            unit: "short",
            labels: ["machine", "name"],
            queries: [
                // The first, as it ends with the container: cAdvisor's other series are seen for 5 minutes more.
                {
                    name: "uptime",
                    expr: `time() - ${max(container, `container_start_time_seconds${containers}`)}`,
                    unit: "s",
                },
                { name: "memory", expr: memory, unit: "bytes" },
                { name: "of its limit", expr: memoryOfLimit, unit: "percentunit", limit: 0.95 },
                { name: "of a core", expr: cores, unit: "percentunit" },
                {
                    name: "received",
                    expr: sum(container, rate(`container_network_receive_bytes_total${containers}`)),
                    unit: "Bps",
                },
                {
                    name: "sent",
                    expr: sum(container, rate(`container_network_transmit_bytes_total${containers}`)),
                    unit: "Bps",
                },
                {
                    name: "restarts in an hour",
                    expr: sum(container, `changes(container_start_time_seconds${containers}[1h])`),
                    limit: 3,
                },
            ],
        },
        {
            title: "Processor by container",
            question: "Which container keeps the machine busy? Share of one core: 200 % are two cores.",
            kind: "timeseries",
            unit: "percentunit",
            labels: ["machine", "name"],
            queries: [{ name: "", expr: cores }],
        },
        {
            title: "Memory by container",
            question: "Which container grows towards its limit, where it is killed? Share of the limit.",
            kind: "timeseries",
            unit: "percentunit",
            labels: ["machine", "name"],
            queries: [{ name: "", expr: memoryOfLimit, limit: 0.95 }],
        },
    ],
};

/** The dashboards, by the name that their file and address have. */
export const dashboards = { cluster, topology, zookeeper, machines } as const satisfies Record<string, Dashboard>;
