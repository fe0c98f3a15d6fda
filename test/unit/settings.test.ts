import * as fs from "fs";
import * as yaml from "yaml";
import { parseDaemonName } from "../../components/daemonRef";
import { localAddress } from "../../components/targets/localAddresses";
import { parseSettings, settingValue } from "../../settings";
import { clusterDefaults } from "../../components/storm/spec/defaults";
import { defaultHeap } from "../../components/storm/spec/memory";
import { withoutSecrets } from "../../scripts/stackFile";
import { onHosts } from "./hostsFixture";
import { defaultSettings } from "./program";

const defaults = defaultSettings();
const parse = (settings: Record<string, unknown>, clusterName = "storm-test") =>
    parseSettings({ ...defaults, ...settings }, clusterName);

/** The lines of the error that settings give. */
function mistakes(settings: Record<string, unknown>, clusterName?: string): string[] {
    try {
        parse(settings, clusterName);
    } catch (error) {
        return (error as Error).message
            .split("\n")
            .slice(1)
            .map((line) => line.trim());
    }
    return [];
}

/** The settings of a topology. */
function topology(changes: Record<string, unknown>) {
    return { topologies: [{ name: "a", jar: "package.json", mainClass: "a.Main", ...changes }] };
}

/** The settings in a stack's file, where Pulumi writes numbers and booleans back as strings. */
function settingsOf(file: string): Record<string, unknown> {
    const { config } = yaml.parse(file) as { config: Record<string, unknown> };
    const own = Object.entries(config).filter(([key]) => !key.startsWith("aws:"));
    return Object.fromEntries(
        own.map(([key, value]) => {
            const name = key.replace("storm:", "");
            return [name, typeof value === "string" ? settingValue(name, value) : value];
        }),
    );
}

test("Pulumi.yaml's defaults are valid, and heaps are Storm's", () => {
    expect(parse({})).toMatchObject({ target: "local", supervisors: 2, heap: defaultHeap, memory: {} });
});

test("Pulumi.yaml's defaults are the library's", () => {
    expect(parse({})).toMatchObject(clusterDefaults);
});

test.each(["", "public.ecr.aws/docker/library", "localhost/a", "registry:5000", "r-1.example.com:5000/my_team/a"])(
    "images may come from the registry %j",
    (imageRegistry) => expect(parse({ imageRegistry })).toMatchObject({ imageRegistry }),
);

test("an ensemble that is there already is in place of one of the stack's own", () => {
    expect(parse({ zookeeperServers: [] })).toMatchObject({ zookeepers: 1, zookeeperServers: undefined });
    const { zookeepers, zookeeperServers } = parse({ zookeeperServers: ["10.0.0.5:2281", "zk-2.example.com:2281"] });
    expect([zookeepers, zookeeperServers]).toEqual([0, { servers: ["10.0.0.5", "zk-2.example.com"], port: 2281 }]);
});

const localTemplate = "templates/Pulumi.local.yaml";
const stackFiles = fs
    .readdirSync(".")
    .filter((file) => /^Pulumi\..+\.yaml$/.test(file) && file !== "Pulumi.local.yaml");

test.each([localTemplate, ...stackFiles])("%s is valid", (file) => {
    expect(mistakes(settingsOf(withoutSecrets(fs.readFileSync(file, "utf8"))))).toEqual([]);
});

test("what Pulumi.local.yaml is copied from has no salt, which would be of somebody else's passphrase", () => {
    expect(Object.keys(yaml.parse(fs.readFileSync(localTemplate, "utf8")) as object)).toEqual(["config"]);
});

const tls = { security: "tls" };

test("users are names, with TLS", () => {
    const users = ["alice", "Bob", "7", "ci.deploy_2-x", "a".repeat(64)];
    expect(parse({ ...tls, users }).users).toEqual(users);
    expect(parse(tls).users).toEqual([]);
    expect(mistakes({ ...tls, users: ["bob", "storm", "bob", "a b"] })).toEqual([
        expect.stringMatching(/^storm:users\.1 /),
        expect.stringMatching(/^storm:users\.3 /),
        expect.stringMatching(/^storm:users\.2 .* listed twice$/),
    ]);
});

test.each([
    [
        { zookeepers: 2 },
        "storm:zookeepers (2) must be 1, 3 or 5: an even ensemble survives no more failures than the odd one below it",
    ],
    [
        { zookeepers: "many" },
        'storm:zookeepers ("many") must be 1, 3 or 5: an even ensemble survives no more failures than the odd one below it',
    ],
    [{ zookeeperServers: "10.0.0.5" }, 'storm:zookeeperServers ("10.0.0.5") must be a list of addresses or names'],
    [
        { zookeeperServers: ["zk 1"] },
        'storm:zookeeperServers.0 ("zk 1") must be an address or a name, such as zk-1.example.com or zk-1.example.com:2181',
    ],
    [{ zookeeperServers: ["10.0.0.300"] }, 'storm:zookeeperServers.0 ("10.0.0.300") must be an IPv4 address'],
    [
        { zookeeperServers: ["127.0.0.1:2181"] },
        'storm:zookeeperServers.0 ("127.0.0.1:2181") is a loopback address, which no other host can connect to',
    ],
    [
        { zookeeperServers: ["localhost"] },
        'storm:zookeeperServers.0 ("localhost") names each machine itself: no other machine can connect to it',
    ],
    [
        { zookeeperServers: ["zk-1:70000"] },
        'storm:zookeeperServers.0 ("zk-1:70000") has a port that must be from 1 to 65535',
    ],
    [{ zookeeperServers: ["zk-1", "zk-1:2181"] }, 'storm:zookeeperServers.1 ("zk-1:2181") is listed twice'],
    [
        { zookeeperServers: ["zk-1", "zk-2:2182"] },
        'storm:zookeeperServers.1 ("zk-2:2182") has the port 2182, and the first has 2181: Storm connects to all of them at one port',
    ],
    [
        { zookeeperServers: ["zk-1"], zookeepers: 3 },
        "storm:zookeepers (3) is for an ensemble of the stack's own, and storm:zookeeperServers is given: remove one of the two",
    ],
    [
        { zookeeperServers: ["zk-1"], mayLeave: ["zookeeper-1"] },
        'storm:mayLeave (["zookeeper-1"]) is for an ensemble of the stack\'s own, and storm:zookeeperServers is given: remove it',
    ],
    [
        { zookeeperServers: ["zk-1"], discovery: "ambassador" },
        'storm:discovery ("ambassador") forwards to an ensemble of the stack\'s own only, and storm:zookeeperServers is given: set `addresses` or `dns`',
    ],
    [
        { stormYaml: { "storm.zookeeper.servers": ["zk-1"] } },
        'storm:stormYaml.storm.zookeeper.servers (["zk-1"]) is set by storm:zookeepers or storm:zookeeperServers: remove it',
    ],
    [{ supervisors: 0 }, "storm:supervisors (0) must be a whole number from 1 to 10000"],
    [{ supervisors: "three" }, 'storm:supervisors ("three") must be a whole number from 1 to 10000'],
    [{ supervisorBatch: 0 }, "storm:supervisorBatch (0) must be a whole number from 1 to 10000"],
    [{ mayLeave: ["nimbus-2"] }, 'storm:mayLeave.0 ("nimbus-2") must be a ZooKeeper member, such as zookeeper-3'],
    [{ ...tls, users: "alice" }, 'storm:users ("alice") must be a list of names, such as [alice, bob]'],
    [{ ...tls, users: [7] }, "storm:users.0 (7) must be a name, in quotes if it looks like a number"],
    ...["", "..", "-x", "a b", "a/b", "jürgen", "a".repeat(65)].map((name): [Record<string, unknown>, string] => [
        { ...tls, users: ["bob", name] },
        `storm:users.1 ("${name}") must be a name of 1 to 64 letters, digits, \`.\`, \`_\` and \`-\`, which begins with a letter or digit, such as alice`,
    ]),
    ...["storm", "zookeeper", "ANONYMOUS"].map((name): [Record<string, unknown>, string] => [
        { ...tls, users: [name] },
        `storm:users.0 ("${name}") is a name that the cluster itself uses: give another one`,
    ]),
    [{ ...tls, users: ["bob", "alice", "bob"] }, 'storm:users.2 ("bob") is listed twice'],
    ...["none", "zookeeper"].map((security): [Record<string, unknown>, string] => [
        { security, users: ["alice"] },
        'storm:users (["alice"]) is for storm:security `tls`, without which Storm knows no users: set storm:security to it, or remove this',
    ]),
    [{ slots: 1.5 }, "storm:slots (1.5) must be a whole number from 1 to 64"],
    [{ ui: "yes" }, 'storm:ui ("yes") must be true or false'],
    [{ delivery: "mail" }, 'storm:delivery ("mail") must be one of arguments, file'],
    [{ target: "cloud" }, 'storm:target ("cloud") must be one of local, hosts, aws'],
    [{ supervisor: 3 }, "storm:supervisor is not a setting: `config:` in Pulumi.yaml lists the settings"],
    [{ stormImage: "storm" }, 'storm:stormImage ("storm") must be an image with a tag, such as `storm:3.1.0`'],
    [
        { stormImage: "storm:latest" },
        'storm:stormImage ("storm:latest") has the tag `latest`, which moves to other versions: name a version',
    ],
    ...[
        "https://public.ecr.aws/docker/library",
        "public.ecr.aws/docker/library/",
        "public.ecr.aws/docker/library/storm:3.1.0",
        "docker/library",
        "localhosts/library",
        "mirror",
        "registry:port",
        "public.ecr.aws//library",
    ].map((imageRegistry): [Record<string, unknown>, string] => [
        { imageRegistry },
        `storm:imageRegistry ("${imageRegistry}") must be a registry, with a path if the images are below one, such as public.ecr.aws/docker/library: without a scheme, a tag, or a slash at the end`,
    ]),
    [{ heap: { nimbus: "1g" } }, 'storm:heap.nimbus ("1g") must be a whole number of MiB'],
    [{ heap: { numbus: 512 } }, "storm:heap.numbus is not a setting"],
    [{ heap: { worker: 1 } }, "storm:heap.worker (1) is below 32 MiB, too little for a JVM"],
    [
        topology({ name: "a.b" }),
        'storm:topologies.0.name ("a.b") must be a name of up to 80 letters, digits, `-` and `_`',
    ],
    [
        topology({ jar: "none.jar" }),
        'storm:topologies.0.jar ("none.jar") is neither a file, seen from the project\'s folder, nor a URL',
    ],
    [
        topology({ jar: "https://example.org/a.jar" }),
        "storm:topologies.0.sha256 is not set, and the jar is a URL: give its content's SHA-256, as `sha256sum` prints it",
    ],
    [topology({ mainClass: "a b" }), 'storm:topologies.0.mainClass ("a b") must be the name of a Java class'],
    [
        topology({ files: ["none.yaml"] }),
        'storm:topologies.0.files.0 ("none.yaml") is not a file, seen from the project\'s folder',
    ],
    [
        topology({ files: ["tsconfig.json"], arguments: ["a", "./package.json", "./tsconfig.json"] }),
        'storm:topologies.0.arguments.1 ("./package.json") is a file, which does not exist where the topology is submitted: add it to `files`',
    ],
    [topology({ workers: 0 }), "storm:topologies.0.workers (0) must be a whole number from 1 to 10000"],
    [
        topology({ parallelism: { a: 0 } }),
        "storm:topologies.0.parallelism.a (0) must be a whole number from 1 to 100000",
    ],
    [
        topology({ configuration: { "topology.workers": 2 } }),
        "storm:topologies.0.configuration.topology.workers (2) is set by its `workers`: remove it",
    ],
    [
        { topologies: [...topology({}).topologies, ...topology({}).topologies] },
        'storm:topologies.1.name ("a") is the name of a topology before it',
    ],
    [
        { memory: { nimbus: 512 } },
        "storm:memory.nimbus (512) is below the 1024 MiB of the heaps in that container: raise it, or lower storm:heap",
    ],
    [
        { stormYaml: { "nimbus.seeds": ["10.0.0.1"] } },
        'storm:stormYaml.nimbus.seeds (["10.0.0.1"]) is set by storm:nimbuses: remove it',
    ],
    [
        { stormYaml: { "nimbus.childopts": "-Xss1m -Xmx4g" } },
        'storm:stormYaml.nimbus.childopts ("-Xss1m -Xmx4g") sets a heap: set storm:heap.nimbus instead',
    ],
    [
        { stormYaml: { "supervisor.thrift.port": 6629 } },
        "storm:stormYaml.supervisor.thrift.port (6629) is set by the program to 6628, the port that firewalls, gates and ambassadors go by: remove it",
    ],
    [{ stormYaml: { "ui.https.port": 6701 } }, "storm:stormYaml.ui.https.port (6701) is a port of supervisor"],
    [
        { stormYaml: { "logviewer.https.port": 84430 } },
        "storm:stormYaml.logviewer.https.port (84430) is above 65535, the last port",
    ],
    [
        { stormYaml: { "nimbus.task.timeout.secs": "abc" } },
        'storm:stormYaml.nimbus.task.timeout.secs ("abc") must be a whole number',
    ],
    [{ stormYaml: { "nimbus.task.timeout.secs": 0 } }, "storm:stormYaml.nimbus.task.timeout.secs (0) must be above 0"],
    [
        { stormYaml: { "nimbus.task.timeout.secs": 3e9 } },
        "storm:stormYaml.nimbus.task.timeout.secs (3000000000) is beyond 2147483647, the largest number that Storm takes there",
    ],
    [{ stormYaml: { "topology.acker.executors": -1 } }, "storm:stormYaml.topology.acker.executors (-1) is below 0"],
    [
        { stormYaml: { "topology.stats.sample.rate": "5%" } },
        'storm:stormYaml.topology.stats.sample.rate ("5%") must be a number',
    ],
    [
        { stormYaml: { "topology.stats.sample.rate": Infinity } },
        "storm:stormYaml.topology.stats.sample.rate (Infinity) must be a number",
    ],
    [{ stormYaml: { "topology.debug": "yes" } }, 'storm:stormYaml.topology.debug ("yes") must be true or false'],
    [{ stormYaml: { "storm.scheduler": 1 } }, "storm:stormYaml.storm.scheduler (1) must be a string"],
    [
        { stormYaml: { "topology.scheduler.strategy": null } },
        "storm:stormYaml.topology.scheduler.strategy (null) is no value: remove it to have Storm's default",
    ],
    [
        { stormYaml: { "pacemaker.auth.method": "digest" } },
        'storm:stormYaml.pacemaker.auth.method ("digest") must be one of NONE, DIGEST, KERBEROS',
    ],
    [{ stormYaml: { "nimbus.admins": "root" } }, 'storm:stormYaml.nimbus.admins ("root") must be a list of strings'],
    [{ stormYaml: { "nimbus.admins": ["root", 7] } }, "storm:stormYaml.nimbus.admins.1 (7) must be a string"],
    [{ stormYaml: { "logs.users": 7 } }, "storm:stormYaml.logs.users (7) is neither a string nor a list of strings"],
    [{ stormYaml: { "logs.users": ["root", 7] } }, "storm:stormYaml.logs.users.1 (7) must be a string"],
    [{ stormYaml: { "ui.filter.params": { type: 7 } } }, "storm:stormYaml.ui.filter.params.type (7) must be a string"],
    [{ stormYaml: { "ui.filter.params": [] } }, "storm:stormYaml.ui.filter.params ([]) must be a map of strings"],
    [{ stormYaml: { "storm.metrics.reporters": [{}] } }, "storm:stormYaml.storm.metrics.reporters.0.class is missing"],
    [
        { stormYaml: { "supervisor.numa.meta": { 0: { "numa.cores": [], "numa.memory.mb": 1 } } } },
        "storm:stormYaml.supervisor.numa.meta.0.numa.ports is missing",
    ],
    [
        { stormYaml: { "nimbus.task.timeout.sec": 30 } },
        "storm:stormYaml.nimbus.task.timeout.sec (30) is no key of Storm's: do you mean `nimbus.task.timeout.secs`?",
    ],
    [
        { stormYaml: { nimbus: { task: { timeout: 30 } } } },
        'storm:stormYaml.nimbus ({"task":{"timeout":30}}) is no key of Storm\'s: keys are written in one piece, such as `nimbus.admins`',
    ],
    [
        topology({ configuration: { "topology.message.timeout.secs": "1m" } }),
        'storm:topologies.0.configuration.topology.message.timeout.secs ("1m") must be a whole number',
    ],
    [
        topology({ configuration: { "topology.debugg": true, "wordcount.words": [7] } }),
        "storm:topologies.0.configuration.topology.debugg (true) is no key of Storm's: do you mean `topology.debug`?",
    ],
    [
        topology({ configuration: { "nimbus.seeds": ["10.0.0.9"] } }),
        'storm:topologies.0.configuration.nimbus.seeds (["10.0.0.9"]) is set by storm:nimbuses: remove it',
    ],
    [{ stormYaml: "debug" }, 'storm:stormYaml ("debug") must be a map of storm.yaml\'s keys'],
    [{ subnet: "172.30.77.1/24" }, 'storm:subnet ("172.30.77.1/24") must be an IPv4 subnet, such as 172.30.77.0/24'],
    [{ subnet: "172.30.300.0/24" }, 'storm:subnet ("172.30.300.0/24") must be an IPv4 subnet, such as 172.30.77.0/24'],
    [{ subnet: "fd00::/64" }, 'storm:subnet ("fd00::/64") must be an IPv4 subnet, such as 172.30.77.0/24'],
    [{ subnet: "172.30.77.0/25" }, 'storm:subnet ("172.30.77.0/25") is smaller than a /24'],
    [
        { supervisors: 200 },
        'storm:subnet ("172.30.77.0/24") has no address for supervisor-200: give a larger one, such as a /16',
    ],
    [{ uiPort: 70000 }, "storm:uiPort (70000) must be a whole number from 1 to 65535"],
])("%j is refused", (settings, mistake) => {
    expect(mistakes(settings)).toEqual([mistake]);
});

describe("autoscale", () => {
    test("is none if it is empty; the maximum alone suffices", () => {
        expect(parse({}).autoscale).toBeUndefined();
        expect(parse({ autoscale: { max: 4 } }).autoscale).toEqual({ min: 1, max: 4, step: 2, headroom: 20 });
    });

    test.each<[Record<string, unknown>, ...string[]]>([
        [{ autoscale: true }, "storm:autoscale (true) must be a map of min, max, step and headroom"],
        [
            { autoscale: { min: 0, step: 0, headroom: 41, cooldown: 5 } },
            "storm:autoscale.min (0) must be a whole number from 1 to 10000",
            "storm:autoscale.max must be a whole number from 1 to 10000",
            "storm:autoscale.step (0) must be a whole number from 1 to 10000",
            "storm:autoscale.headroom (41) must be a whole number from 0 to 40",
            "storm:autoscale.cooldown is not a setting",
        ],
        [
            { autoscale: { min: 3, max: 200 } },
            "storm:autoscale.max (200) is above the 127 supervisors that storm:subnet has addresses for: lower it, or give a larger subnet, such as a /16",
        ],
        [
            {
                autoscale: { min: 5, max: 4 },
                stormYaml: { "storm.scheduler": "org.apache.storm.scheduler.resource.ResourceAwareScheduler" },
            },
            "storm:autoscale.min (5) is above storm:autoscale.max, which is 4",
            'storm:autoscale ({"min":5,"max":4}) counts slots, and ResourceAwareScheduler in storm:stormYaml goes by memory and CPU: remove one of the two',
        ],
    ])("%j is refused", (settings, ...expected) => expect(mistakes(settings)).toEqual(expected));

    test("is not for aws", () => {
        expect(mistakes({ target: "aws", autoscale: { max: 3 } })).toContain(
            'storm:autoscale ({"max":3}) is for the targets `local` and `hosts`: remove it',
        );
    });

    test("warns of topologies that ask for more than the maximum has, and of no fewer", () => {
        const asking = (workers: number) =>
            parse({ slots: 2, autoscale: { max: 4 }, ...topology({ workers, sha256: "0".repeat(64) }) }).warnings;
        expect(asking(8)).toEqual([]);
        expect(asking(9)).toEqual([
            expect.stringContaining(
                "ask for 9 workers, and the cluster has at most 8 slots: raise storm:autoscale.max",
            ),
        ]);
    });
});

describe("autoscale of a topology", () => {
    const rules = [{ component: "count", capacity: 0.8 }];
    const executors = { count: { min: 2, max: 16 } };
    const workers = { min: 2, max: 8 };
    const latency = { latencyMs: 2000 };
    const lag = { url: "http://prometheus:9090/api/v1/query?query=lag", path: "data.result.0.value.1", above: 10000 };
    const of = (autoscale: unknown, changes: object = {}) => topology({ autoscale, ...changes });

    test("is none by default; rounds are three", () => {
        expect(parse(topology({})).topologies[0]).not.toHaveProperty("autoscale");
        expect(parse(of({ executors, rules })).topologies[0]?.autoscale).toEqual({ executors, rules, rounds: 3 });
        const whole = {
            workers,
            executors,
            rounds: 5,
            rules: [...rules, latency, { ...lag, component: "count" }, lag],
        };
        expect(parse(of(whole, { workers: 2, parallelism: { count: 16, other: 1 } })).topologies[0]?.autoscale).toEqual(
            whole,
        );
    });

    const at = "storm:topologies.0";
    test.each<[Record<string, unknown>, ...string[]]>([
        [of(true), `${at}.autoscale (true) must be a map of workers, executors, rounds and rules`],
        [of({}), `${at}.autoscale.rules must be a list of rules`],
        [of({ workers, rules: [] }), `${at}.autoscale.rules ([]) is empty: give a rule`, unruledWorkers(at)],
        [
            of({ workers: { min: 0 }, executors: { count: 4 }, rounds: 0, rules: [latency, ...rules], step: 2 }),
            `${at}.autoscale.workers.min (0) must be a whole number from 1 to 10000`,
            `${at}.autoscale.workers.max must be a whole number from 1 to 10000`,
            `${at}.autoscale.executors.count (4) must be a map of min and max`,
            `${at}.autoscale.rounds (0) must be a whole number from 1 to 100`,
            `${at}.autoscale.step is not a setting`,
        ],
        [
            of({ workers: { min: 8, max: 2 }, rules: [latency] }),
            `${at}.autoscale.workers.min (8) is above its max, which is 2`,
        ],
        [
            of({ executors, rules: [{ component: "count", capacity: 80 }, { component: "count" }, latency, lag] }),
            `${at}.autoscale.rules.0.capacity (80) must be a number above 0, up to 1`,
            `${at}.autoscale.rules.1 ({"component":"count"}) must have one of capacity, latencyMs and url`,
            `${at}.autoscale.rules.2 ({"latencyMs":2000}) is for workers, which have no bounds: add workers, with min and max`,
            `${at}.autoscale.rules.3 (${JSON.stringify(lag)}) is for workers, which have no bounds: add workers, with min and max`,
        ],
        [
            of({ executors: {}, rules }),
            `${at}.autoscale.rules.0.component ("count") has no bounds: add it to executors, with min and max`,
        ],
        [of({ workers, executors, rules }), unruledWorkers(at)],
        [
            of({ workers, executors, rules: [latency] }),
            `${at}.autoscale.executors.count ({"min":2,"max":16}) has bounds, and no rule is for it: add one with that component, or remove the bounds`,
        ],
        [
            of({
                ...{ workers, executors },
                rules: [
                    ...[{ capacity: 0.8 }, { ...latency, component: "count" }, { ...latency, above: 1, path: "a" }],
                    ...[{ url: lag.url }, { ...latency, ...lag }, { ...lag, path: ".a" }],
                    ...[
                        { url: "ftp://a/b", above: 1 },
                        { url: "http://me:word@a", above: 1 },
                        { url: "lag", above: "10" },
                    ],
                ],
            }),
            `${at}.autoscale.rules.0.component is not set: name the bolt whose capacity it is`,
            `${at}.autoscale.rules.1.component ("count") has no complete latency, which is the whole topology's: remove it`,
            `${at}.autoscale.rules.2.path ("a") is for a rule with url: remove it`,
            `${at}.autoscale.rules.2.above (1) is for a rule with url: remove it`,
            `${at}.autoscale.rules.3.above is not set: give the number above which more are wanted`,
            `${at}.autoscale.rules.4 must have one of capacity, latencyMs and url`,
            `${at}.autoscale.rules.5.path (".a") must be names and indices, joined by dots, such as data.result.0.value.1`,
            `${at}.autoscale.rules.6.url ("ftp://a/b") must be a URL that begins with http:// or https://`,
            `${at}.autoscale.rules.7.url ("http://me:word@a") has a user or a password, which everybody sees here: remove it`,
            `${at}.autoscale.rules.8.above ("10") must be a number above 0`,
        ],
        [
            of(
                { workers, executors, rules: [latency, ...rules] },
                { workers: 9, parallelism: { count: 1, other: 99 } },
            ),
            `${at}.workers (9) is where it starts, and not within 2 to 8, as \`autoscale\` says`,
            `${at}.parallelism.count (1) is where it starts, and not within 2 to 16, as \`autoscale\` says`,
        ],
    ])("%j is refused", (settings, ...expected) => expect(mistakes(settings)).toEqual(expected));

    function unruledWorkers(topology: string): string {
        return `${topology}.autoscale.workers ({"min":2,"max":8}) has bounds, and no rule is for it: add one with latencyMs, or with url and without component, or remove the bounds`;
    }

    test("as docs/autoscale.md has it is valid, wherever the jar is", () => {
        const [example] = /^ {4}storm:topologies:\n( {4}.*\n)+/m.exec(fs.readFileSync("docs/autoscale.md", "utf8")) as [
            string,
        ];
        const { "storm:topologies": topologies } = yaml.parse(example.replace(/^ {4}/gm, "")) as Record<
            string,
            [object]
        >;
        expect(topologies?.[0]).toHaveProperty("autoscale.rules");
        expect(mistakes({ topologies: topologies?.map((each) => ({ ...each, jar: "package.json" })) })).toEqual([]);
    });

    test("of workers has no effect with ResourceAwareScheduler", () => {
        const stormYaml = { "storm.scheduler": "org.apache.storm.scheduler.resource.ResourceAwareScheduler" };
        expect(parse({ stormYaml, ...of({ workers, rules: [latency] }) }).warnings).toEqual([
            expect.stringContaining("storm:topologies.0.autoscale.workers"),
        ]);
        expect(parse({ stormYaml, ...of({ executors, rules }) }).warnings).toEqual([]);
    });
});

describe("a spare machine", () => {
    const spare = (name: string, index: number) => ({ name, address: `10.0.1.${index}`, spare: true });
    const spares = [spare("f", 6), spare("g", 7), spare("h", 8)];
    const [a, b, c, d, e] = onHosts.hosts;
    const withSpares = (supervisors: number, more: object = {}) => ({
        ...{ ...onHosts, supervisors, hosts: [...onHosts.hosts, ...spares], ...more },
    });
    const placed = (settings: Record<string, unknown>) =>
        Object.fromEntries(
            parse(settings).hosts.flatMap(({ name, daemons }) =>
                daemons.filter((daemon) => daemon.startsWith("supervisor")).map((daemon) => [daemon, name]),
            ),
        );

    test("is none of the stack's while no supervisor is left for it", () => {
        expect(parse(withSpares(2)).hosts).toEqual(parse(onHosts).hosts);
        expect(parse(withSpares(3)).hosts.map(({ name }) => name)).toEqual(["a", "b", "c", "d", "e", "f"]);
    });

    test("gets a supervisor that no machine lists, in the list's order: more of them move none", () => {
        const two = { "supervisor-1": "d", "supervisor-2": "e" };
        expect(placed(withSpares(3))).toEqual({ ...two, "supervisor-3": "f" });
        expect(placed(withSpares(5))).toEqual({
            ...two,
            "supervisor-3": "f",
            "supervisor-4": "g",
            "supervisor-5": "h",
        });
    });

    test("may come before machines that list theirs, and may have all supervisors", () => {
        const hosts = [...spares.slice(0, 1), a, b, c, { ...e, daemons: ["supervisor-1"] }, ...spares.slice(1)];
        expect(placed({ ...onHosts, supervisors: 3, hosts })).toEqual({
            ...{ "supervisor-1": "e", "supervisor-2": "f", "supervisor-3": "g" },
        });
        expect(placed({ ...onHosts, supervisors: 2, hosts: [...spares, a, b, c] })).toEqual({
            ...{ "supervisor-1": "f", "supervisor-2": "g" },
        });
        expect(d?.daemons).toEqual(["supervisor-1"]);
    });

    test.each<[Record<string, unknown>, ...string[]]>([
        [
            withSpares(6),
            "storm:hosts has no place for supervisor-6: add each to the daemons of one host, or a machine with `spare: true` for each",
        ],
        [
            withSpares(2, { hosts: [...onHosts.hosts, { ...spare("f", 6), daemons: ["drpc-1"] }] }),
            'storm:hosts.5.daemons (["drpc-1"]) are on a spare machine, which gets a supervisor by itself: remove them, or `spare`',
        ],
        [
            withSpares(2, { hosts: [...onHosts.hosts, { ...spare("f", 6), address: "10.0.0.1" }] }),
            'storm:hosts.5.address ("10.0.0.1") is that of a too',
        ],
        [
            withSpares(2, { autoscale: { min: 1, max: 6 } }),
            "storm:autoscale.min (1) is below supervisor-2, which storm:hosts lists: raise it, or give that machine `spare: true` in place of the supervisor",
            "storm:autoscale.max (6) is above the 5 supervisors that storm:hosts has places for: lower it, or add machines with `spare: true`",
        ],
    ])("%j is refused", (settings, ...expected) => expect(mistakes(settings)).toEqual(expected));

    test("makes room for autoscale", () => {
        expect(mistakes(withSpares(2, { autoscale: { min: 2, max: 5 } }))).toEqual([]);
    });
});

describe("on hosts,", () => {
    const [first, ...others] = onHosts.hosts;
    const withFirst = (change: object, more: object = {}) => ({
        ...onHosts,
        hosts: [{ ...first, ...change }, ...others],
        ...more,
    });

    test.each(["docs/hosts.md", "docs/autoscale.md"])("the example of %s is valid", (file) => {
        const [example] = /^ {4}# Pulumi\.rack\.yaml\n( {4}.*\n)+/m.exec(fs.readFileSync(file, "utf8")) as [string];
        expect(mistakes(settingsOf(example.replace(/^ {4}/gm, "")))).toEqual([]);
    });

    test("a placement of every daemon is valid, with the defaults of what is left out", () => {
        expect(mistakes(onHosts)).toEqual([]);
        expect(parse(onHosts)).toMatchObject({
            ssh: { user: "storm", port: 22 },
            hosts: [{ name: "a", lost: false }, {}, {}, {}, {}],
        });
    });

    test.each([
        [
            withFirst({ daemons: ["zookeeper-1", "ui"] }),
            "storm:hosts has no place for nimbus-1: add each to the daemons of one host",
        ],
        [
            withFirst({ daemons: ["zookeeper-1", "nimbus-1", "ui", "zookeeper-2"] }),
            'storm:hosts.0.daemons.3 ("zookeeper-2") would share a with zookeeper-1: two daemons of a kind must be on different hosts',
            'storm:hosts.1.daemons.0 ("zookeeper-2") runs on a already: remove it from one of the two',
        ],
        [
            withFirst({ daemons: ["zookeeper-1", "nimbus-1", "ui", "drpc-1", "supervisor-7", "storm"] }),
            'storm:hosts.0.daemons.3 ("drpc-1") is not a daemon of this cluster: storm:drpcs is 0',
            'storm:hosts.0.daemons.4 ("supervisor-7") is not a daemon of this cluster: storm:supervisors is 2',
            'storm:hosts.0.daemons.5 ("storm") is not a daemon of this cluster: names must be as in zookeeper-1, nimbus-1, supervisor-1, drpc-1, ui',
        ],
        [
            withFirst({ daemons: ["zookeeper-1", "nimbus-1", "ui", "ui-1", "zookeeper-x", "dns-3"] }),
            ...["ui-1", "zookeeper-x", "dns-3"].map(
                (name, index) =>
                    `storm:hosts.0.daemons.${3 + index} ("${name}") is not a daemon of this cluster: names must be as in zookeeper-1, nimbus-1, supervisor-1, drpc-1, ui`,
            ),
        ],
        [
            withFirst({ daemons: ["zookeeper-1", "nimbus-1", "ui", "dns-1"] }),
            'storm:hosts.0.daemons.3 ("dns-1") is not a daemon of this cluster: dns-1 and dns-2 are for storm:discovery `dns`',
        ],
        [
            withFirst({}, { discovery: "dns" }),
            "storm:hosts has no place for dns-1, dns-2: add each to the daemons of one host",
        ],
        [
            withFirst({ daemons: ["zookeeper-1", "nimbus-1", "ui", "dns-1", "dns-2"] }, { discovery: "dns" }),
            'storm:hosts.0.daemons.4 ("dns-2") would share a with dns-1: two daemons of a kind must be on different hosts',
        ],
        [
            withFirst({}, { ambassadorTls: true }),
            "storm:ambassadorTls (true) is for the discovery `ambassador`: set storm:discovery to it, or remove this",
        ],
        [
            withFirst({}, { ui: false }),
            'storm:hosts.0.daemons.2 ("ui") is not a daemon of this cluster: storm:ui is false',
        ],
        [withFirst({ name: "b" }), 'storm:hosts.1.name ("b") is that of b too'],
        [
            withFirst({ name: "Rack 1" }),
            'storm:hosts.0.name ("Rack 1") must be a name of lower-case letters, digits and dashes',
        ],
        [withFirst({ address: "10.0.0.2" }), 'storm:hosts.1.address ("10.0.0.2") is that of a too'],
        [withFirst({ address: "a.example.com" }), 'storm:hosts.0.address ("a.example.com") must be an IPv4 address'],
        [
            withFirst({ address: "127.0.0.1" }),
            'storm:hosts.0.address ("127.0.0.1") is a loopback address, which no other host can connect to',
        ],
        [
            withFirst({ hostKey: "SHA256:abc" }),
            'storm:hosts.0.hostKey ("SHA256:abc") must be a host key, such as `ssh-ed25519 AAAA...`: the first two words of /etc/ssh/ssh_host_ed25519_key.pub',
        ],
        [withFirst({ prot: 22 }), "storm:hosts.0.prot is not a setting"],
        [withFirst({ lost: "yes" }), 'storm:hosts.0.lost ("yes") must be true or false'],
        [withFirst({}, { ssh: { user: "a b" } }), 'storm:ssh.user ("a b") must be the name of a user'],
        [withFirst({}, { ssh: { port: 0 } }), "storm:ssh.port (0) must be a whole number from 1 to 65535"],
        [withFirst({}, { uiPort: 6701 }), "storm:uiPort (6701) is a port of supervisor"],
        [
            withFirst({}, { startEmpty: ["supervisor-1"] }),
            'storm:startEmpty.0 ("supervisor-1") is no ZooKeeper member and no Nimbus of this cluster; other daemons may always start empty',
        ],
        [
            {
                ...withFirst({}),
                zookeepers: 1,
                zookeeperServers: ["zk-1"],
                hosts: [first, onHosts.hosts[1], ...onHosts.hosts.slice(3)],
            },
            'storm:hosts.0.daemons.0 ("zookeeper-1") is not a daemon of this cluster: storm:zookeeperServers says where ZooKeeper is',
            'storm:hosts.1.daemons.0 ("zookeeper-2") is not a daemon of this cluster: storm:zookeeperServers says where ZooKeeper is',
        ],
        [
            withFirst({}, { target: "local" }),
            "storm:hosts is for the target `hosts`: set storm:target to it, or remove the hosts",
        ],
        [withFirst({}, { registryMirror: "mirror:5000" }), 'storm:registryMirror ("mirror:5000") must be a URL'],
        [
            withFirst({}, { sshKey: "-----BEGIN OPENSSH PRIVATE KEY-----\n" }),
            "storm:sshKey is not encrypted: `pulumi config set --secret sshKey <file`, and stop using this key",
        ],
    ])("%# is refused", (settings, ...wanted) => {
        expect(mistakes(settings)).toEqual(wanted);
    });

    test("a wrong key is not shown", () => {
        expect(mistakes({ ...onHosts, sshKey: "hunter2" }).join()).toMatch(/^storm:sshKey must be a private key/);
    });
});

describe("instances", () => {
    const two = [
        { name: "zookeeper-1", type: "t3.large", daemons: ["zookeeper-1", "supervisor-1"] },
        { name: "b", type: "t3.large", daemons: ["nimbus-1", "supervisor-2", "ui"] },
    ];
    const wrong = (instances: unknown, aws: object = {}, more: object = {}) =>
        mistakes({ target: "aws", aws: { zones: ["eu-central-1a"], instances, ...aws }, ...more });

    test("may have any daemons together, but no two of a kind", () => {
        expect(wrong(two)).toEqual([]);
        expect(wrong(two, { amis: { b: "ami-0123456789abcdef0" }, instanceTypes: { bastion: "t3.nano" } })).toEqual([]);
        expect(wrong([{ ...two[0], zone: "eu-central-1a" }, two[1]])).toEqual([]);
    });

    test("that do not have each daemon once are refused, all mistakes at once", () => {
        const instances = [
            { ...two[0], daemons: ["zookeeper-1", "supervisor-1", "supervisor-2"] },
            { ...two[1], name: "zookeeper-1", daemons: ["nimbus-1", "nimbus-2", "supervisor-1"] },
            { name: "bastion", type: "t2", daemons: ["drpc-1"], zone: "eu-central-1b" },
        ];
        expect(wrong(instances)).toEqual([
            'storm:aws.instances.0.daemons.2 ("supervisor-2") would share zookeeper-1 with supervisor-1: two daemons of a kind must be on different instances',
            'storm:aws.instances.1.name ("zookeeper-1") is that of zookeeper-1 too',
            'storm:aws.instances.1.daemons.1 ("nimbus-2") is not a daemon of this cluster: storm:nimbuses is 1',
            'storm:aws.instances.1.daemons.2 ("supervisor-1") runs on zookeeper-1 already: remove it from one of the two',
            'storm:aws.instances.2.daemons.0 ("drpc-1") is not a daemon of this cluster: storm:drpcs is 0',
            expect.stringMatching(
                /^storm:aws\.instances has no place for ui: add each to the daemons of one instance$/,
            ),
            'storm:aws.instances.1.name ("zookeeper-1") is that of a daemon that is not on it: choose another one',
            'storm:aws.instances.2.type ("t2") must be an instance type, such as t3.medium',
            'storm:aws.instances.2.name ("bastion") is that of the stack\'s bastion: choose another one',
            'storm:aws.instances.2.zone ("eu-central-1b") is not in storm:aws.zones: add it at the end there, or name one of these',
        ]);
    });

    test("have a name, a type and daemons", () => {
        expect(wrong([{ name: "A", daemons: [] }, two[1]])).toEqual([
            'storm:aws.instances.0.name ("A") must be a name of lower-case letters, digits and dashes',
            "storm:aws.instances.0.type must be an instance type, such as t3.medium",
            "storm:aws.instances.0.daemons ([]) names no daemon: remove the instance",
        ]);
        expect(wrong([{ ...two[0], ami: "ami-1" }, two[1]])).toEqual(["storm:aws.instances.0.ami is not a setting"]);
    });

    test("have types of their own, which no type of a kind contradicts", () => {
        expect(wrong(two, { instanceTypes: { supervisor: "m6i.large", bastion: "t3" } })).toEqual([
            'storm:aws.instanceTypes.supervisor ("m6i.large") is for a stack without storm:aws.instances, each of which has a type of its own: remove it',
            'storm:aws.instanceTypes.bastion ("t3") must be an instance type, such as t3.medium',
        ]);
        expect(wrong(two, { amis: { "nimbus-1": "ami-0123456789abcdef0" } })).toEqual([
            'storm:aws.amis.nimbus-1 ("ami-0123456789abcdef0") is for no machine of this stack: storm:aws.instances has zookeeper-1, b',
        ]);
    });

    test("of the Nitro system, where a daemon keeps its address", () => {
        const xen = [{ ...two[0], type: "m4.xlarge" }, two[1]];
        expect(wrong(xen)).toEqual([
            expect.stringMatching(/^storm:aws\.instances\.0\.type .*is not of the Nitro system/),
        ]);
        const apart = [
            { ...two[0], daemons: ["zookeeper-1"] },
            { ...two[1], daemons: ["nimbus-1", "ui"] },
            { name: "c", type: "m4.xlarge", daemons: ["supervisor-1"] },
            { name: "d", type: "m4.xlarge", daemons: ["supervisor-2"] },
        ];
        expect(wrong(apart)).toEqual([]);
    });

    test("have the memory for all of their daemons, and what runs beside them", () => {
        const small = [
            { ...two[0], type: "t3.medium" },
            { ...two[1], type: "t3.medium" },
        ];
        const tooSmall = (of: number, heaps: string) =>
            expect.stringContaining(
                `storm:aws.instances.${of}.type ("t3.medium") has too little memory: t3.medium has 4096 MiB, the heaps in the containers need ` +
                    `${heaps}, and the system 400 MiB: choose a larger type, place a daemon elsewhere, or lower storm:heap or storm:slots`,
            ) as string;
        // Supervisor 256, two workers 768 each with a log writer of 64, logviewer 128; ZooKeeper 1000; Nimbus 1024, UI 768.
        expect(wrong(small)).toEqual([tooSmall(1, "3840 MiB")]);
        expect(wrong(small, {}, { monitoring: { nodeExporter: true, cadvisor: true }, security: "tls" })).toEqual([
            tooSmall(1, "3840 MiB, storm:monitoring 960 MiB, the reverse proxy 256 MiB"),
        ]);
    });

    test("with a Graviton processor need an image of Storm for it, unless ZooKeeper is alone there", () => {
        const graviton = [
            { ...two[0], type: "t4g.small", daemons: ["zookeeper-1"] },
            { ...two[1], daemons: ["nimbus-1", "supervisor-1", "ui"] },
            { name: "c", type: "m7g.large", daemons: ["supervisor-2"] },
        ];
        expect(wrong(graviton, {}, { stormImage: "storm:1.2.4" })).toEqual([
            expect.stringMatching(/^storm:aws\.instances\.2\.type \("m7g\.large"\) has a Graviton processor/),
        ]);
    });

    test("share their ports", () => {
        expect(wrong(two, {}, { uiPort: 8000 })).toEqual(["storm:uiPort (8000) is a port of supervisor"]);
        expect(wrong(two, {}, { uiPort: 9090, monitoring: true })).toEqual([
            "storm:uiPort (9090) is a port of nimbus",
            "storm:monitoring.port is storm:uiPort: set one of the two to another port",
        ]);
        expect(wrong([], {}, { uiPort: 8000 })).toEqual([]);
    });

    test("need room in their zones", () => {
        const zones = { zones: ["eu-central-1a", "eu-central-1b"], cidr: "10.0.0.0/24" };
        const supervisors = Array.from({ length: 6 }, (_, index) => ({
            ...{ name: `s${index + 1}`, type: "t3.large", daemons: [`supervisor-${index + 1}`] },
        }));
        const all = (zone: string) => [
            { ...two[0], daemons: ["zookeeper-1"] },
            { ...two[1], daemons: ["nimbus-1", "ui"] },
            ...supervisors.map((each, index) => ({ ...each, ...(index > 1 && { zone }) })),
        ];
        expect(wrong(all("eu-central-1b"), zones, { supervisors: 6 })).toEqual([]);
        expect(wrong(all("eu-central-1a"), zones, { supervisors: 6 })).toEqual([
            expect.stringContaining("has room for 9 machines in a zone, a sixteenth of it, and 14 are to be there"),
        ]);
    });
});

describe("images of single instances", () => {
    const ami = "ami-0123456789abcdef0";
    const wrong = (aws: object, more: object = {}) =>
        mistakes({ target: "aws", aws: { zones: ["eu-central-1a"], ...aws }, ...more });

    test("may be those of all daemons, and of the bastion", () => {
        const amis = { "zookeeper-1": ami, ui: ami };
        expect(wrong({ amis })).toEqual([]);
        expect(wrong({ private: true, amis: { ...amis, bastion: ami } })).toEqual([]);
    });

    test("for no machine of the stack are refused, with what would be right, all at once", () => {
        const amis = Object.fromEntries(["zookeeper-2", "ui-1", "zookeeper-x", "bastion"].map((name) => [name, ami]));
        const no = (name: string, why: string) =>
            `storm:aws.amis.${name} ("${ami}") is for no machine of this stack: ${why}`;
        const names = "names must be as in zookeeper-1, nimbus-1, supervisor-1, drpc-1, ui";
        const bastion =
            "it creates a bastion only if storm:aws.private is true, and none of storm:aws.vpc, storm:ssh.bastion and storm:ssh.via is set";
        expect(wrong({ amis })).toEqual([
            no("zookeeper-2", "storm:zookeepers is 1"),
            no("ui-1", names),
            no("zookeeper-x", names),
            no("bastion", bastion),
        ]);
        expect(wrong({ amis: { ui: ami } }, { ui: false })).toEqual([no("ui", "storm:ui is false")]);
        const ssh = { via: "session-manager" };
        expect(wrong({ private: true, amis: { bastion: ami } }, { ssh })).toEqual([no("bastion", bastion)]);
    });

    test("must be ids", () => {
        const id = "must be the id of a machine image, such as ami-0123456789abcdef0";
        expect(wrong({ amis: { ui: "al2023", "nimbus-1": 3 } })).toEqual([
            `storm:aws.amis.ui ("al2023") ${id}`,
            `storm:aws.amis.nimbus-1 (3) ${id}`,
        ]);
        expect(wrong({ amis: ami })).toEqual([
            `storm:aws.amis ("${ami}") must have the ids of machine images by instance, as in { zookeeper-2: ami-0123456789abcdef0 }`,
        ]);
    });
});

describe("instance types", () => {
    const onAws = (instanceTypes: Record<string, unknown>, more: object = {}) =>
        mistakes({ target: "aws", aws: { zones: ["eu-central-1a"], instanceTypes }, ...more });
    const tooSmall = (kind: string, shown: string, type: string, has: number, heaps: number, slots = "") =>
        `storm:aws.instanceTypes.${kind} ${shown}has too little memory: ${type} has ${has} MiB, the heaps in the container need ${heaps} MiB, ` +
        `and the system 400 MiB: choose a larger type, or lower storm:heap${slots}`;

    test("by default have the memory for the default heaps", () => {
        expect(onAws({}, { drpcs: 1 })).toEqual([]);
    });

    test("that cannot be used are refused, all at once", () => {
        const types = { zookeeper: "t1.micro", nimbus: "t4g.micro", supervisor: "t3.small", ui: "t3", bastion: 3 };
        expect(onAws({ ...types, bastion: "m4.large" })).toEqual([
            'storm:aws.instanceTypes.zookeeper ("t1.micro") is not of the Nitro system, by which data volumes are found: choose a type that is, such as t3.medium or m6i.large',
            tooSmall("nimbus", '("t4g.micro") ', "t4g.micro", 1024, 1024),
            tooSmall("supervisor", '("t3.small") ', "t3.small", 2048, 2048, " or storm:slots"),
            'storm:aws.instanceTypes.ui ("t3") must be an instance type, such as t3.medium',
        ]);
        expect(onAws(types)).toEqual([
            "storm:aws.instanceTypes.bastion (3) must be an instance type, such as t3.medium",
        ]);
    });

    test("must have the memory for other heaps and slots, the default types too", () => {
        expect(onAws({}, { heap: { zookeeper: 1648 }, slots: 8 })).toEqual([]);
        expect(onAws({}, { heap: { zookeeper: 1649 }, slots: 9 })).toEqual([
            tooSmall("zookeeper", "", "t3.small", 2048, 1649),
            tooSmall("supervisor", "", "t3.large", 8192, 7872, " or storm:slots"),
        ]);
    });

    test("need no memory for daemons that the cluster does not have, and are accepted if their memory is not known", () => {
        expect(onAws({ drpc: "t3.nano", ui: "t3.nano" }, { ui: false })).toEqual([]);
        expect(onAws({ drpc: "t3.nano" }, { drpcs: 1 })).toEqual([
            tooSmall("drpc", '("t3.nano") ', "t3.nano", 512, 768),
        ]);
        expect(onAws({ zookeeper: "t3.nano" }, { zookeeperServers: ["zk-1"] })).toEqual([]);
        expect(onAws({ supervisor: "x2gd.medium" }, { slots: 64 })).toEqual([]);
    });
});

describe("an image of Storm for x86 processors alone", () => {
    const graviton = { zookeeper: "t4g.small", nimbus: "t4g.medium", supervisor: "m7g.large", bastion: "t4g.nano" };
    const onAws = (more: object) =>
        mistakes({ target: "aws", aws: { zones: ["eu-central-1a"], instanceTypes: graviton }, ...more });
    const wrong = (kind: keyof typeof graviton, image: string) =>
        `storm:aws.instanceTypes.${kind} ("${graviton[kind]}") has a Graviton processor, and storm:stormImage (${image}) exists for x86 ` +
        "processors only: choose an x86 type, such as t3.medium, or an image for arm64, such as storm:2.8.9 or, for Storm 1.2, storm:1.2.4-temurin";

    test.each(["storm:1.2.4", "storm:2.4.0"])("is refused on Graviton, where Storm runs: %s", (stormImage) => {
        expect(onAws({ stormImage })).toEqual([wrong("nimbus", stormImage), wrong("supervisor", stormImage)]);
    });

    test("is refused on ZooKeeper's machines too, if ambassadors run there", () => {
        const stormImage = "storm:1.2.4";
        expect(onAws({ stormImage, discovery: "ambassador" })).toEqual([
            wrong("zookeeper", stormImage),
            wrong("nimbus", stormImage),
            wrong("supervisor", stormImage),
        ]);
    });

    test("is accepted on x86 types, and an image for both, or of unknown processors, on Graviton", () => {
        const x86 = { zones: ["eu-central-1a"], instanceTypes: { drpc: "t4g.small" } };
        expect(onAws({ stormImage: "storm:1.2.4", aws: x86 })).toEqual([]);
        for (const stormImage of ["storm:2.8.9", "storm:1.2.4-temurin", "registry.example.com/storm:1.2.4"]) {
            expect(onAws({ stormImage })).toEqual([]);
        }
    });
});

test("entries of storm.yaml that Storm takes are valid, and so are those that it does not know", () => {
    const known = {
        ...{
            "nimbus.task.timeout.secs": 30,
            "nimbus.impersonation.acl": { a: { hosts: ["*"], groups: ["*"] } },
            "ui.https.port": 8443,
        },
        ...{
            "topology.kryo.register": ["a.B", { "a.C": "a.D" }],
            "storm.metrics.reporters": [{ class: "a.B" }],
            "drpc.https.port": -1,
        },
        ...{
            "topology.max.spout.pending": null,
            "topology.message.timeout.secs": 30.0,
            "topology.ras.constraints": [["a", "b"]],
        },
    };
    // Of Storm 1.2.4, of 2.8.8, of defaults.yaml, and of plug-ins.
    const others = {
        "zmq.threads": 1,
        "topology.eventlogger.max.retained.files": 5,
        "ui.users": null,
        "graphite.host": "a",
        "topology.a.b": 1,
    };
    expect(mistakes({ stormYaml: { ...known, ...others } })).toEqual([]);
});

test.each([
    ["storm-a_b.Prod-1", {}, true],
    [`storm-${"a".repeat(57)}`, {}, true],
    [`storm-${"a".repeat(58)}`, {}, false],
    ["storm-a..b", {}, false],
    ["storm-a-", {}, false],
    [`storm-${"a".repeat(58)}`, { discovery: "addresses" }, true],
])("that names are in the domain of %s, with %j, is allowed: %p", (clusterName, settings, isAllowed) => {
    const mistake =
        'storm:discovery ("dns") needs a domain, whose parts have 1 to 63 characters, and none of them a dash at an end, ' +
        `and the stack's name makes ${clusterName}.internal: name the stack otherwise`;
    expect(mistakes({ discovery: "dns", ...settings }, clusterName)).toEqual(isAllowed ? [] : [mistake]);
});

test.each([
    [{ "nimbus.seeds": "hunter2" }, "storm:stormYaml.nimbus.seeds is set by storm:nimbuses: remove it"],
    [{ "nimbus.admins": ["root", { hunter2: "hunter2" }] }, "storm:stormYaml.nimbus.admins.1 must be a string"],
    [{ "ui.https.port": 6701 }, "storm:stormYaml.ui.https.port is a port of supervisor"],
])("values that are secret are not shown: %j", (stormYaml, mistake) => {
    const parseSecret = () => parseSettings({ ...defaults, stormYaml }, "storm-test", (key) => key === "stormYaml");
    expect(parseSecret).toThrow(new Error(`The stack's settings have a mistake:\n  ${mistake}`));
});

describe("logging", () => {
    const drivers = "json-file, local, journald, syslog, gelf, fluentd, awslogs, splunk, gcplogs";

    test.each([
        [
            { driver: "none" },
            [
                'driver ("none") keeps no logs, which `make logs` and the messages of failed updates show: use `local`, with max-size and max-file',
            ],
        ],
        [{ driver: "etwlogs" }, ['driver ("etwlogs") is for Windows']],
        [{ driver: "jsonfile" }, ['driver ("jsonfile") is no driver of Docker\'s: do you mean `json-file`?']],
        [
            { driver: "Loki driver" },
            [`driver ("Loki driver") must be one of ${drivers}, or the name of a plugin, such as loki`],
        ],
        [{ driver: 1 }, ["driver (1) must be the name of a log driver, such as syslog"]],
        [{ drivers: "syslog" }, ["drivers is not a setting"]],
        [{ driver: "syslog", options: ["tag"] }, ["options must be a map of the driver's options"]],
        [{ driver: "syslog", options: { tag: null } }, ["options.tag must be a text, a number, true or false"]],
        [
            {
                driver: "syslog",
                options: { "syslog-adress": "udp://hunter2", "awslogs-group": "hunter2", mode: "hunter2" },
            },
            [
                "options.syslog-adress is no option of syslog: do you mean `syslog-address`?",
                "options.awslogs-group is no option of syslog",
                "options.mode must be one of blocking, non-blocking",
            ],
        ],
        [
            { driver: "splunk", options: { "max-buffer-size": "4m" } },
            [
                "options.splunk-url is not set, which splunk needs",
                "options.splunk-token is not set, which splunk needs",
                "options.max-buffer-size is for the mode `non-blocking`: set mode to it, or remove this",
            ],
        ],
        [
            { driver: "splunk", options: { "splunk-url": "https://splunk:8088", "splunk-token": "hunter2" } },
            [
                "options.splunk-token is not encrypted: `pulumi config set --secret --path logging.options.splunk-token`, and stop using this token",
            ],
        ],
    ])("%j is refused", (logging, expected) => {
        expect(mistakes({ logging })).toEqual(expected.map((each) => `storm:logging.${each}`));
    });

    test.each([
        [{}, undefined],
        [{ driver: "local" }, { driver: "local", options: {} }],
        [
            { options: { "max-file": 5, compress: true } },
            { driver: "json-file", options: { "max-file": "5", compress: "true" } },
        ],
        [
            { driver: "grafana/loki-docker-driver:3.5.0-amd64" },
            { driver: "grafana/loki-docker-driver:3.5.0-amd64", options: {} },
        ],
        [
            { driver: "loki", options: { "loki-url": "http://10.0.0.9:3100/loki/api/v1/push", mode: "non-blocking" } },
            { driver: "loki", options: { "loki-url": "http://10.0.0.9:3100/loki/api/v1/push", mode: "non-blocking" } },
        ],
    ])("%j is accepted", (logging, expected) => {
        expect(parse({ logging }).logging).toEqual(expected);
    });

    test("the driver of another stack's secret is not shown either", () => {
        const parseSecret = () =>
            parseSettings({ ...defaults, logging: { driver: "hunter 2" } }, "storm-test", (key) => key === "logging");
        expect(parseSecret).toThrow(/^((?!hunter)[^])*$/);
    });

    test("what may surprise is a warning: logs that nobody can read, and daemons that wait for a log server", () => {
        const warned = (logging: object) => parse({ logging }).warnings.map((line) => line.trim());
        const wait =
            "storm:logging.options have no `mode`: daemons and workers wait whenever the driver takes no more lines. `non-blocking` drops lines then";
        expect(warned({ driver: "syslog" })).toEqual([wait]);
        expect(warned({ driver: "syslog", options: { mode: "blocking" } })).toEqual([]);
        expect(warned({ driver: "journald" })).toEqual([]);
        expect(warned({ driver: "loki", options: { "no-file": true, mode: "blocking" } })).toEqual([
            "storm:logging.options.no-file leaves no logs for `make logs` and the messages of failed updates",
        ]);
    });
});

test("all mistakes are told at once", () => {
    const settings = { zookeepers: 4, ui: "no", slot: 1, uiPort: 0, heap: { ui: 500 }, memory: { ui: 400 } };
    const stormYaml = { "ui.port": 1, "topology.debug": 1, "nimbus.admins": [1, 2] };
    const topologies = topology({
        mainClass: "",
        workers: 0,
        configuration: { "topology.debug": 1, "topology.name": "b" },
    });
    expect(mistakes({ ...settings, stormYaml, ...topologies })).toHaveLength(13);
});

test("an address goes by the daemon's name, and no two daemons share one", () => {
    expect(localAddress("10.1.0.0/16", "supervisor", 300)).toBe("10.1.1.171");
    const names = ["zookeeper", "nimbus", "drpc", "supervisor"].flatMap((kind) =>
        [1, 2, 3, 4, 5].map((n) => `${kind}-${n}`),
    );
    const addresses = [...names, "ui"]
        .flatMap((name) => parseDaemonName(name) ?? [])
        .map(({ kind, index }) => localAddress("172.30.77.0/24", kind, index));
    expect(new Set(addresses).size).toBe(addresses.length);
});
