/**
 * The dashboards, as Grafana and Prometheus' console pages both show them. Metrics are those of exporter.py, of ZooKeeper 3.9, and of node
 * exporter 1.5 and cAdvisor 0.38 or newer.
 */
import { cluster } from "./cluster";
import type { Dashboard } from "./dashboard";
import { machines } from "./machines";
import { topology } from "./topology";
import { zookeeper } from "./zookeeper";

/** The dashboards, by the name that their file and address have. */
export const dashboards = { cluster, topology, zookeeper, machines } as const satisfies Record<string, Dashboard>;
