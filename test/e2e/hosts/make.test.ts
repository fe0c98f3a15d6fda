import * as fs from "fs";
import * as path from "path";
import { edges } from "../../../components/storm/spec/edges";
import { certify } from "../../../provider/kinds/certificate";
import { describeLab } from "../../lab/describeLab";
import { Lab, type LabHost } from "../../lab/lab";
import { Checkout } from "../checkout";
import { frugalJvms, machineSettings } from "../stack";
import { answerInPlain, beginning, listening, page, sockets } from "../security/probes";
import { stormWithTlsOn } from "../security/stormWithTls";
import { jar } from "../topologies/topologies";
import { containersOn, heap, reaches, reverseProxyOn } from "./fleet";

describeLab("make, on hosts,", () => {
    let lab: Lab;
    let checkout: Checkout;
    let stormImage: string;
    const host = (name: string) => lab.hosts[name] as LabHost;
    const cluster = "storm-e2e-fleet";
    const make = (...args: string[]) => checkout.make(...args);
    const all = () => containersOn(lab, cluster);
    const ofAlice = (name: string) =>
        fs.readFileSync(path.join(checkout.folder, ".local/clients/e2e-fleet/alice", name));
    const alice = () => ({ cert: ofAlice("certificate.pem"), key: ofAlice("key.pem") });
    const password = () => ofAlice("password").toString().trim();
    /** How the reverse proxy of a host answers who asks for the log of its supervisor. */
    const log = (name: string, options: object = {}) =>
        page({
            ...{ host: host(name).address, port: 8000, path: "/api/v1/daemonlog?file=supervisor.log" },
            ...{ ca: ofAlice("authority.pem"), ...options },
        });

    /** Writes the stack's file, with those daemons on those hosts. */
    function place(daemons: Record<string, string[]>, more: Record<string, object> = {}): void {
        const hosts = Object.entries(daemons).map(([name, there]) => ({
            ...{ name, address: host(name).address, daemons: there },
            ...more[name],
        }));
        const settings = {
            ...machineSettings("storm:prometheusImage"),
            "storm:target": "hosts",
            "storm:monitoring": true,
            "storm:stormImage": stormImage,
            "storm:security": "tls",
            "storm:users": ["alice"],
            "storm:logviewers": true,
            "storm:supervisors": Object.values(daemons)
                .flat()
                .filter((daemon) => daemon.startsWith("supervisor")).length,
            "storm:slots": 1,
            "storm:heap": heap,
            "storm:stormYaml": frugalJvms,
            "storm:ssh": { user: "storm", keyFile: lab.keyFile, seconds: 10 },
            "storm:hosts": hosts,
        };
        checkout.set(settings);
    }

    beforeAll(async () => {
        lab = await Lab.create({ name: "e2efleet", subnet: "10.77.4.0/24" });
        await Promise.all(["a", "b", "c"].map((name) => lab.addHost(name, { withImages: true })));
        stormImage = await stormWithTlsOn(Object.values(lab.hosts));
        checkout = new Checkout("e2e-fleet", "config: {}\n");
        place({ a: ["zookeeper-1", "nimbus-1"], b: ["supervisor-1"], c: ["supervisor-2"] });
    });
    afterAll(async () => {
        checkout?.remove();
        await lab?.remove();
    });

    test("`make up` ends with what runs where, and status, logs and Storm's commands answer", () => {
        const up = make("up");
        expect(up).toEqual({ code: 0, output: expect.stringMatching(/supervisor-2 +on c, Up /) as string });
        expect(up.output).toContain("npx pulumi up --continue-on-error");
        expect(make("logs", "D=nimbus").output).toContain("o.a.s.d.n.Nimbus");
        expect(make("logs", "D=exporter").output).toContain("listens on");
        expect(make("logs", "D=prometheus").output).toContain("Server is ready");
        const unknown = make("logs", "D=reverse-proxy").output;
        expect(unknown).toContain("give one of: exporter nimbus-1 prometheus supervisor-1");
        expect(unknown).toContain("ON=<host>: a b c\n");
        expect(make("logs", "D=reverse-proxy", "ON=d").output).toContain("make logs ON=<host>: give one of: a b c\n");
        expect(make("logs", "D=storm", "ON=b").output).toContain("give one of: reverse-proxy supervisor-1\n");
        expect(make("storm", "ARGS=list").output).toContain("No topologies running");
        const status = make("status");
        expect(status.code).toBe(0);
        expect(status.output).toMatch(/slots +0 of 2 used, on 2 supervisors/);
        expect(status.output).toMatch(
            / reverse-proxy +on a, Up .*\n +reverse-proxy +on b, Up .*\n +reverse-proxy +on c, Up /,
        );
        expect(status.output).toContain(`Prometheus   http://${host("a").address}:9090\n`);
        expect(status.output).toContain(`ZooKeeper    ${host("a").address}:2281\n`);
        expect(status.output).toMatch(/certificates until \d{4}-\d\d-\d\d/);
        expect(make("targets").output).toContain(`"${host("a").address}:9101"`);
    });

    test("nobody but users and daemons connects to Nimbus, supervisors and workers; what else answers is in docs/security.md", async () => {
        const made = make("client", "NAME=alice");
        expect(made).toMatchObject({ code: 0 });
        const plain = [...[22, 7000, 9090, 9101], ...[2888, 3888]];
        const pages = [8000, 18000];
        const open = {
            a: [...[22, 2281, 2888, 3888, 6629, 7000], 8000, ...[9090, 9101], 18000],
            ...{ b: [22, 6628, ...pages], c: [22, 6628, ...pages] },
        };
        /** Those that begin a session with who has no certificate, and those that do with alice's. */
        const [everybody, users] = [[8000], [6629, 8000, 18000]];
        const session = (those: number[], port: number) =>
            expect.stringMatching(those.includes(port) ? /^session$/ : /ALERT/) as string;
        for (const [name, ports] of Object.entries(open)) {
            const { address } = host(name);
            expect([name, listening(await host(name).exec(sockets))]).toEqual([name, ports]);
            for (const port of ports.filter((each) => !plain.includes(each))) {
                const began = [await beginning(address, port, {}), await beginning(address, port, alice())];
                expect([port, ...began]).toEqual([port, session(everybody, port), session(users, port)]);
                expect([port, await answerInPlain(address, port, "GET / HTTP/1.0\r\n\r\n")]).toEqual([port, ""]);
            }
        }
    });

    test("users read logs, by certificate or password, through a firewall that lets nobody past the reverse proxy", async () => {
        const daemons = Object.values(lab.hosts).map(({ address }) => address);
        const rules = edges({ slots: 1, uiPort: 8080, security: "tls" }).filter(({ to }) => to === "supervisor");
        await host("b").firewall([
            ...rules.map(({ from, ports: [first, last] }) => ({
                from: from === "browser" ? [lab.gateway] : daemons,
                ports: [[first, last] as [number, number]],
            })),
            { from: [lab.gateway], ports: [22] },
        ]);
        try {
            const lines = expect.stringContaining("o.a.s.d.s.Supervisor") as string;
            expect(await log("b", alice())).toMatchObject({ status: 200, text: lines });
            expect(await log("b", { auth: `alice:${password()}` })).toMatchObject({ status: 200, text: lines });
            const refused = { status: 401, headers: { "www-authenticate": 'Basic realm="storm"' } };
            expect(await log("b")).toMatchObject(refused);
            expect(await log("b", { auth: "alice:wrong" })).toMatchObject(refused);
            const stranger = certify({ name: "alice", commonName: "alice", days: 1 }, certify({ name: "clients" }));
            await expect(log("b", { cert: stranger.certificate, key: stranger.key })).rejects.toThrow(
                /unknown ca|ECONNRESET|socket hang up/,
            );
            await expect(log("b", { ...alice(), port: 18000 })).rejects.toThrow("ECONNREFUSED");
            expect(await Promise.all([6628, 18000].map((port) => reaches(host("a"), host("b"), port)))).toEqual([
                true,
                false,
            ]);
        } finally {
            await host("b").firewall(undefined);
        }
        const asked = make("logs", "D=reverse-proxy", "ON=b");
        expect(asked.code).toBe(0);
        expect(asked.output).toMatch(new RegExp(`^${lab.gateway} alice 8000 200 .*daemonlog`, "m"));
        expect(asked.output).not.toContain(password());
    });

    test("`make wordcount` shows the first counts, and the command that follows them on the host", () => {
        fs.cpSync(jar, path.join(checkout.folder, jar));
        const counted = make("wordcount");
        expect(counted).toEqual({
            code: 0,
            output: expect.stringMatching(/^ {2}supervisor-[12] {2}counted \d+ words, /m) as string,
        });
        expect(counted.output).toMatch(
            new RegExp(`^  ssh .* "docker exec ${cluster}-supervisor-[12] sh -c 'tail -f \\S+/worker\\.log'"$`, "m"),
        );
        expect(make("storm", "ARGS=kill wordcount -w 1")).toMatchObject({ code: 0 });
    });

    test("a reverse proxy in front of nothing asks who calls all the same; what was removed on a host is created again", async () => {
        await host("b").exec(`docker rm --force ${cluster}-supervisor-1`);
        expect(await log("b")).toMatchObject({ status: 401 });
        expect(await log("b", { auth: `alice:${password()}` })).toMatchObject({ status: 503 });
        expect(await log("b", alice())).toMatchObject({ status: 503 });
        await host("b").exec(`docker rm --force ${cluster}-reverse-proxy`);
        expect(make("status")).toEqual({
            code: 2,
            output: expect.stringMatching(
                /\n {2}reverse-proxy on b has no container: .*\n {2}supervisor-1 has no container: /,
            ) as string,
        });
        expect(make("up")).toEqual({
            code: 0,
            output: expect.stringContaining("make up: repairing what was found") as string,
        });
        expect(Object.keys(await all())).toEqual(expect.arrayContaining(["supervisor-1", reverseProxyOn("b")]));
    });

    test("another address of a host is followed", async () => {
        await host("b").changeAddress("10.77.4.42");
        place({ a: ["zookeeper-1", "nimbus-1"], b: ["supervisor-1"], c: ["supervisor-2"] });
        expect(make("up")).toEqual({ code: 0, output: expect.stringMatching(/supervisors +10\.77\.4\.42 /) as string });
        // Its certificate has that address too.
        expect(await log("b", alice())).toMatchObject({ status: 200 });
    });

    test("a lost host is let go in its two steps", async () => {
        await host("c").powerOff();
        expect(make("up")).toEqual({
            code: 2,
            output: expect.stringContaining("c (10.77.4.13) does not answer over SSH within 10 s") as string,
        });
        place({ a: ["zookeeper-1", "nimbus-1"], b: ["supervisor-1"], c: ["supervisor-2"] }, { c: { lost: true } });
        expect(make("up")).toMatchObject({ code: 0 });
        place({ a: ["zookeeper-1", "nimbus-1"], b: ["supervisor-1"] });
        expect(make("up")).toMatchObject({ code: 0 });
        expect(Object.keys(await all()).sort()).toEqual([
            ...["exporter", "nimbus-1", "prometheus", reverseProxyOn("a"), reverseProxyOn("b")],
            ...["supervisor-1", "zookeeper-1"],
        ]);
    });

    test("a supervisor that is placed on a host which does not answer stays where it is", async () => {
        const before = await all();
        place({ a: ["zookeeper-1", "nimbus-1"], b: [], c: ["supervisor-1"] });
        const refused = make("up");
        expect(refused.code).not.toBe(0);
        expect(await all()).toEqual(before);
        place({ a: ["zookeeper-1", "nimbus-1"], b: ["supervisor-1"] });
        expect(make("up")).toMatchObject({ code: 0 });
        expect(await all()).toEqual(before);
    });

    test("`make down` keeps the data, and `make down DATA=yes` removes it then too", async () => {
        expect(make("down").output).toContain(
            "Kept the data, which the next `make up` finds again: a:/var/lib/storm/storm-e2e-fleet",
        );
        expect(await all()).toEqual({});
        expect(await host("a").exec(`ls /var/lib/storm/${cluster}`)).toBe("nimbus-1\nprometheus\nzookeeper-1");
        expect(make("down", "DATA=yes").output).toContain("Removed the data: a:/var/lib/storm/storm-e2e-fleet b:");
        expect(await host("a").exec("ls /var/lib/storm")).toBe("");
    });
});
