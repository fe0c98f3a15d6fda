import { type DaemonKind, daemonKinds } from "../../daemonRef";
import { etcdPorts, nimbusPorts, securedPort } from "../../discovery/ambassador/ports";
import { ports } from "./ports";
import { clientPort, nimbusPort, type Security, type SecurityInUpdate } from "./security";

/** Who connects to daemons from outside of the cluster. */
export type Outsider = "browser" | "client" | "prometheus";

/** Who connects to whom, on which ports. */
export interface Edge {
    /** Who connects: all daemons of a kind, or an outsider. Workers count as the supervisor that runs them. */
    from: DaemonKind | Outsider;
    /** Who accepts the connection: all daemons of a kind. */
    to: DaemonKind;
    /** First and last TCP port. */
    ports: readonly [number, number];
    /** What for. */
    purpose: string;
}

/** What the edges of a cluster depend on. */
export interface EdgesArgs {
    /** Worker slots of each supervisor. */
    slots: number;
    /** TCP port at which Storm UI is reached. */
    uiPort: number;
    /**
     * The discovery `ambassador`, if ZooKeeper and Nimbus are reached through it.
     * @default they are reached directly
     */
    ambassadors?: {
        /** Whether connections between ambassadors use TLS. */
        tls: boolean;
    };
    /**
     * What is protected by certificates; with `zookeeper`, the clients of ZooKeeper connect by TLS, with `tls` those of Nimbus too.
     * @default nothing is
     */
    security?: Security | SecurityInUpdate;
    /**
     * What watches the cluster, on the machine of the first Nimbus, and the TCP ports of its Prometheus server and of Grafana; without a
     * server, somebody else's, the outsider `prometheus`, scrapes the exporters.
     * @default nothing does
     */
    monitoring?: {
        /** TCP port of the stack's own Prometheus server. */
        prometheus?: number;
        /** TCP port of Grafana, beside that server. */
        grafana?: number;
        /** Whether each machine with daemons has a node exporter. */
        nodeExporter?: boolean;
        /** Whether each machine with daemons has a cAdvisor. */
        cadvisor?: boolean;
    };
}

/** Who connects to whom in a cluster with daemons of every kind: a firewall that allows these, and nothing else, suffices. */
export function edges({ slots, uiPort, ambassadors, security, monitoring }: EdgesArgs): Edge[] {
    const all = [...direct(slots, uiPort, security), ...(monitoring ? watching(monitoring) : [])];
    if (!ambassadors) {
        return all;
    }
    const proxied: number[] = [ports.zookeeper, ports.nimbus];
    return [...all.filter((edge) => !proxied.includes(edge.ports[0])), ...amongAmbassadors(ambassadors.tls)];
}

/** Every machine with daemons has an ambassador. */
function amongAmbassadors(tls: boolean): Edge[] {
    const by = tls ? securedPort : (port: number) => port;
    const [first, last] = nimbusPorts;
    const fromEach = daemonKinds.flatMap((from): Edge[] => [
        { from, to: "zookeeper", ports: one(by(ports.zookeeper)), purpose: "ambassadors, for the cluster's state" },
        { from, to: "zookeeper", ports: one(etcdPorts.clients), purpose: "the ambassadors' registry" },
        { from, to: "nimbus", ports: [by(first), by(last)], purpose: "ambassadors, for what Nimbus does" },
    ]);
    return [
        ...fromEach,
        { from: "zookeeper", to: "zookeeper", ports: one(etcdPorts.peers), purpose: "the registry's members" },
    ];
}

function watching({ prometheus, grafana, nodeExporter, cadvisor }: NonNullable<EdgesArgs["monitoring"]>): Edge[] {
    const scraper = prometheus === undefined ? "prometheus" : "nimbus";
    const scraped = (kinds: readonly DaemonKind[], port: number, purpose: string) =>
        kinds.map((to): Edge => ({ from: scraper, to, ports: one(port), purpose }));
    return [
        // The stack's own server is beside the exporter.
        ...(prometheus === undefined ? scraped(["nimbus"], ports.exporter, "Storm's metrics") : []),
        ...scraped(["zookeeper"], ports.zookeeperMetrics, "ZooKeeper's metrics"),
        ...shown(prometheus, "Prometheus"),
        ...shown(grafana, "Grafana"),
        ...(nodeExporter ? scraped(daemonKinds, ports.nodeExporter, "the machine's metrics") : []),
        ...(cadvisor ? scraped(daemonKinds, ports.cadvisor, "metrics of the machine's containers") : []),
    ];
}

function shown(port: number | undefined, purpose: string): Edge[] {
    return port === undefined ? [] : [{ from: "browser", to: "nimbus", ports: one(port), purpose }];
}

function one(port: number) {
    return [port, port] as const;
}

function direct(slots: number, uiPort: number, security: EdgesArgs["security"]): Edge[] {
    const [zookeeper, nimbus] = [clientPort(security), nimbusPort(security)];
    return [
        { from: "zookeeper", to: "zookeeper", ports: one(ports.zookeeperPeers), purpose: "followers and leader" },
        { from: "zookeeper", to: "zookeeper", ports: one(ports.zookeeperElection), purpose: "election of the leader" },
        { from: "nimbus", to: "zookeeper", ports: one(zookeeper), purpose: "the cluster's state" },
        {
            from: "supervisor",
            to: "zookeeper",
            ports: one(zookeeper),
            purpose: "the cluster's state; workers' errors",
        },
        { from: "nimbus", to: "nimbus", ports: one(ports.nimbus), purpose: "copies of topologies' jars and code" },
        // Those are always plain; whoever asks one Nimbus is sent to the one that leads.
        ...(nimbus === ports.nimbus
            ? []
            : [{ from: "nimbus", to: "nimbus", ports: one(nimbus), purpose: "what the program asks" } as const]),
        {
            from: "supervisor",
            to: "nimbus",
            ports: one(nimbus),
            purpose: "heartbeats, topologies' jars and code",
        },
        { from: "nimbus", to: "supervisor", ports: one(ports.supervisor), purpose: "assignments" },
        {
            from: "supervisor",
            to: "supervisor",
            ports: [ports.firstSlot, ports.firstSlot + slots - 1],
            purpose: "tuples between workers",
        },
        { from: "supervisor", to: "drpc", ports: one(ports.drpcInvocations), purpose: "DRPC requests and results" },
        { from: "ui", to: "nimbus", ports: one(nimbus), purpose: "what it shows" },
        { from: "client", to: "nimbus", ports: one(nimbus), purpose: "`storm jar`, `list`, `kill`..." },
        { from: "client", to: "drpc", ports: one(ports.drpc), purpose: "DRPC calls by Thrift" },
        { from: "client", to: "drpc", ports: one(ports.drpcHttp), purpose: "DRPC calls by HTTP" },
        { from: "browser", to: "ui", ports: one(uiPort), purpose: "Storm UI" },
        { from: "browser", to: "supervisor", ports: one(ports.logviewer), purpose: "logs" },
        { from: "browser", to: "nimbus", ports: one(ports.logviewer), purpose: "Nimbus's log" },
    ];
}
