/** Settings that people who run Storm or ZooKeeper have, each with where it is from, and what this program makes of it. */
import * as fs from "fs";
import { listing, valuesOf } from "../../scripts/checkSettings";
import { checkSettings } from "../../settings";
import { defaultSettings } from "./program";

const defaults = defaultSettings();

/** Mistakes and warnings that settings give, with Storm 2 unless they name another image. */
function told(settings: Record<string, unknown>): { mistakes: string[]; warnings: string[] } {
    const { mistakes, warnings } = checkSettings({ ...defaults, stormImage: "storm:2.8.9", ...settings }, "storm-test");
    return { mistakes: mistakes.map((each) => each.trim()), warnings: warnings.map((each) => each.trim()) };
}

const yaml = (entries: Record<string, unknown>, others: object = {}) => ({ stormYaml: entries, ...others });
const topology = (configuration: Record<string, unknown>, others: object = {}, settings: object = {}) => ({
    topologies: [{ name: "a", jar: "package.json", mainClass: "a.Main", configuration, ...others }],
    ...settings,
});
const stormYamlDefaults = "apache/storm conf/defaults.yaml";
const storm3 = { stormImage: "storm:3.1.0" };
const idleSupervisors = { "nimbus.even.rebalance.idle.supervisor.enabled": true };
const removedFlags = "-XX:+UseConcMarkSweepGC -XX:+PrintGCDateStamps";

/** What works as it does with Storm as released. */
const accepted: [string, Record<string, unknown>][] = [
    [`${stormYamlDefaults} of 2.8.3, worker.profiler.enabled`, yaml({ "worker.profiler.enabled": true })],
    [
        "nathanmarz/storm pull request 765, JMX of workers by %ID%",
        yaml({
            "worker.childopts": "-Dcom.sun.management.jmxremote.port=1%ID% -Dcom.sun.management.jmxremote.ssl=false",
        }),
    ],
    ["issue, row 6, within the worker's heap", yaml({ "topology.worker.childopts": "-Xmx512m" })],
    [
        "issue, row 6, in a container that is large enough",
        yaml({ "topology.worker.childopts": "-Xmx2g" }, { memory: { supervisor: 8192 } }),
    ],
    [
        "Storm docs/Resource_Aware_Scheduler_overview",
        yaml({
            "storm.scheduler": "org.apache.storm.scheduler.resource.ResourceAwareScheduler",
            "topology.component.resources.onheap.memory.mb": 64,
            "topology.worker.max.heap.size.mb": 512,
        }),
    ],
    [
        "Storm docs/nimbus-ha-design, replication wait",
        yaml({ "topology.max.replication.wait.time.sec": 120 }, { nimbuses: 2 }),
    ],
    ["Storm docs/Performance, executor batches", yaml({ "topology.producer.batch.size": 1000 })],
    ["Storm docs/Performance, back pressure", yaml({ "topology.backpressure.enable": true })],
    ["Storm docs/Message-passing, netty buffers", yaml({ "storm.messaging.netty.buffer_size": 10485760 })],
    [
        "Storm docs/Logs, retention",
        yaml({ "logviewer.cleanup.age.mins": 4320, "logviewer.max.sum.worker.logs.size.mb": 2048 }),
    ],
    ["Storm docs/DRPC, time-out", yaml({ "drpc.request.timeout.secs": 120 }, { drpcs: 1 })],
    [
        "Storm docs/Metrics, a consumer",
        topology({
            "topology.metrics.consumer.register": [
                { class: "org.apache.storm.metric.LoggingMetricsConsumer", "parallelism.hint": 1 },
            ],
        }),
    ],
    ["Storm docs/Setting-up-a-Storm-cluster, nimbus heap by storm:heap", { heap: { nimbus: 2048 } }],
    ["public storm.yaml files, IPv4", yaml({ "nimbus.childopts": "-XX:+UseG1GC -Djava.net.preferIPv4Stack=true" })],
    [
        "public storm.yaml files, patience with workers",
        yaml({ "nimbus.task.launch.secs": 240, "supervisor.worker.start.timeout.secs": 240 }),
    ],
    ["JDK docs, heap dumps", yaml({ "worker.childopts": "-XX:+HeapDumpOnOutOfMemoryError -XX:HeapDumpPath=/tmp" })],
    ["JDK docs, initial heap below the heap", yaml({ "nimbus.childopts": "-Xms512m" })],
    ["zookeeperAdmin, sessions", { zooCfg: { tickTime: 3000, maxSessionTimeout: 90000 } }],
    ["zookeeperAdmin, connections", { zooCfg: { maxClientCnxns: 0 } }],
    ["zookeeperAdmin, snapshots", { zooCfg: { snapCount: 100000, "autopurge.snapRetainCount": 5 } }],
    [
        "zookeeperMonitor, Prometheus",
        {
            zooCfg: {
                "metricsProvider.className": "org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider",
                "metricsProvider.httpPort": 7000,
            },
        },
    ],
    [
        "Storm 3's Config.java and DaemonConfig.java",
        yaml(
            {
                "nimbus.even.rebalance.idle.supervisor.enabled": true,
                "storm.compression.zstd.level": 19,
                "topology.stats.ewma.smoothing.factor": 0.0625,
                "topology.tuple.compression.threshold": 0,
            },
            storm3,
        ),
    ],
    ["Storm 3 on Java 25, options that it only ignores", yaml({ "nimbus.childopts": "-XX:+ZGenerational" }, storm3)],
    ["Storm 3's keys in an image without a version", yaml(idleSupervisors, { stormImage: "registry/storm:main" })],
    ["Storm 2 on Java 17, biased locking", yaml({ "worker.childopts": "-XX:+UseBiasedLocking" })],
    ["Storm 2 on Java 17, a security manager", yaml({ "nimbus.childopts": "-Djava.security.manager" })],
    ["JEP 486, no security manager", yaml({ "nimbus.childopts": "-Djava.security.manager=disallow" }, storm3)],
    ["docker compose of storm, a name that Docker resolves", { zookeeperServers: ["storm_zookeeper_1"] }],
];

test.each(accepted)("accepted: %s", (_source, settings) => {
    expect(told(settings)).toEqual({ mistakes: [], warnings: [] });
});

/** What cannot work, and what to do instead. */
const refused: [string, Record<string, unknown>, RegExp][] = [
    [
        "issue, row 3",
        yaml({ "nimbus.childopts": "-Xms2g -XX:+UseG1GC" }, { heap: { nimbus: 512 } }),
        /-Xms2g.*512 MiB.*heap\.nimbus/,
    ],
    [
        "JDK docs, MaxRAMPercentage",
        yaml({ "ui.childopts": "-XX:MaxRAMPercentage=75.0" }),
        /no effect beside storm:heap\.ui/,
    ],
    [
        "JDK docs, MaxHeapSize",
        yaml({ "supervisor.childopts": "-XX:MaxHeapSize=1g" }),
        /set storm:heap\.supervisor instead/,
    ],
    [
        "JDK docs, InitialHeapSize of a topology",
        topology({ "topology.worker.childopts": "-XX:InitialHeapSize=4g" }),
        /above the heap of 768 MiB/,
    ],
    [
        "JEP 486, a security manager",
        topology({ "topology.worker.childopts": "-Da=b -Djava.security.manager" }, {}, storm3),
        /security\.manager, with which Java 24 and newer/,
    ],
    [
        "JDK docs, two collectors",
        yaml({ "nimbus.childopts": "-XX:+UseG1GC -XX:+UseParallelGC" }),
        /UseG1GC and -XX:\+UseParallelGC.*keep one/,
    ],
    [
        "Java 8's java(1), MaxRAMFraction of workers",
        topology({ "topology.worker.childopts": "-XX:MaxRAMFraction=1" }),
        /no effect beside storm:heap\.worker/,
    ],
    ["issue, row 5", yaml({ "supervisor.run.worker.as.user": true }), /worker-launcher.*remove it/],
    [
        "Storm docs/cgroups_in_storm",
        yaml({ "storm.resource.isolation.plugin.enable": true }),
        /control groups.*storm:memory\.supervisor/,
    ],
    [
        "issue, row 6",
        yaml({ "topology.worker.childopts": "-Xmx2g" }, { heap: { worker: 256 } }),
        /heap of 2g.*room for 256 MiB.*heap\.worker/,
    ],
    [
        "mesos/storm issue 171",
        topology({ "topology.worker.childopts": "-Xmx2g" }),
        /configuration\.topology\.worker\.childopts.*room for 768 MiB/,
    ],
    ["Config.java, GC options of workers", yaml({ "topology.worker.gc.childopts": ["-Xmx4g"] }), /room for 768 MiB/],
    ["issue, row 7", yaml({ "worker.heap.memory.mb": 1024 }), /storm:heap\.worker/],
    [
        "Storm docs/Resource_Aware_Scheduler_overview, capacity",
        yaml({
            "storm.scheduler": "org.apache.storm.scheduler.resource.ResourceAwareScheduler",
            "supervisor.memory.capacity.mb": 20480,
        }),
        /above the 1536 MiB that workers have/,
    ],
    [
        "manual of Apache Metron, topology.ackers.executors",
        topology({ "topology.ackers.executors": 0 }),
        /do you mean `topology\.acker\.executors`/,
    ],
    [
        "public install scripts, %HEAP-MEM% in worker.childopts",
        yaml({ "worker.childopts": "-Xmx%HEAP-MEM%m -Xms%HEAP-MEM%m -XX:+UseG1GC" }),
        /set storm:heap\.worker instead/,
    ],
    ["issue, row 9", yaml({ "ui.host": "0.0.0.0" }), /is set by the program.*remove it/],
    ["issue, row 9, ui.port", yaml({ "ui.port": 8888 }), /is set by storm:uiPort/],
    [
        "issue, row 10",
        yaml({ "storm.thrift.transport": "org.apache.storm.security.auth.plain.PlainSaslTransportPlugin" }),
        /without one.*remove it/,
    ],
    [
        "Storm docs/SECURITY, kerberos",
        yaml({ "storm.thrift.transport": "org.apache.storm.security.auth.kerberos.KerberosSaslTransportPlugin" }),
        /needs a login/,
    ],
    [
        "Storm docs/SECURITY, nimbus.authorizer",
        yaml({ "nimbus.authorizer": "org.apache.storm.security.auth.authorizer.SimpleACLAuthorizer" }),
        /who has logged in/,
    ],
    ["issue, row 11, a path", { zookeeperServers: ["zk1:2181/chroot"] }, /has a path.*storm\.zookeeper\.root/],
    [
        "issue, row 11, a name of Docker's on hosts",
        { target: "aws", aws: { zones: ["eu-central-1a"] }, zookeeperServers: ["storm_zookeeper_1"] },
        /underscore/,
    ],
    [
        "Storm 0.9 docs/Serialization, a class",
        topology({
            "topology.kryo.factory": "backtype.storm.serialization.DefaultKryoFactory",
        }),
        /Storm before 1\.0/,
    ],
    [
        "Storm 0.9 docs, Netty in place of ZeroMQ",
        yaml({ "storm.messaging.transport": "backtype.storm.messaging.netty.Context" }),
        /org\.apache\.storm/,
    ],
    [`${stormYamlDefaults}, storm.cluster.mode`, yaml({ "storm.cluster.mode": "local" }), /within one JVM/],
    [
        "public manuals of Storm with JMX, workers at one port",
        yaml({ "worker.childopts": "-Dcom.sun.management.jmxremote.port=9998" }),
        /port 9998.*%ID%/,
    ],
    [
        "apache/storm pull request 510, a debugger of workers",
        topology({
            "topology.worker.childopts": "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=*:5005",
        }),
        /port 5005.*%ID%/,
    ],
    [
        `${stormYamlDefaults}, task time-out`,
        yaml({ "nimbus.task.timeout.secs": 3 }),
        /above task\.heartbeat\.frequency\.secs/,
    ],
    [
        `${stormYamlDefaults}, supervisor time-out`,
        yaml({ "supervisor.heartbeat.frequency.secs": 90 }),
        /below nimbus\.supervisor\.timeout\.secs/,
    ],
    [`${stormYamlDefaults}, worker time-out`, yaml({ "supervisor.worker.timeout.secs": 1 }), /above worker\.heartbeat/],
    [
        "Storm 3's ZstdLevelValidator",
        yaml({ "storm.compression.zstd.level": 20 }, storm3),
        /zstd\.level \(20\) must be from 1 to 19/,
    ],
    [
        "Storm 3's ZeroOneOpenIntervalValidator",
        topology({ "topology.stats.ewma.smoothing.factor": 1 }, {}, storm3),
        /smoothing\.factor \(1\) must be above 0 and below 1/,
    ],
    ["zoo.cfg of apache/zookeeper, clientPort", { zooCfg: { clientPort: 2182 } }, /is set by the program/],
    ["zoo.cfg of apache/zookeeper, servers", { zooCfg: { "server.1": "zk-1:2888:3888" } }, /hosts of the members/],
    ["zookeeperAdmin, jute.maxbuffer", { zooCfg: { "jute.maxbuffer": 4194304 } }, /property of Java/],
    ["zookeeperAdmin, sessions the wrong way round", { zooCfg: { minSessionTimeout: 60000 } }, /does not start/],
    ["zookeeperAdmin, a letter", { zooCfg: { maxClientCnxn: 100 } }, /do you mean `maxClientCnxns`/],
    ["zookeeperAdmin, snapRetainCount", { zooCfg: { "autopurge.snapRetainCount": 1 } }, /whole number from 3/],
    [
        "docs/zookeeper.md, zoo.cfg of somebody else's ensemble",
        { zookeeperServers: ["zk-1"], zooCfg: { tickTime: 3000 } },
        /ensemble of the stack's own/,
    ],
];

test.each(refused)("refused: %s", (_source, settings, mistake) => {
    const { mistakes } = told(settings);
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toMatch(mistake);
});

/** What works, and not as its user may expect. */
const warned: [string, Record<string, unknown>, RegExp][] = [
    [
        "issue, row 2",
        topology({ "topology.worker.gc.childopts": removedFlags }),
        /UseConcMarkSweepGC, -XX:\+PrintGCDateStamps, which Java 17/,
    ],
    ["the storm.yaml of DBus, old flags", yaml({ "nimbus.childopts": `-server ${removedFlags}` }), /starts without/],
    ["Java 7's java(1), MaxPermSize", yaml({ "worker.childopts": "-XX:MaxPermSize=128m" }), /MaxPermSize=128m/],
    [
        "JEP 374, biased locking, which ended before Java 25",
        yaml({ "worker.childopts": `-XX:-UseBiasedLocking ${removedFlags}` }, storm3),
        /-XX:-UseBiasedLocking, -XX:\+UseConcMarkSweepGC, .*Java 25 does not have/,
    ],
    [
        "Storm 3's DaemonConfig.java, with Storm 2",
        yaml(idleSupervisors),
        /has no effect: it is a key since Storm 3, and storm:stormImage is Storm 2/,
    ],
    [
        "Storm 3's Config.java, with Storm 2 and a value that Storm 3 would refuse",
        topology({ "topology.producer.batch.dynamic": "yes" }),
        /configuration\.topology\.producer\.batch\.dynamic \("yes"\) has no effect: it is a key since Storm 3/,
    ],
    [
        "Storm 1's Config.java, with Storm 2",
        yaml({ "topology.disruptor.batch.size": 100 }),
        /was a key until Storm 1, and storm:stormImage is Storm 2/,
    ],
    [
        "Storm 1's Config.java, with Storm 3, a topology",
        topology({ "topology.disruptor.wait.timeout.millis": 1000 }, {}, storm3),
        /was a key until Storm 1, and storm:stormImage is Storm 3/,
    ],
    [
        "Storm 2.0's Config.java, with Storm 3",
        yaml({ "storm.exhibitor.port": 8080 }, storm3),
        /was a key until Storm 2, and storm:stormImage is Storm 3/,
    ],
    [
        "Storm 2's Config.java, with Storm 1",
        yaml({ "topology.producer.batch.size": 1000 }, { stormImage: "storm:1.2.4" }),
        /is a key since Storm 2, and storm:stormImage is Storm 1/,
    ],
    [
        "Storm docs/Resource_Aware_Scheduler_overview, workers",
        {
            ...yaml({ "storm.scheduler": "org.apache.storm.scheduler.resource.ResourceAwareScheduler" }),
            ...topology({}, { workers: 2 }),
        },
        /workers \(2\) has no effect with ResourceAwareScheduler/,
    ],
    [
        "Storm docs/Resource_Aware_Scheduler_overview, capacity without it",
        yaml({ "supervisor.memory.capacity.mb": 4096 }),
        /no effect but with/,
    ],
    [
        "Storm docs/Understanding-the-parallelism, more workers than slots",
        topology({}, { workers: 12 }),
        /12 workers, and the cluster has 4 slots/,
    ],
    [
        "ZooKeeper Programmers' guide, session time-outs",
        yaml({ "storm.zookeeper.session.timeout": 60000 }),
        /4000 to 40000 ms.*maxSessionTimeout/,
    ],
];

test.each(warned)("a warning: %s", (_source, settings, warning) => {
    const { mistakes, warnings } = told(settings);
    expect(mistakes).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(warning);
});

test("Storm 1, whose Java is an old one, knows its flags", () => {
    expect(told(yaml({ "nimbus.childopts": removedFlags }, { stormImage: "storm:1.2.4" })).warnings).toEqual([]);
});

test("the settings by which Storm 3 gives new supervisors work are valid as docs/topologies.md has them", () => {
    const [, section = ""] = fs.readFileSync("docs/topologies.md", "utf8").split("## New supervisors get work\n");
    const [example = ""] = /^ {4}storm:(.*\n)+?(?=\n)/m.exec(section) ?? [];
    expect(example).toContain("nimbus.even.rebalance.idle.supervisor.enabled: true");
    const values = valuesOf(fs.readFileSync("Pulumi.yaml", "utf8"), `config:\n${example}`);
    expect(told(values)).toEqual({ mistakes: [], warnings: [] });
    // The other keys that the section names.
    const named = [...section.matchAll(/^- `(nimbus\.even\.[\w.]+)` \(default (\d+)/gm)];
    expect(named).toHaveLength(2);
    const others = Object.fromEntries(named.map(([, key = "", value]) => [key, Number(value)]));
    expect(told(yaml(others, storm3))).toEqual({ mistakes: [], warnings: [] });
    expect(told(yaml(others)).warnings).toHaveLength(2);
});

test("values that are secret are in no warning", () => {
    const stormYaml = { "supervisor.memory.capacity.mb": 4096 };
    const { warnings } = checkSettings({ ...defaults, stormYaml }, "storm-test", (key) => key === "stormYaml");
    expect(warnings.join()).not.toContain("4096");
});

test("make check reads a stack's file as Pulumi does, over the declared defaults, without its secrets", () => {
    const file =
        "config:\n  storm:slots: '3'\n  storm:sshKey: { secure: abc }\n  aws:region: eu-central-1\n  storm:ui: 'no'\n";
    const values = valuesOf(fs.readFileSync("Pulumi.yaml", "utf8"), file);
    expect(values).toMatchObject({ slots: 3, sshKey: "", ui: "no", target: "local" });
    expect(values).not.toHaveProperty("region");
    const { mistakes, warnings } = checkSettings(values, "storm-test");
    expect(listing("Pulumi.test.yaml", mistakes, warnings)).toBe('Refused:\n  storm:ui ("no") must be true or false');
    const valid = (stack: string) => listing(`Pulumi.${stack}.yaml`, [], []);
    expect(valid("local")).toBe("The settings in Pulumi.local.yaml are valid. Next: make preview");
    expect(valid("prod")).toBe("The settings in Pulumi.prod.yaml are valid. Next: make preview STACK=prod");
});
