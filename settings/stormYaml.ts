import { z } from "zod";
import { defaultHeap } from "../components/storm/spec/memory";
import { configurationProblems } from "./stormConfiguration";

/** Keys of storm.yaml that the program sets, with the setting that decides their value. */
const wiredKeys: Record<string, string> = {
    "storm.zookeeper.servers": "storm:zookeepers or storm:zookeeperServers",
    "storm.zookeeper.port": "storm:zookeeperServers",
    "nimbus.seeds": "storm:nimbuses",
    "nimbus.host": "storm:nimbuses",
    "supervisor.slots.ports": "storm:slots",
    "drpc.servers": "storm:drpcs",
    "storm.local.hostname": "the daemon's host",
    "storm.local.dir": "the image",
    "storm.log.dir": "the image",
    "topology.min.replication.count": "storm:nimbuses",
    "nimbus.thrift.port": "the program",
    "supervisor.thrift.port": "the program",
    "ui.port": "the program",
    "logviewer.port": "the program",
    "drpc.port": "the program",
    "drpc.invocations.port": "the program",
    "drpc.http.port": "the program",
};

/** Keys of storm.yaml by which a daemon listens on a further port. */
export const openedPorts = ["nimbus.thrift.tls.port", "ui.https.port", "logviewer.https.port", "drpc.https.port"];

/** The setting `stormYaml`: entries of storm.yaml for every Storm daemon. */
export const stormYaml = z
    .record(z.string(), z.unknown(), { error: "must be a map of storm.yaml's keys" })
    .superRefine((map, context) => {
        const problem = (path: (string | number)[], message: string) =>
            context.addIssue({ code: "custom", path, message });
        const own: Record<string, unknown> = {};
        for (const [key, value] of Object.entries(map)) {
            const jvm = key.replace(/\.childopts$/, "");
            if (wiredKeys[key]) {
                problem([key], `is set by ${wiredKeys[key]}: remove it`);
            } else if (jvm !== key && jvm in defaultHeap && /-Xmx/.test(String(value))) {
                problem([key], `sets a heap: set storm:heap.${jvm} instead`);
            } else {
                own[key] = value;
            }
        }
        configurationProblems(own, problem);
    });
