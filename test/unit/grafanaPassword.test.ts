/** What the provider does with Grafana's password, with a server and a command line that stand in for Grafana's. */
import * as fs from "fs";
import * as http from "http";
import type { AddressInfo } from "net";
import * as os from "os";
import * as path from "path";
import { grafanaPassword } from "../../provider/kinds/grafanaPassword";
import { setContainers, ssh } from "./containersStandIn";

const wanted = "a-password_of-the-stack";
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-grafana-"));
const at = (name: string) => path.join(folder, name);
const [env = "", search = "", ...shell] = ssh;
/** As that of the stand-in for Docker; it finds the commands of {@link folder} first. */
const login = [env, search.replace("PATH=", `PATH=${folder}:`), ...shell];

/** A command of the container's, which notes its arguments. */
const command = (name: string, script: string) =>
    fs.writeFileSync(at(name), `#!/bin/sh\necho "$0 $*" >>${at("calls")}\n${script}\n`, { mode: 0o755 });
const calls = () => (fs.existsSync(at("calls")) ? fs.readFileSync(at("calls"), "utf8").trim().split("\n") : []);
const resets = () => calls().filter((call) => call.startsWith(at("grafana ")));

/** What it answers in the place of a login; undefined: it looks into its database. */
let says: number | undefined;
const server = http.createServer(({ headers: { authorization }, url }, response) => {
    const inDatabase = `Basic ${Buffer.from(`admin:${fs.readFileSync(at("database"), "utf8").trim()}`).toString("base64")}`;
    expect(url).toBe("/api/user");
    response.writeHead(says ?? (authorization === inDatabase ? 200 : 401)).end("{}");
});
const inputs = (seconds = 30) => ({
    ...{ container: "storm-test-grafana", containerId: "1", password: wanted, seconds, ssh: login },
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
});

beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
    fs.rmSync(folder, { recursive: true });
});
beforeEach(() => {
    says = undefined;
    fs.rmSync(at("calls"), { force: true });
    command("curl", `PATH=\${PATH#*:} exec curl "$@"`);
    command("grafana", `cat >${at("database")}`);
    setContainers({ "storm-test-grafana": "running" });
});
const database = (password: string) => fs.writeFileSync(at("database"), password);

test("a database that has the password is left as it is", async () => {
    database(wanted);
    await grafanaPassword.create?.(inputs());
    expect(resets()).toEqual([]);
    expect(await grafanaPassword.read?.(inputs())).toEqual(inputs());
});

test("a database with another password, as one that was kept has, gets it", async () => {
    database("of-before");
    await grafanaPassword.create?.(inputs());
    expect(resets()).toEqual([`${at("grafana")} cli admin reset-admin-password --password-from-stdin`]);
    expect(fs.readFileSync(at("database"), "utf8")).toBe(`${wanted}\n`);
    database("of-before");
    await grafanaPassword.update?.(inputs(), inputs());
    expect(fs.readFileSync(at("database"), "utf8")).toBe(`${wanted}\n`);
});

test("no command line has the password, nor the login that is made of it", async () => {
    database("of-before");
    await grafanaPassword.create?.(inputs());
    expect(calls().length).toBeGreaterThanOrEqual(3);
    expect(calls().join()).not.toContain(wanted);
    expect(calls().join()).not.toContain(Buffer.from(`admin:${wanted}`).toString("base64"));
});

test("to a refresh there is none if Grafana has another, or does not answer, and nothing is set", async () => {
    database("of-before");
    expect(await grafanaPassword.read?.(inputs())).toBeUndefined();
    database(wanted);
    setContainers({ "storm-test-grafana": "exited" });
    expect(await grafanaPassword.read?.(inputs())).toBeUndefined();
    expect(resets()).toEqual([]);
});

describe("an update fails, with the end of the output,", () => {
    test("if Grafana does not start", async () => {
        database(wanted);
        setContainers({ "storm-test-grafana": "restarting" });
        const failure = grafanaPassword.create?.(inputs());
        await expect(failure).rejects.toThrow(
            /^storm-test-grafana ends again and again, by exit code 1\n[^]*the words of storm-test-grafana/,
        );
    });

    test("if it answers otherwise in all the time that it has", async () => {
        database(wanted);
        says = 503;
        const failure = grafanaPassword.create?.(inputs(0.01));
        await expect(failure).rejects.toThrow(
            /^storm-test-grafana was not ready within 0.01 s: it answers a login with HTTP 503\n[^]*the words of storm-test-grafana/,
        );
    });

    test("if the password cannot be set", async () => {
        database("of-before");
        command("grafana", "echo 'Error: database is locked' >&2; exit 1");
        const failure = grafanaPassword.create?.(inputs(0.01));
        await expect(failure).rejects.toThrow("was not ready within 0.01 s: Error: database is locked");
    });
});
