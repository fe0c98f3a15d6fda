import { createPrivateKey, X509Certificate } from "crypto";
import { certify } from "../../provider/kinds/certificate";
import { proxyConfig } from "../../components/discovery/ambassador/proxyConfig";
import { stackFile } from "./awsFixture";
import { onHosts } from "./hostsFixture";
import { type Declared, madeAfter, revealed, type Run, runProgram } from "./program";

const container = (run: Run, daemon: string) => run.get(`storm-${daemon}-container`);
const words = ({ inputs }: Declared) => JSON.stringify([inputs.command, inputs.envs]);
const uploads = ({ inputs }: Declared) =>
    (revealed(inputs.uploads) as { content: unknown }[]).map(({ content }) => String(revealed(content)));
const proxyOn = (run: Run, machine: string) => uploads(run.get(`host-ambassador-${machine}-proxy-container`)).join();
interface RegistrarSettings {
    etcd: string[];
    services: Record<string, { to: string; at: string }>;
    backends: Record<string, string>;
}
const registrarOn = (run: Run, machine: string) =>
    JSON.parse(uploads(run.get(`host-ambassador-${machine}-registrar-container`))[1] ?? "") as RegistrarSettings;

jest.setTimeout(180_000);

describe("on hosts", () => {
    let run: Run;
    beforeAll(async () => {
        run = await runProgram({ ...onHosts, discovery: "ambassador" });
    });

    test("there is a pair on each host, before its daemons; nothing on one host waits for another's", () => {
        const before = madeAfter(container(run, "supervisor-1"), run);
        expect(before).toEqual(
            expect.arrayContaining(["host-ambassador-d-proxy-container", "host-ambassador-d-registrar-container"]),
        );
        expect(madeAfter(container(run, "zookeeper-1"), run).filter((name) => /^ambassador-[b-e]-/.test(name))).toEqual(
            [],
        );
    });

    test("daemons dial their own host for ZooKeeper and for Nimbus", () => {
        for (const daemon of ["nimbus-1", "nimbus-2", "supervisor-1", "supervisor-2", "ui"]) {
            expect(words(container(run, daemon))).toContain('storm.zookeeper.servers=[\\"127.0.0.1\\"]');
            expect(words(container(run, daemon))).toContain('nimbus.seeds=[\\"127.0.0.1\\"]');
        }
    });

    test("Nimbus advertises a name and a port that lead to the ambassador on every host, but on its own to itself", () => {
        expect(words(container(run, "nimbus-2"))).toContain('storm.local.hostname=\\"nimbus-2\\"');
        expect(words(container(run, "nimbus-2"))).toContain("nimbus.thrift.port=6642");
        expect(container(run, "supervisor-1").inputs.hosts).toEqual([
            { host: "supervisor-1", ip: "10.0.0.4" },
            { host: "nimbus-1", ip: "127.0.0.1" },
            { host: "nimbus-2", ip: "127.0.0.1" },
        ]);
        expect(container(run, "nimbus-2").inputs.hosts).toEqual([
            { host: "nimbus-2", ip: "10.0.0.2" },
            { host: "nimbus-1", ip: "127.0.0.1" },
        ]);
        expect(proxyOn(run, "d")).toContain("listen nimbus-2\n    bind 127.0.0.1:6642\n");
        expect(proxyOn(run, "b")).toContain("listen nimbus-1\n    bind 127.0.0.1:6641\n");
        expect(proxyOn(run, "b")).not.toContain("listen nimbus-2\n");
    });

    test("what runs on a host is registered by that host's ambassador", () => {
        const at = (address: string) => ({ to: address, at: address });
        expect(registrarOn(run, "a").services).toEqual({
            "/storm-test/zookeeper/zookeeper-1": at("10.0.0.1:2181"),
            "/storm-test/nimbus/nimbus-1": at("10.0.0.1:6641"),
        });
        expect(registrarOn(run, "d")).toMatchObject({
            etcd: ["http://10.0.0.1:2379", "http://10.0.0.2:2379", "http://10.0.0.3:2379"],
            services: {},
            backends: {
                zookeeper: "/storm-test/zookeeper/",
                nimbus: "/storm-test/nimbus/",
                "nimbus-2": "/storm-test/nimbus/nimbus-2",
            },
        });
    });

    test("members of ZooKeeper and workers are dialled at their hosts' addresses", () => {
        expect(words(container(run, "zookeeper-1"))).toContain("server.2=10.0.0.2:2888:3888");
        expect(words(container(run, "supervisor-1"))).toContain('storm.local.hostname=\\"10.0.0.4\\"');
    });

    test("another address of Nimbus's host changes no container on another host", async () => {
        const hosts = onHosts.hosts.map((host) => (host.name === "b" ? { ...host, address: "10.0.0.22" } : host));
        // Without a member of ZooKeeper's there, which the others are told of.
        const elsewhere = { name: "f", address: "10.0.0.6", daemons: ["zookeeper-2"] };
        const placed = (each: typeof hosts) => [
            elsewhere,
            ...each.map((host) => (host.name === "b" ? { ...host, daemons: ["nimbus-2"] } : host)),
        ];
        const before = await runProgram({ ...onHosts, discovery: "ambassador", hosts: placed(onHosts.hosts) });
        const moved = await runProgram({ ...onHosts, discovery: "ambassador", hosts: placed(hosts) });
        const differing = moved.resources
            .filter(({ type }) => type === "docker:index/container:Container")
            .filter(({ name, inputs }) => JSON.stringify(before.get(name).inputs) !== JSON.stringify(inputs))
            .map(({ name }) => name);
        expect(differing.sort()).toEqual([
            "host-ambassador-b-proxy-container",
            "host-ambassador-b-registrar-container",
            "storm-nimbus-2-container",
        ]);
    });

    test("passwords are secret, and on no command line", () => {
        for (const { inputs } of run.resources.filter(({ type }) => type === "docker:index/container:Container")) {
            expect(JSON.stringify([inputs.command, inputs.envs])).not.toContain("password");
        }
        const secret = "4dabf18193072939515e22adb298388d";
        expect(JSON.stringify(run.get("host-ambassador-a-registrar-container").inputs.uploads)).toContain(secret);
        expect(run.get("host-ambassador-registry-users").inputs).toMatchObject({
            rootPassword: { [secret]: expect.anything() as unknown },
        });
    });
});

test("on local, one pair is for all of the machine, at addresses of its own", async () => {
    const run = await runProgram({ discovery: "ambassador", nimbuses: 2, supervisors: 1 });
    expect(words(container(run, "supervisor-1"))).toContain('nimbus.seeds=[\\"172.30.77.81\\"]');
    expect(container(run, "nimbus-1").inputs.hosts).toEqual([{ host: "nimbus-2", ip: "172.30.77.81" }]);
    expect(proxyOn(run, "local")).toContain("listen nimbus-1\n    bind 172.30.77.81:6641\n");
    expect(Object.keys(registrarOn(run, "local").services)).toHaveLength(3);
});

test("on aws, members of the registry are on ZooKeeper's instances", async () => {
    const run = await runProgram({ ...stackFile("prod"), discovery: "ambassador" });
    expect(run.get("host-ambassador-registry-3-container").provider).toBe(container(run, "zookeeper-3").provider);
    // The firewall lets ambassadors reach what they lead to.
    const rules = run.resources.filter(({ type }) => type.endsWith("SecurityGroupIngressRule")).map(({ name }) => name);
    expect(rules).toEqual(
        expect.arrayContaining(["host-firewall-nimbus-6641-from-supervisor", "host-firewall-zookeeper-2379-from-ui"]),
    );
    expect(rules).not.toContain("host-firewall-nimbus-6627-from-supervisor");
});

test("a proxy's servers wait for what the registry says of them", () => {
    const config = proxyConfig({
        addresses: ["127.0.0.1"],
        backends: [{ name: "x", port: 1, places: 2, lines: ["y"] }],
        socket: "/data/s",
    });
    expect(config).toContain(
        "listen x\n    bind 127.0.0.1:1\n    y\n    server-template server 1-2 127.0.0.1:1 check disabled\n",
    );
    expect(config).toContain("stats socket /data/s mode 600 level admin");
});

describe("on hosts, with mutual TLS", () => {
    let run: Run;
    beforeAll(async () => {
        run = await runProgram({ ...onHosts, discovery: "ambassador", ambassadorTls: true });
    });

    test("ZooKeeper and Nimbus are reached on their own machines alone", () => {
        expect(container(run, "zookeeper-2").inputs.envs).toContain(
            "ZOO_CFG_EXTRA=clientPort=2181 clientPortAddress=127.0.0.2",
        );
        expect(container(run, "nimbus-2").inputs).toMatchObject({
            networkMode: "bridge",
            ports: [{ ip: "127.0.0.1", external: 6642, internal: 6642 }],
        });
        expect(container(run, "supervisor-1").inputs.networkMode).toBe("host");
    });

    test("others reach them through the ambassadors, which ask for a certificate on both sides", () => {
        const secured = "ssl verify required ca-file /certificates/authority.pem crt /certificates/own.pem";
        expect(registrarOn(run, "b").services).toEqual({
            "/storm-test/zookeeper/zookeeper-2": { to: "127.0.0.2:2181", at: "10.0.0.2:12181" },
            "/storm-test/nimbus/nimbus-2": { to: "127.0.0.1:6642", at: "10.0.0.2:16642" },
        });
        expect(proxyOn(run, "b")).toContain(
            `listen of-nimbus-2\n    bind 10.0.0.2:16642 ${secured}\n    server nimbus-2 127.0.0.1:6642\n`,
        );
        expect(proxyOn(run, "d")).toContain(
            `    server-template server 1-5 127.0.0.1:2181 ${secured} check disabled\n`,
        );
        expect(registrarOn(run, "d").etcd[0]).toBe("https://10.0.0.1:2379");
        expect(run.get("host-ambassador-registry-1-container").inputs.command).toEqual(
            expect.arrayContaining(["--client-cert-auth", "--peer-client-cert-auth"]),
        );
    });

    test("a Nimbus dials the ambassador at the machine's address on Docker's bridge", () => {
        expect(madeAfter(container(run, "nimbus-2"), run)).toContain("host-ambassador-b-bridge");
        expect(run.resources.filter(({ name }) => name.endsWith("-bridge")).map(({ name }) => name)).toEqual([
            "host-ambassador-a-bridge",
            "host-ambassador-b-bridge",
        ]);
    });

    test("each machine has a certificate, whose key is secret", () => {
        const certificates = run.resources.filter(({ type }) => type === "storm:index:Certificate");
        expect(certificates.map(({ name }) => name)).toHaveLength(6);
        const [, , own] = run.get("host-ambassador-b-proxy-container").inputs.uploads as object[];
        expect(JSON.stringify(own ?? run.get("host-ambassador-b-proxy-container").inputs.uploads)).toContain(
            "4dabf18193072939515e22adb298388d",
        );
    });
});

test("certificates are signed by an authority that signs no others, for one address, for both sides", () => {
    const authority = certify({ name: "storm-test" });
    const { certificate, key } = certify({ name: "b", address: "10.0.0.2" }, authority);
    const [signed, by] = [new X509Certificate(certificate), new X509Certificate(authority.certificate)];
    expect([signed.verify(by.publicKey), signed.checkIssued(by), signed.ca, by.ca]).toEqual([true, true, false, true]);
    expect([signed.checkIP("10.0.0.2"), signed.checkIP("10.0.0.3")]).toEqual(["10.0.0.2", undefined]);
    expect(signed.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    expect(signed.checkPrivateKey(createPrivateKey(key))).toBe(true);
});
