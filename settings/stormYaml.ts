import { z } from "zod";
import { defaultHeap } from "../components/storm/spec/memory";
import { ports } from "../components/storm/spec/ports";
import { entryProblems } from "./entries";
import type { TellProblem } from "./stormConfiguration";

/** The setting `stormYaml`: entries of storm.yaml for every Storm daemon. {@link stormYamlProblems} finds what is wrong with them. */
export const stormYaml = z.record(z.string(), z.unknown(), { error: "must be a map of storm.yaml's keys" });

const byPort = (port: number) => `the program to ${port}, the port that firewalls, gates and ambassadors go by`;

/** Keys of storm.yaml that the program sets, with the setting that decides their value, or why there is none. */
const wiredKeys: Record<string, string> = {
    "storm.zookeeper.servers": "storm:zookeepers or storm:zookeeperServers",
    "storm.zookeeper.port": "storm:zookeeperServers",
    "nimbus.seeds": "storm:nimbuses",
    "nimbus.host": "storm:nimbuses",
    "supervisor.slots.ports": "storm:slots",
    "drpc.servers": "storm:drpcs",
    "storm.local.hostname": "the program to the address of the daemon's host, which others connect to",
    "storm.local.dir": "the image",
    "storm.log.dir": "the image",
    "topology.min.replication.count": "storm:nimbuses",
    "nimbus.thrift.port": byPort(ports.nimbus),
    "supervisor.thrift.port": byPort(ports.supervisor),
    "ui.port": "storm:uiPort",
    "ui.host": "the program to the address of Storm UI's host",
    "logviewer.port": byPort(ports.logviewer),
    "drpc.port": byPort(ports.drpc),
    "drpc.invocations.port": byPort(ports.drpcInvocations),
    "drpc.http.port": byPort(ports.drpcHttp),
};

/** Keys of storm.yaml by which a daemon listens on a further port. */
export const openedPorts = ["nimbus.thrift.tls.port", "ui.https.port", "logviewer.https.port", "drpc.https.port"];

/** The JVM, as storm:heap names it, that a key's options are for; undefined: the key is for none. */
export function jvmOf(key: string): keyof typeof defaultHeap | undefined {
    const jvm = key.replace(/\.childopts$/, "");
    return jvm !== key && jvm in defaultHeap && jvm !== "zookeeper" ? (jvm as keyof typeof defaultHeap) : undefined;
}

/** Tells what is wrong with entries of storm.yaml, each by itself, for a major version of Storm. */
export function stormYamlProblems(
    map: Record<string, unknown>,
    version: number | undefined,
    problem: TellProblem,
): void {
    entryProblems(map, wiredKeys, version, problem);
}
