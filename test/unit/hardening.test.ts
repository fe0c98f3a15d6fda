/** What docs/hardening.md says: the policies hold for every container of every target, and each row that is met names what holds it. */
import { execFileSync } from "child_process";
import * as fs from "fs";
import type { ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";
import { policies } from "../../policy/policies";
import { certify } from "../../provider/kinds/certificate";
import { stackFile } from "./awsFixture";
import { onHosts } from "./hostsFixture";
import { type Declared, revealed, runProgram } from "./program";

// A program for AWS takes seconds, and more beside other tests.
jest.setTimeout(300_000);

const monitoring = { grafana: true, nodeExporter: true, cadvisor: true };
const onNamedHosts = {
    ...onHosts,
    hosts: onHosts.hosts.map((host, index) => ({
        ...host,
        daemons: [...host.daemons, ...(index < 2 ? [`dns-${index + 1}`] : [])],
    })),
};
// Trust stores are made of it.
const created = { "storm:index:Certificate": { ...certify({ name: "storm-test" }), keyStore: "", expires: "" } };
const tls = { security: "tls", users: ["alice"], stormImage: "storm:2.8.9" };

/** All targets, each with all kinds of discovery, and with reverse proxies. */
const stacks: [string, Record<string, unknown>][] = [
    ["local", { delivery: "file", drpcs: 1, monitoring }],
    ["local, dns", { discovery: "dns", monitoring }],
    ["local, ambassador", { discovery: "ambassador", monitoring }],
    ["local, tls", { ...tls, monitoring }],
    ["hosts", { ...onHosts, monitoring }],
    ["hosts, dns", { ...onNamedHosts, discovery: "dns", monitoring }],
    ["hosts, ambassador", { ...onHosts, discovery: "ambassador", monitoring }],
    ["hosts, ambassadorTls", { ...onHosts, discovery: "ambassador", ambassadorTls: true, monitoring }],
    ["hosts, tls", { ...onHosts, ...tls, monitoring }],
    ["aws", { ...stackFile("prod"), monitoring }],
    ["aws, dns", { ...stackFile("dev"), discovery: "dns", monitoring }],
    ["aws, ambassador", { ...stackFile("dev"), discovery: "ambassador", monitoring }],
];

const isContainer = ({ type }: Declared) => type === "docker:index/container:Container";
/** Last part of a container's name, without its number. */
const kindOf = ({ inputs }: Declared) => (inputs.name as string).replace(/^storm-test-|-\d+$/g, "");
const rules = policies as ResourceValidationPolicy[];

/** What the policies find in a resource. The stack is none in production. */
async function violations({ type, name, inputs, protect }: Declared): Promise<string[]> {
    const found: string[] = [];
    const args = {
        ...{ type, name, urn: `urn:pulumi:test::storm::${type}::${name}` },
        ...{ props: revealed(inputs), opts: { protect } },
    } as unknown as ResourceValidationArgs;
    for (const { name: policy, validateResource } of rules) {
        for (const validate of [validateResource ?? []].flat()) {
            await validate(args, (message) => found.push(`${policy}: ${name}: ${message}`));
        }
    }
    return found;
}

const runs: Record<string, Declared[]> = {};
beforeAll(async () => {
    for (const [stack, settings] of stacks) {
        runs[stack] = (await runProgram(settings, { created })).resources;
    }
});

/** What a kind of containers has, over all stacks. */
const ofKinds = (of: (container: Declared) => unknown) => {
    const found: Record<string, unknown[]> = {};
    for (const each of Object.values(runs).flat().filter(isContainer)) {
        found[kindOf(each)] = [...new Set([...(found[kindOf(each)] ?? []), of(each)])];
    }
    return found;
};

describe.each(stacks)("a stack %s", (stack, settings) => {
    const resources = () => runs[stack] as Declared[];

    test("has nothing that the policies refuse", async () => {
        expect(resources().filter(isContainer).length).toBeGreaterThan(5);
        expect((await Promise.all(resources().map(violations))).flat()).toEqual([]);
    });

    test("shares the machine's network on machines alone, but for what only the machine is to reach", () => {
        const modes = resources()
            .filter(isContainer)
            .map(({ inputs }) => inputs.networkMode);
        const isLocal = settings.target === undefined;
        const isEnclosed = settings.ambassadorTls === true;
        expect([...new Set(modes)].sort()).toEqual(isLocal ? ["bridge"] : isEnclosed ? ["bridge", "host"] : ["host"]);
        for (const { inputs } of resources().filter(isContainer)) {
            expect(Array.isArray(inputs.networksAdvanced)).toBe(isLocal);
        }
    });
});

test("containers run as users that are no root, but those whose reason docs/hardening.md says", () => {
    const storm = ["1000:1000"];
    expect(ofKinds(({ inputs }) => inputs.user)).toEqual({
        ...{ zookeeper: storm, nimbus: storm, supervisor: storm, ui: storm, drpc: storm },
        ...{ exporter: storm, registrar: storm, proxy: storm, "reverse-proxy": storm },
        ...{ prometheus: ["65534:65534"], "node-exporter": ["65534:65534"], grafana: ["472:0"] },
        ...{ etcd: ["0:0"], dns: ["0:0"], cadvisor: ["0:0"] },
    });
});

// Another argument can take away what no policy knows: look at it before it is added here.
test("containers have no other arguments than these", () => {
    const used = Object.values(ofKinds(({ inputs }) => Object.keys(inputs))).flat(2) as string[];
    expect([...new Set(used)].sort()).toEqual([
        ...[
            "capabilities",
            "command",
            "destroyGraceSeconds",
            "dns",
            "dnsOpts",
            "envs",
            "healthcheck",
            "hostname",
            "hosts",
        ],
        ...["image", "init", "labels", "logDriver", "logOpts", "memory", "memorySwap", "mounts", "name", "networkMode"],
        ...["networksAdvanced", "pidMode", "ports", "readOnly", "restart", "securityOpts", "stopSignal", "stopTimeout"],
        ...["uploads", "user", "volumes"],
    ]);
});

test("a container that nothing is written into has a read-only root file system", () => {
    const readOnly = Object.values(runs)
        .flat()
        .filter(({ inputs }) => inputs.readOnly === true);
    expect([...new Set(readOnly.map(kindOf))].sort()).toEqual(["cadvisor", "etcd", "node-exporter"]);
    // Docker puts no file into such a container.
    expect(readOnly.filter(({ inputs }) => ((inputs.uploads ?? []) as object[]).length > 0)).toEqual([]);
});

test("a container that exists keeps its root file system, as another would replace it", async () => {
    const rootOf = async (existing: object) => {
        const state = { "docker:index/container:Container::monitoring-cadvisor-local-container": existing };
        const run = await runProgram({ monitoring }, { state });
        return run.get("monitoring-cadvisor-local-container", "Container").inputs.readOnly;
    };
    expect(await rootOf({})).toBeUndefined();
    expect(await rootOf({ readOnly: false })).toBeUndefined();
    expect(await rootOf({ readOnly: true })).toBe(true);
});

test("on AWS, subnets give no public addresses, and interfaces check whom traffic is for", () => {
    const onAws = Object.entries(runs).flatMap(([stack, resources]) => (/^aws/.test(stack) ? resources : []));
    const having = (type: string) => onAws.filter((each) => each.type === type);
    const subnets = having("aws:ec2/subnet:Subnet");
    const checked = [...having("aws:ec2/instance:Instance"), ...having("aws:ec2/networkInterface:NetworkInterface")];
    expect(Math.min(subnets.length, checked.length)).toBeGreaterThan(5);
    expect(subnets.filter(({ inputs }) => inputs.mapPublicIpOnLaunch !== undefined)).toEqual([]);
    expect(checked.filter(({ inputs }) => inputs.sourceDestCheck !== undefined)).toEqual([]);
});

test("on AWS, an instance has one interface, and no role may use keys", () => {
    const onAws = Object.entries(runs).flatMap(([stack, resources]) => (/^aws/.test(stack) ? resources : []));
    const instances = onAws.filter(({ type }) => type === "aws:ec2/instance:Instance");
    for (const { inputs } of instances) {
        const { networkInterfaces, primaryNetworkInterface, subnetId } = inputs;
        expect(
            [networkInterfaces, primaryNetworkInterface, subnetId].filter((each) => each !== undefined),
        ).toHaveLength(1);
        expect((networkInterfaces as object[] | undefined)?.length ?? 1).toBe(1);
    }
    const types = onAws.map(({ type }) => type);
    expect(types.filter((type) => /networkInterfaceAttachment|securityGroupAttachment/i.test(type))).toEqual([]);
    const roles = onAws.filter(({ type }) => type === "aws:iam/rolePolicy:RolePolicy");
    expect(roles.length).toBeGreaterThan(1);
    expect(roles.filter(({ inputs }) => /kms:/i.test(inputs.policy as string))).toEqual([]);
});

test("short-lived containers are confined or have no network, and nothing runs in a container as root", () => {
    const sources = execFileSync("git", ["ls-files", "provider", "components", "scripts"], { encoding: "utf8" })
        .split("\n")
        .filter((file) => /\.(ts|sh)$|^scripts\/[^.]+$/.test(file) && fs.existsSync(file) && fs.statSync(file).isFile())
        .map((file) => ({ file, text: fs.readFileSync(file, "utf8") }));
    const running = sources.filter(({ text }) => /docker["',\s]+run["',\s]+--rm/.test(text));
    expect(running.map(({ file }) => file)).toEqual([
        "components/hosts/docker/imagePlatform.sh",
        "provider/kinds/configFile.ts",
        "provider/topologies/submit.ts",
        "provider/upgrade/cluster.ts",
        "scripts/storm",
    ]);
    const confined = /--cap-drop["',\s]+ALL[^]*--security-opt["',\s]+no-new-privileges/;
    const open = running.filter(({ text }) => !confined.test(text) && !/--network none --entrypoint true/.test(text));
    expect(open.map(({ file }) => file)).toEqual([]);
    const executing = sources.filter(({ text }) => /docker["',\s]+exec\b/.test(text));
    expect(executing.length).toBeGreaterThan(3);
    const asRoot = /docker["',\s]+exec["',\s]+[^;\n]*--(privileged|user)\b/;
    expect(executing.filter(({ text }) => asRoot.test(text)).map(({ file }) => file)).toEqual([]);
});

describe("docs/hardening.md", () => {
    const text = fs.readFileSync("docs/hardening.md", "utf8");
    const rows = [...text.matchAll(/^\| (\d[\d.]*|[A-Z]\w*\.\d+)[^|]*\|[^|]*\| ([^|]*) \| (.*) \|$/gm)].map(
        ([, number = "", status = "", why = ""]) => ({ number, status, why }),
    );
    const numbers = rows.map(({ number }) => number);

    test("has every rule of the sections that it is about, and every control for EC2, once", () => {
        const cis = { 2: 18, 3: 24, 4: 12, 5: 32 };
        const ec2 = [1, 2, 3, 4, 6, 7, 8, 9, 10, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 51, 55, 56, 57, 58, 60];
        const all = [
            ...Object.entries(cis).flatMap(([section, count]) =>
                Array.from({ length: count }, (_, index) => `${section}.${index + 1}`),
            ),
            ...[...ec2, 170, 171, 172, 173, 180, 181, 182].map((control) => `EC2.${control}`),
        ];
        expect(all.filter((each) => numbers.filter((number) => number === each).length !== 1)).toEqual([]);
        expect(new Set(numbers).size).toBe(numbers.length);
    });

    test("says of each whether it is met, and if not why", () => {
        expect(rows.filter(({ status }) => !/^(met|not applicable|refused|yours)$/.test(status))).toEqual([]);
        expect(rows.filter(({ why }) => why.length < 10)).toEqual([]);
    });

    test("names for each that is met a policy or a test that holds it", () => {
        const names = rules.map(({ name }) => name);
        const unheld = rows.filter(({ status, why }) => {
            const held = [...why.matchAll(/`([\w.-]+)`/g)].map(([, word = ""]) => word);
            const exists = (word: string) =>
                names.includes(word) || (word.endsWith(".test.ts") && fs.existsSync(`test/unit/${word}`));
            return status === "met" && !held.some(exists);
        });
        expect(unheld).toEqual([]);
    });

    test("names no test and no policy that is not there", () => {
        const tests = [...text.matchAll(/`([\w.-]+\.test\.ts)`/g)].map(([, file = ""]) => file);
        expect(tests.filter((file) => !fs.existsSync(`test/unit/${file}`))).toEqual([]);
        const named = [...text.matchAll(/policy `([\w-]+)`/gi)].map(([, name = ""]) => name);
        expect(named.length).toBeGreaterThan(5);
        expect(named.filter((name) => !rules.some((rule) => rule.name === name))).toEqual([]);
    });
});
