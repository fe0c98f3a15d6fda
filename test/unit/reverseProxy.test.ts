import { placeDaemons } from "../../components/storm/spec/composition";
import { placeReverseProxies } from "../../components/storm/security/reverseProxies";
import { reverseProxyConfig } from "../../components/storm/security/reverseProxyConfig";
import type { Host } from "../../components/hosts/host";
import { certify } from "../../provider/kinds/certificate";
import { parseSettings } from "../../settings";
import { memoryShortage } from "../../settings/machineMemory";
import { stackFile } from "./awsFixture";
import { onHosts } from "./hostsFixture";
import { declaredSettings, madeAfter, revealed, type Run, runProgram } from "./program";

// A run of the whole program takes seconds where other tests run too.
jest.setTimeout(120_000);

const created = {
    "storm:index:Certificate": {
        ...{
            certificate: certify({ name: "storm-test" }).certificate,
            key: "THE-KEY\n",
            keyStore: "VEhFLUtFWS1TVE9SRQ==",
        },
        expires: "2027-11-30T15:00:00.000Z",
    },
    "storm:index:Password": { value: "THE-PASSWORD" },
};
const tls = { security: "tls", users: ["alice", "bob"], stormImage: "storm:2.8.9", proxyImage: "haproxy:3.2" };
const secured = (more: object = {}) => runProgram({ ...tls, ...more }, { created });

const input = (run: Run, name: string) => revealed(run.get(name).inputs) as Record<string, unknown>;
const filesOf = (run: Run, name: string) => {
    const { uploads } = input(run, name) as { uploads: { file: string; content: string }[] };
    return Object.fromEntries(uploads.map(({ file, content }) => [file, content]));
};
const configOf = (run: Run, engine: string) =>
    filesOf(run, `storm-reverse-proxy-${engine}-container`)["/usr/local/etc/haproxy/haproxy.cfg"] as string;
const isSecret = (value: unknown) =>
    typeof value === "object" && value !== null && "4dabf18193072939515e22adb298388d" in value;
const lines = (text: string, ...begins: string[]) =>
    text
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => begins.some((begin) => line.startsWith(begin)));
const proxies = (run: Run) =>
    run.resources
        .filter(({ name, type }) => /^storm-reverse-proxy-.*-container$/.test(name) && type.includes("Container"))
        .map(({ name }) => name.replace(/^storm-reverse-proxy-|-container$/g, ""));
const stormYaml = (run: Run, daemon: string) => filesOf(run, `storm-${daemon}-container`)["/conf/storm.yaml"];

test("without tls there is none", async () => {
    for (const security of ["none", "zookeeper"]) {
        const run = await runProgram({ ...onHosts, security, stormImage: "storm:2.8.9" }, { created });
        expect(run.resources.filter(({ name }) => /reverse-proxy|password/.test(name))).toEqual([]);
    }
});

describe("on local", () => {
    let run: Run;
    beforeAll(async () => {
        run = await secured({ drpcs: 1 });
    });

    test("there is one, at an address of its own, with the published port of Storm UI", () => {
        expect(proxies(run)).toEqual(["local"]);
        const { ports, networksAdvanced, image, memory, stopSignal } = input(
            run,
            "storm-reverse-proxy-local-container",
        );
        expect(ports).toEqual([{ ip: "127.0.0.1", external: 8080, internal: 8080 }]);
        expect(networksAdvanced).toMatchObject([{ ipv4Address: "172.30.77.101" }]);
        expect([image, memory, stopSignal]).toEqual(["haproxy:3.2", 256, "SIGTERM"]);
        expect(input(run, "storm-ui-container").ports).toEqual([]);
        expect(lines(configOf(run, "local"), "bind ")).toEqual([
            expect.stringMatching(/^bind 172\.30\.77\.101:8080 ssl /),
        ]);
        expect(lines(configOf(run, "local"), "server ")).toEqual([
            expect.stringMatching(/^server ui 172\.30\.77\.64:8080 ssl .* verify required verifyhost ui$/),
        ]);
        expect(run.outputs.uiUrl).toBe("https://127.0.0.1:8080");
    });

    test("logviewers and DRPC servers keep their ports, with certificates", () => {
        expect(stormYaml(run, "supervisor-1")).toMatch(/^logviewer\.https\.port: 8000$/m);
        expect(stormYaml(run, "drpc-1")).toMatch(/^drpc\.https\.port: 3774$/m);
        expect(input(run, "storm-supervisor-1-ready").check).toMatchObject({ logviewerPort: 8000 });
    });

    test("there is none without Storm UI", async () => {
        expect(proxies(await secured({ ui: false }))).toEqual([]);
    });
});

describe("on hosts", () => {
    let run: Run;
    beforeAll(async () => {
        run = await secured(onHosts);
    });

    test("there is one on each machine with pages, at the ports where others connect", () => {
        const pages = Object.fromEntries(
            proxies(run).map((engine) => [
                engine,
                lines(configOf(run, engine), "bind ", "server ").map((line) =>
                    line.replace(/ ssl .*?(verifyhost .*)?$/, (_, host: string | undefined) =>
                        host ? ` ${host}` : "",
                    ),
                ),
            ]),
        );
        expect(pages).toMatchSnapshot();
        for (const engine of proxies(run)) {
            expect(input(run, `storm-reverse-proxy-${engine}-container`).networkMode).toBe("host");
        }
    });

    test("Storm's servers are behind them, and UI's links to logs lead to them", () => {
        expect(stormYaml(run, "ui")).toMatch(/^ui\.https\.port: 18080$/m);
        expect(stormYaml(run, "ui")).toMatch(/^logviewer\.https\.port: 8000$/m);
        expect(stormYaml(run, "supervisor-1")).toMatch(/^logviewer\.https\.port: 18000$/m);
        expect(stormYaml(run, "nimbus-1")).toMatch(/^logviewer\.https\.port: 18000$/m);
        expect(input(run, "storm-supervisor-1-ready").check).toMatchObject({ logviewerPort: 18000 });
        expect(input(run, "storm-ui-ready").check).toMatchObject({ port: 18080 });
    });

    test("each starts once Storm has left its ports, and with its image, and is waited for", () => {
        const before = madeAfter(run.get("storm-reverse-proxy-d-container"), run);
        expect(before).toEqual(expect.arrayContaining(["storm-supervisor-1-ready", "storm-image-d-proxy"]));
        expect(input(run, "storm-image-d-proxy").name).toBe("haproxy:3.2");
        expect(input(run, "storm-reverse-proxy-d-ready").check).toMatchObject({ kind: "port", port: 8000 });
        expect(madeAfter(run.get("storm-activation"), run)).toContain("storm-reverse-proxy-d-ready");
    });

    test("a machine's memory is to have room for it", async () => {
        const wanted = (of: Run) => {
            const { stdin } = input(of, "storm-memory-d") as { stdin: string };
            return Number(/^wanted=\D*(\d+)/m.exec(stdin)?.[1]);
        };
        const plain = await runProgram({ ...onHosts, stormImage: "storm:2.8.9" });
        expect(wanted(run) - wanted(plain)).toBe(256);
    });

    test("each has certificates for its names, and none by which a supervisor could be called", () => {
        expect(input(run, "storm-tls-reverse-proxy-d-certificate")).toMatchObject({
            ...{ commonName: "reverse-proxy", usage: "server", days: 365 },
            ...{ address: "10.0.0.4", names: ["localhost", "127.0.0.1"] },
        });
        expect(input(run, "storm-tls-reverse-proxy-certificate")).toMatchObject({
            ...{ commonName: "reverse-proxy", usage: "client", days: 365 },
        });
        const authority = (name: string) => madeAfter(run.get(name), run).filter((each) => /authority/.test(each));
        expect(authority("storm-tls-reverse-proxy-d-certificate")).toEqual(["storm-tls-storm-authority"]);
        expect(authority("storm-tls-reverse-proxy-certificate")).toEqual(["storm-tls-clients-authority"]);
        expect(Object.keys(filesOf(run, "storm-reverse-proxy-d-container")).sort()).toEqual([
            "/certificates/client.pem",
            "/certificates/clients-authority.pem",
            "/certificates/server.pem",
            "/certificates/storm-authority.pem",
            "/usr/local/etc/haproxy/haproxy.cfg",
        ]);
    });

    test("passwords are secrets, in the proxies' files and in the output of users", () => {
        expect(lines(configOf(run, "d"), "user ")).toEqual([
            "user alice insecure-password THE-PASSWORD",
            "user bob insecure-password THE-PASSWORD",
        ]);
        const shown = JSON.stringify(run.resources, (_key, value: unknown) => (isSecret(value) ? "secret" : value));
        expect(shown).not.toContain("THE-PASSWORD");
        const { users, ...others } = run.outputs;
        expect(users).toMatchObject({ alice: { password: "THE-PASSWORD" } });
        expect(JSON.stringify(others)).not.toContain("THE-PASSWORD");
    });
});

test("a machine without pages has none: its last daemon with pages takes it along", async () => {
    const [a, b, c, d, e] = onHosts.hosts;
    const run = await secured({ ...onHosts, hosts: [a, b, { ...c, daemons: ["zookeeper-3", "supervisor-1"] }, e] });
    expect(proxies(run).sort()).toEqual(["a", "b", "c", "e"]);
    const none = { ...onHosts, supervisors: 1, logviewers: false };
    const hosts = [a, b, c, { ...d, daemons: ["supervisor-1"] }];
    expect(proxies(await secured({ ...none, hosts }))).toEqual(["a"]);
});

test("in the update that switches tls on, each starts once all servers of its machine have left its ports", async () => {
    const [a, b, c, d, e] = onHosts.hosts;
    const hosts = [{ ...a, daemons: [...(a?.daemons ?? []), "drpc-1"] }, b, c, d, e];
    const plain = ["zookeeper-1", "nimbus-1", "supervisor-1", "ui", "drpc-1"];
    const state = Object.fromEntries(
        plain.map((daemon) => [`docker:index/container:Container::storm-${daemon}-container`, {}]),
    );
    const run = await runProgram({ ...onHosts, drpcs: 1, hosts, ...tls }, { created, state });
    expect(input(run, "storm-nimbus-security-begun").step).toBe(1);
    const before = (name: string) => madeAfter(run.get(name), run);
    expect(before("storm-reverse-proxy-a-container")).toEqual(
        expect.arrayContaining(["storm-ui-ready", "storm-nimbus-1-ready", "storm-drpc-1-ready"]),
    );
    expect(lines(configOf(run, "a"), "bind ").map((line) => line.split(" ")[1])).toEqual([
        ...["10.0.0.1:8080", "10.0.0.1:8000", "10.0.0.1:3774"],
    ]);
    for (const daemon of ["ui", "nimbus-1", "drpc-1", "supervisor-1"]) {
        // It is the new one that is ready, and the old one was deleted before that was created.
        expect(before(`storm-${daemon}-ready`)).toContain(`storm-${daemon}-container`);
        expect(run.get(`storm-${daemon}-container`).deleteBeforeReplace).toBe(true);
    }
    expect(stormYaml(run, "nimbus-1")).toMatch(/^logviewer\.https\.port: 18000$/m);
    expect(stormYaml(run, "drpc-1")).toMatch(/^drpc\.https\.port: 13774$/m);
});

test("with names, a proxy has those of the daemons behind it, as these have", async () => {
    const hosts = onHosts.hosts.map((host, index) => ({
        ...host,
        daemons: [...host.daemons, ...(index < 2 ? [`dns-${index + 1}`] : [])],
    }));
    const run = await secured({ ...onHosts, hosts, discovery: "dns" });
    for (const owner of ["reverse-proxy-d", "supervisor-1"]) {
        expect(input(run, `storm-tls-${owner}-certificate`).names).toEqual([
            "supervisor-1.storm-test.internal",
            "localhost",
            "127.0.0.1",
        ]);
    }
});

test("on aws, there is one on each instance with pages, for its public address too", async () => {
    const run = await secured(stackFile("dev", { instances: [] }));
    expect(proxies(run)).toMatchSnapshot();
    expect(input(run, "storm-tls-reverse-proxy-ui-certificate").names).toContain("public address of host-ui-instance");
    // Nobody is let in behind a proxy.
    const rules = run.resources.map(({ name }) => name).filter((name) => /-(18080|18000|13774)-from-/.test(name));
    expect(rules).toEqual([]);
});

test("on aws, there is one for all daemons with pages on an instance", async () => {
    const run = await secured(stackFile("dev"));
    expect(run.resources.flatMap(({ name }) => /^storm-reverse-proxy-(.*)-container$/.exec(name)?.[1] ?? [])).toEqual([
        "zookeeper-1",
        "nimbus-1",
    ]);
    expect(input(run, "storm-tls-reverse-proxy-nimbus-1-certificate").names).toContain(
        "public address of host-nimbus-1-eip",
    );
});

test("in the first update of a cluster that exists, neither proxies nor topologies come before all daemons have TLS", async () => {
    const topologies = [{ name: "words", jar: "package.json", mainClass: "a.Main" }];
    const settings = { ...tls, ...onHosts, topologies };
    const existing = ["storm-zookeeper-1-container", "storm-nimbus-1-container"];
    const later = ["storm-reverse-proxy-d-container", "topology-words-submission"];
    const orders = async (more: object) => {
        const run = await runProgram(settings, { created, ...more });
        return later.map((name) => madeAfter(run.get(name), run).includes("storm-nimbus-security-done"));
    };
    expect(await orders({ existing })).toEqual([true, true]);
    expect(await orders({})).toEqual([false, false]);
});

describe("the configuration", () => {
    const backends = [{ server: "drpc" as const, port: 3774, to: "127.0.0.1:13774", commonName: "drpc" }];
    const config = (passwords: Record<string, string>) =>
        reverseProxyConfig({ address: "10.0.0.1", backends, passwords });

    test("is as it was read in HAProxy's manual, and run", () => {
        expect(config({ alice: "alices-password" })).toMatchSnapshot();
    });

    test("lets who connects and says nothing keep a connection for a minute, and no address all of them", () => {
        const text = config({ alice: "alices-password" });
        // It is the time of TLS handshakes too.
        expect(lines(text, "timeout client")).toEqual(["timeout client 1m"]);
        const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1]);
        expect(number(/reject if .* sc0_conn_cur\(addresses\) gt (\d+) /)).toBeLessThan(number(/maxconn (\d+)/));
    });

    test("keeps DRPC's arguments out of the log, also of requests that it refuses", () => {
        // A rule that refuses a request is the last one for it.
        expect(lines(config({ alice: "alices-password" }), "http-request")[0]).toBe(
            "http-request set-log-level silent if { dst_port 3774 }",
        );
    });

    test("keeps from Storm what a client says of who it is", () => {
        const text = config({ alice: "alices-password" });
        expect(lines(text, "http-request del-header", "http-request set-header X-Forwarded-User")).toEqual([
            ...["Authorization", "X-Forwarded-For", "doAsUser"].map((name) => `http-request del-header ${name}`),
            "http-request set-header X-Forwarded-User %[var(txn.user)]",
        ]);
    });

    test("has a line for each user, as HAProxy takes 64 words in one", () => {
        const passwords = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`user${index}`, "password"]));
        const words = config(passwords)
            .split("\n")
            .map((line) => line.trim().split(/\s+/).length);
        expect(Math.max(...words)).toBeLessThan(64);
        expect(lines(config(passwords), "acl shows-certificate ssl_c_s_dn")).toHaveLength(100);
    });

    test("lets nobody in without users", () => {
        expect(lines(config({}), "user ", "acl shows-certificate")).toEqual(["acl shows-certificate always_false"]);
    });
});

test("where containers have addresses of their own, it has to have one", () => {
    const host = (name: string) => ({ docker: { name } }) as unknown as Host;
    const hosts = { "zookeeper-1": host("local"), "nimbus-1": host("local"), ui: host("local") };
    const args = { security: "tls" as const, logviewers: true, uiPort: 8080 };
    const daemons = placeDaemons("storm-test", hosts, "tls");
    expect(() => placeReverseProxies(daemons, args)).toThrow(/^is missing, .* give that of the target$/);
    const reverseProxy = host("local");
    expect(placeReverseProxies(daemons, { ...args, reverseProxy })).toMatchObject([{ host: reverseProxy }]);
});

describe("settings", () => {
    const defaults = Object.fromEntries(
        Object.entries(declaredSettings()).map(([key, { default: value }]) => [key.replace("storm:", ""), value]),
    );
    const mistakes = (more: object): string => {
        try {
            parseSettings({ ...defaults, ...tls, ...more }, "storm-test");
            return "";
        } catch (error) {
            return (error as Error).message;
        }
    };

    test.each<[string, object, RegExp | ""]>([
        [
            "a port behind proxies",
            { ...onHosts, uiPort: 18080 },
            /storm:uiPort \(18080\) is a port behind the reverse proxies/,
        ],
        ["such a port on local", { uiPort: 18080 }, ""],
        ["such a port without tls", { ...onHosts, uiPort: 18080, security: "none", users: [] }, ""],
        [
            "such a port for Prometheus",
            { ...onHosts, monitoring: { port: 18000 } },
            /storm:monitoring\.port \(18000\) is a port behind the reverse proxies/,
        ],
        ["a user by the proxies' own name", { users: ["reverse-proxy"] }, /is a name that the cluster itself uses/],
    ])("%s", (_, more, message) => {
        if (message === "") {
            expect(mistakes(more)).toBe("");
        } else {
            expect(mistakes(more)).toMatch(message);
        }
    });

    test("this machine is to have memory for it", () => {
        const limits = (more: object) => {
            const settings = parseSettings({ ...defaults, ...tls, ...more }, "storm-test");
            const { mistake } = memoryShortage(settings, 1);
            const heaps = Number(/need (\d+) MiB/.exec(mistake ?? "")?.[1]);
            return Number(/use (\d+) MiB/.exec(memoryShortage(settings, heaps).warning ?? "")?.[1]);
        };
        expect(limits({}) - limits({ security: "none", users: [] })).toBe(256);
        expect(limits({ ui: false }) - limits({ ui: false, security: "none", users: [] })).toBe(0);
    });
});
