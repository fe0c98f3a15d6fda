// A real HAProxy with the reverse proxy's configuration, in front of a server that asks for certificates as Storm's do.
import { once } from "events";
import * as fs from "fs";
import * as http2 from "http2";
import * as https from "https";
import * as net from "net";
import * as os from "os";
import * as path from "path";
import type { TLSSocket } from "tls";
import {
    type Backend,
    reverseProxyConfig,
    reverseProxyFiles,
} from "../../../components/storm/security/reverseProxyConfig";
import { discoveryImages } from "../../../components/targets/target";
import { certify } from "../../../provider/kinds/certificate";
import type { Pair } from "../../../provider/keyStore";
import { docker, machineSettings, until } from "../stack";
import { page } from "./probes";

jest.setTimeout(120_000);

const address = "127.0.0.1";
const container = `tlslogin-${process.pid}`;
const passwords = { alice: "alices-password_1", bob: "bobs-password_2" };

const authorities = {
    storm: certify({ name: "storm" }),
    clients: certify({ name: "clients" }),
    other: certify({ name: "other" }),
};
const named = (commonName: string, by: Pair, usage?: "client" | "server") =>
    certify({ name: commonName, commonName, usage, address, names: ["localhost"], days: 365 }, by);
const alice = named("alice", authorities.clients, "client");

/** What reaches a server of Storm's. */
interface Reached {
    headers: Record<string, string | undefined>;
    /** Common name of who connects to it. */
    by: string;
}
const servers: https.Server[] = [];

/** A server of Storm's: it has a certificate, and answers who has one of two authorities with what reaches it. */
async function serve(own: Pair): Promise<string> {
    const { storm, clients } = authorities;
    const options = { cert: own.certificate, key: own.key, ca: [storm.certificate, clients.certificate] };
    const server = https.createServer(
        { ...options, requestCert: true, rejectUnauthorized: true },
        (request, response) => {
            const { subject } = (request.socket as TLSSocket).getPeerCertificate();
            response.end(JSON.stringify({ headers: request.headers, by: subject.CN }));
        },
    );
    servers.push(server.listen(0, address));
    await once(server, "listening");
    return `${address}:${(server.address() as net.AddressInfo).port}`;
}

async function freePort(): Promise<number> {
    const listener = net.createServer().listen(0, address);
    await once(listener, "listening");
    const { port } = listener.address() as net.AddressInfo;
    listener.close();
    return port;
}

interface Answer extends Partial<Reached> {
    status: number | undefined;
    challenge?: string | undefined;
}

/** Asks the proxy. A failed handshake is an error. */
async function ask(port: number, options: https.RequestOptions = {}): Promise<Answer> {
    const { certificate: ca } = authorities.storm;
    const { status, headers, text } = await page({ host: address, port, ca, ...options });
    const challenge = headers["www-authenticate"];
    return { status, challenge, ...(status === 200 ? (JSON.parse(text) as Reached) : {}) };
}
const by = ({ certificate: cert, key }: Pair) => ({ cert, key });

let ui: number;
let logviewer: number;
let drpc: number;
const logs = () => docker("logs", container);

beforeAll(async () => {
    [ui, logviewer, drpc] = [await freePort(), await freePort(), await freePort()];
    const backends: Backend[] = [
        { server: "ui", port: ui, to: await serve(named("ui", authorities.storm)), commonName: "ui" },
        // One that somebody else has taken the place of, with a certificate of a user, or of another daemon.
        {
            server: "logviewer",
            port: logviewer,
            to: await serve(named("storm", authorities.clients)),
            commonName: "storm",
        },
        { server: "drpc", port: drpc, to: await serve(named("storm", authorities.storm)), commonName: "drpc" },
    ];
    const pem = ({ certificate, key }: Pair) => certificate + key;
    const files: Record<string, string> = {
        "/usr/local/etc/haproxy/haproxy.cfg": reverseProxyConfig({ address, backends, passwords }),
        [reverseProxyFiles.server]: pem(named("reverse-proxy", authorities.storm, "server")),
        [reverseProxyFiles.client]: pem(named("reverse-proxy", authorities.clients, "client")),
        [reverseProxyFiles.serversAuthority]: authorities.storm.certificate,
        [reverseProxyFiles.usersAuthority]: authorities.clients.certificate,
    };
    const image = (machineSettings()["storm:proxyImage"] ?? discoveryImages.proxy) as string;
    docker(
        ...["create", "--name", container, "--network", "host", "--user", "1000:1000", "--memory", "256m"],
        ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges:true", image],
    );
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-reverse-proxy-"));
    for (const [file, content] of Object.entries(files)) {
        fs.mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
        fs.writeFileSync(path.join(folder, file), content);
    }
    docker("cp", `${folder}/.`, `${container}:/`);
    fs.rmSync(folder, { recursive: true });
    docker("start", container);
    await until(
        "HAProxy answers",
        100,
        () =>
            ask(ui).then(
                () => true,
                () => false,
            ),
        100,
    );
});
afterAll(() => {
    servers.forEach((server) => server.close());
    docker("rm", "--force", "--volumes", container);
});

test("asks for a password", async () => {
    expect(await ask(ui)).toEqual({ status: 401, challenge: 'Basic realm="storm"' });
});

test("lets users in by their own passwords alone", async () => {
    expect(await ask(ui, { auth: `alice:${passwords.alice}` })).toMatchObject({ status: 200 });
    expect(await ask(ui, { auth: `bob:${passwords.bob}` })).toMatchObject({ status: 200 });
    for (const auth of [`bob:${passwords.alice}`, "alice:", `carol:${passwords.alice}`]) {
        expect(await ask(ui, { auth })).toMatchObject({ status: 401 });
    }
});

test("lets users in by their certificates, also in a session that is resumed", async () => {
    const agent = new https.Agent({ keepAlive: false, maxCachedSessions: 10 });
    const sockets: TLSSocket[] = [];
    const asked = () => ask(ui, { ...by(alice), agent });
    agent.on("keylog", (_line, socket) => sockets.push(socket as TLSSocket));
    expect(await asked()).toMatchObject({ status: 200, headers: { "x-forwarded-user": "alice" } });
    expect(await asked()).toMatchObject({ status: 200, headers: { "x-forwarded-user": "alice" } });
    expect(sockets.at(-1)?.isSessionReused()).toBe(true);
});

test("lets nobody in by another certificate", async () => {
    // Of one who is no user any more.
    expect(await ask(ui, by(named("carol", authorities.clients, "client")))).toMatchObject({ status: 401 });
    for (const authority of [authorities.other, authorities.storm]) {
        await expect(ask(ui, by(named("alice", authority)))).rejects.toThrow(
            /alert unknown ca|ECONNRESET|socket hang up/,
        );
    }
});

test("tells Storm's server who it is, and keeps passwords to itself", async () => {
    const spoofed = {
        ...{ "X-Forwarded-User": "storm", "X-Forwarded-For": "10.0.0.99", doAsUser: "storm" },
        ...{ "X-Forwarded-Proto": "http", Host: "storm.example.com:8080" },
    };
    const { headers, by: connected } = await ask(ui, {
        auth: `alice:${passwords.alice}`,
        headers: spoofed,
        servername: "localhost",
    });
    expect(connected).toBe("reverse-proxy");
    expect(headers).toMatchObject({
        host: "localhost",
        "x-forwarded-user": "alice",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "storm.example.com:8080",
        "x-forwarded-for": address,
    });
    expect(headers).not.toHaveProperty("authorization");
    expect(headers).not.toHaveProperty("doasuser");
});

test("speaks HTTP/2", async () => {
    const session = http2.connect(`https://${address}:${ui}`, { ca: authorities.storm.certificate });
    const authorization = `Basic ${Buffer.from(`alice:${passwords.alice}`).toString("base64")}`;
    const [headers] = (await once(session.request({ authorization }), "response")) as [http2.IncomingHttpHeaders];
    expect([session.alpnProtocol, headers[":status"]]).toEqual(["h2", 200]);
    session.close();
});

test.each<[string, () => number]>([
    ["a certificate of a user", () => logviewer],
    ["the name of another daemon", () => drpc],
])("gives nothing of a server that has %s", async (_, port) => {
    expect(await ask(port(), by(alice))).toMatchObject({ status: 503 });
});

test("logs who asks for what, and no password", async () => {
    await ask(ui, { ...by(alice), path: "/by/certificate" });
    await ask(ui, { auth: `bob:${passwords.bob}`, path: "/by/password" });
    await ask(ui, { auth: "bob:wrong-password", path: "/by/nothing" });
    await until("the log has it", 100, () => logs().includes("/by/nothing"), 100);
    expect(logs()).toMatch(new RegExp(`^${address} alice ${ui} 200 \\d+ \\d+ "GET /by/certificate HTTP/1.1"$`, "m"));
    expect(logs()).toMatch(new RegExp(`^${address} bob ${ui} 200 \\d+ \\d+ "GET /by/password HTTP/1.1"$`, "m"));
    expect(logs()).toMatch(new RegExp(`^${address} - ${ui} 401 \\d+ \\d+ "GET /by/nothing HTTP/1.1"$`, "m"));
    const basic = Buffer.from(`bob:${passwords.bob}`).toString("base64");
    expect(logs()).not.toMatch(new RegExp(`password_|wrong-password|${basic}`));
});

test("logs no call of DRPC, also of those that it refuses", async () => {
    expect(await ask(drpc, { path: "/drpc/function/an-argument" })).toMatchObject({ status: 401 });
    const wrong = { auth: "alice:wrong", path: "/drpc/function/an-argument" };
    expect(await ask(drpc, wrong)).toMatchObject({ status: 401 });
    expect(await ask(drpc, { ...by(alice), path: "/drpc/function/an-argument" })).toMatchObject({ status: 503 });
    await ask(ui, { path: "/after/drpc" });
    await until("the log has what came after", 100, () => logs().includes("/after/drpc"), 100);
    expect(logs()).not.toContain("an-argument");
});

test("takes no password of an address that has sent too many wrong ones, until some time has passed", async () => {
    const statuses: (number | undefined)[] = [];
    const right = { auth: `alice:${passwords.alice}` };
    // Both are asked each time: a refusal of the last one that counted may be over at the next request.
    await until(
        "it refuses passwords, the right one too",
        60,
        async () => {
            statuses.push((await ask(ui, { auth: "alice:wrong" })).status);
            return (await ask(ui, right)).status === 429;
        },
        0,
    );
    expect(statuses[0]).toBe(401);
    expect(statuses.filter((status) => status !== 401 && status !== 429)).toEqual([]);
    expect(await ask(ui, by(alice))).toMatchObject({ status: 200 });
    await until("it takes passwords", 60, async () => (await ask(ui, right)).status === 200);
});
