import type { Dashboard } from "./dashboard";
import { max, rate, sum } from "./promql";

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

/** Machines and containers. */
export const machines: Dashboard = {
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
