// The way of a cluster to another major version of Storm, against a stand-in for Docker that notes what it is asked, and a Nimbus that
// notes it in the same list.
import { spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { dataGuard } from "../../components/storm/daemons/dataGuard";
import { activation } from "../../provider/kinds/activation";
import { certify } from "../../provider/kinds/certificate";
import { stormVersionGuard } from "../../provider/kinds/stormVersionGuard";
import type { Tls } from "../../provider/machines/connector";
import { shellFile } from "../../provider/machines/shell";
import { fields } from "../../provider/nimbus/fields";
import type { Inputs } from "../../provider/schema";
import { startNimbus } from "./nimbusReply";
import { files, startTlsPort } from "./tlsNimbus";

jest.mock("@pulumi/pulumi/log", () => ({ info: () => Promise.resolve() }));

const two = "storm:2.8.9";
const three = "storm:3.1.0";

describe("another image", () => {
    const change = (to: number) => ({ to, cluster: "storm-x", machines: [{}], nimbuses: [] });
    const refusal = (before: string, image: string, allowed?: number) =>
        stormVersionGuard.refuses?.({ image, ...(allowed && { change: change(allowed) }) }, { image: before })[0]
            ?.reason;

    test.each([
        ["a patch", two, "storm:2.8.10", undefined],
        ["the next major version, which is allowed", two, three, 3],
        ["the one before, which is allowed", three, two, 2],
        ["a tag that names no version", two, "storm:ours", undefined],
    ])("is accepted: %s", (_, before, image, allowed) => {
        expect(refusal(before, image, allowed)).toBeUndefined();
    });
    test.each([
        ["the next major version", two, three, undefined, /set allowMajorVersion to 3: the update deactivates/],
        ["it, where another one is allowed", two, three, 2, /set allowMajorVersion to 3/],
        [
            "the one before",
            three,
            two,
            undefined,
            /which Storm 2 cannot read. To go back .* set allowMajorVersion to 2/,
        ],
        ["2 from 1", "storm:1.2.4", two, 2, /which another major version cannot read/],
        ["3 from 1", "storm:1.2.4", three, 3, /which another major version cannot read/],
        ["1 from 2", two, "storm:1.2.4", 2, /which another major version cannot read/],
    ])("is refused: %s", (_, before, image, allowed, reason) => {
        expect(refusal(before, image, allowed)).toMatch(reason);
    });
});

describe("a cluster", () => {
    const docker = `#!/bin/bash
    cd "$(dirname "$0")" || exit
    note() { echo "$*" >>calls; }
    case "$1" in
    ps) cat containers ;;
    image) note "image $3" ;;
    container) echo "$4" ;;
    stop) note "stop \${!#}" ;;
    start) note "start $2" ;;
    cp)
        [ -f "marker-\${2%%:*}" ] || { echo "Error response from daemon: Could not find the file" >&2; exit 1; }
        tar -cf - "marker-\${2%%:*}" ;;
    run)
        case "$*" in
        *--volumes-from*storm-major-version*) cat "look-$8" ;;
        *--volumes-from*topologies-to-activate*) note "remember $8: \${*:20}" ;;
        *--volumes-from*) note "$(grep -oE 'copy=|find /data|storm-upgrade-to' <<<"$*" | head -n 1) $8" ;;
        *) cat version ;;
        esac ;;
    exec)
        shift 3; exec "$@" ;;
    *) note "unexpected $*"; exit 1 ;;
    esac
`;
    let folder: string;
    let ssh: string[];
    let nimbus: { port: number; stop: () => void };
    let tlsPort = 0;
    const at = (name: string) => path.join(folder, name);
    const calls = () => fs.readFileSync(at("calls"), "utf8").trim().split("\n");
    const kept = ["zookeeper-1", "nimbus-1", "nimbus-2"];

    beforeEach(async () => {
        folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-upgrade-"));
        ssh = ["env", `PATH=${folder}:${process.env.PATH}`, "sh", "-c"];
        fs.writeFileSync(at("docker"), docker, { mode: 0o755 });
        const daemons = [...kept, "supervisor-1", "ui", "registry-1"];
        fs.writeFileSync(at("containers"), daemons.map((daemon) => `x-${daemon} ${daemon}\n`).join(""));
        fs.writeFileSync(at("version"), "3.1.0\n");
        fs.writeFileSync(at("calls"), "");
        kept.forEach((daemon) => look(daemon, {}));
        const { ClusterSummary, NimbusSummary, TopologySummary } = fields;
        const topology = (name: string, status: string) => ({
            [TopologySummary.id]: `${name}-1`,
            [TopologySummary.name]: name,
            [TopologySummary.status]: status,
        });
        nimbus = await startNimbus((method, words) => {
            switch (method) {
                case "getTopologyConf":
                    return JSON.stringify({ "topology.message.timeout.secs": 0 });
                case "deactivate":
                    return void fs.appendFileSync(at("calls"), `deactivate ${/words/.exec(words)?.[0]}\n`);
                default:
                    return {
                        [ClusterSummary.nimbuses]: [
                            {
                                [NimbusSummary.host]: "127.0.0.1",
                                [NimbusSummary.port]: nimbus.port,
                                [NimbusSummary.tlsPort]: tlsPort,
                                [NimbusSummary.isLeader]: true,
                            },
                        ],
                        [ClusterSummary.topologies]: [topology("words", "ACTIVE"), topology("resting", "INACTIVE")],
                    };
            }
        });
    });
    afterEach(() => {
        nimbus.stop();
        fs.rmSync(folder, { recursive: true });
    });

    const look = (daemon: string, data: object) =>
        fs.writeFileSync(
            at(`look-x-${daemon}`),
            JSON.stringify({ version: "2", copy: false, used: 1000, free: 1_000_000, ...data }),
        );
    const update = (from: string, image: string, to: number, way: { port: number; tls?: Tls } = nimbus) => {
        const { port, tls } = way;
        const nimbuses = [{ container: "x-nimbus-1", ssh, address: "127.0.0.1", port, tls }];
        const change: Inputs<"StormVersionGuard">["change"] = {
            to,
            cluster: "x",
            nimbuses,
            machines: [{ host: "a", ssh }],
        };
        return stormVersionGuard.update?.({ image: from }, { image, change });
    };

    test("is upgraded in order: image, topologies, Nimbus, the other daemons, copies", async () => {
        await update(two, three, 3);
        const all = calls();
        expect([...all.slice(0, 3)]).toEqual([`image ${three}`, "remember x-nimbus-1: words", "deactivate words"]);
        expect(all.slice(3, 5).sort()).toEqual(["stop x-nimbus-1", "stop x-nimbus-2"]);
        expect(all.slice(5, 7).sort()).toEqual(["stop x-supervisor-1", "stop x-ui"]);
        expect(all.slice(7, 10).sort()).toEqual(kept.map((daemon) => `copy= x-${daemon}`).sort());
        expect(all.slice(10).sort()).toEqual(
            ["nimbus-1", "nimbus-2", "supervisor-1"].map((daemon) => `storm-upgrade-to x-${daemon}`),
        );
    });
    test("is upgraded too if its Nimbus is asked by TLS", async () => {
        const authority = certify({ name: "authority" });
        const tls = files("upgrade", certify({ name: "storm", address: "127.0.0.1" }, authority), authority);
        const front = await startTlsPort(tls, nimbus.port);
        tlsPort = front.port;
        await update(two, three, 3, { port: tlsPort, tls })?.finally(front.stop);
        expect(calls()).toContain("deactivate words");
    });
    test("keeps the copy where Storm 3 has run already", async () => {
        look("nimbus-2", { version: "3", copy: true });
        await update(two, three, 3);
        expect(calls().filter((call) => call.startsWith("copy="))).toEqual([]);
    });
    test.each([
        [
            "an image of another version than its tag says",
            () => fs.writeFileSync(at("version"), "2.8.3\n"),
            /has Storm 2.8.3, and not Storm 3/,
        ],
        [
            "a disk without room",
            () => look("nimbus-1", { used: 900_000 }),
            /nimbus-1 has 879 MiB of data, and room for a copy of 876 MiB/,
        ],
        ["no container of a Nimbus", () => fs.writeFileSync(at("containers"), ""), /no container of a Nimbus/],
    ])("is left as it is: %s", async (_, break_, message) => {
        break_();
        await expect(update(two, three, 3)).rejects.toThrow(message);
        expect(calls().filter((call) => !call.startsWith("image"))).toEqual(calls()[0] === "" ? [""] : []);
    });
    test("goes back to the copies once all daemons are stopped, and ZooKeeper starts with its own", async () => {
        fs.writeFileSync(at("version"), "2.8.9\n");
        kept.forEach((daemon) => look(daemon, { version: "3", copy: true }));
        await update(three, two, 2);
        const all = calls().slice(1);
        expect(all.slice(0, 4).sort()).toEqual([
            "stop x-nimbus-1",
            "stop x-nimbus-2",
            "stop x-supervisor-1",
            "stop x-ui",
        ]);
        expect(all.slice(4)).toEqual([
            "stop x-zookeeper-1",
            ...kept.map(() => expect.stringMatching(/^copy= /) as string),
            "find /data x-supervisor-1",
            "start x-zookeeper-1",
        ]);
    });
    test("that was not upgraded to the end has its topologies activated by the next update after a refresh", async () => {
        const nimbuses = [{ container: "x-nimbus-1", ssh, address: "127.0.0.1", port: nimbus.port }];
        const state = { image: two, nimbuses, supervisors: [], seconds: 1 };
        expect(await activation.read?.(state)).toBe(state);
        fs.writeFileSync(at("marker-x-nimbus-1"), "words\n");
        const seen = await activation.read?.(state);
        expect(activation.updates?.filter((key) => seen?.[key] !== state[key])).toEqual(["image"]);
    });
    test("does not go back without a copy of each daemon's data", async () => {
        fs.writeFileSync(at("version"), "2.8.9\n");
        look("nimbus-1", { copy: true });
        await expect(update(three, two, 2)).rejects.toThrow(
            "zookeeper-1, nimbus-2 has no copy of its data before Storm 3",
        );
        expect(calls()).toEqual([`image ${two}`]);
    });
});

describe("a script", () => {
    let folder: string;
    beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-data-"))));
    afterEach(() => fs.rmSync(folder, { recursive: true }));
    const write = (file: string, content: string, mode?: number) => {
        fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
        fs.writeFileSync(path.join(folder, file), content, { mode });
    };
    const read = (file: string) => fs.readFileSync(path.join(folder, file), "utf8");
    /** Runs a script for which this folder is the root of the file system. */
    const run = (script: string, ...words: string[]) => {
        const here = script.replaceAll("/data", `${folder}/data`);
        const env = { ...process.env, PATH: `${folder}/storm/bin:${process.env.PATH}`, HOSTNAME: "nimbus-1" };
        const { status, stderr, stdout } = spawnSync("bash", ["-c", here, "bash", ...words], { encoding: "utf8", env });
        return { status, said: stderr + stdout };
    };
    const file = (name: string) => shellFile("provider/upgrade", name);

    test("copies data, and restores it, and leaves the copy", () => {
        write("data/a/b", "before");
        expect(run(file("copy.sh"), "before-storm-3", `${folder}/data`)).toEqual({ status: 0, said: "" });
        write("data/a/b", "after");
        write("data/new", "");
        expect(run(file("restore.sh"), "before-storm-3", `${folder}/data`)).toEqual({ status: 0, said: "" });
        expect(read("data/a/b")).toBe("before");
        expect(fs.readdirSync(path.join(folder, "data")).sort()).toEqual(["a", "before-storm-3"]);
    });
    test("says what data there is", () => {
        write("data/storm-major-version", "2\n");
        const seen = JSON.parse(run(file("look.sh"), "before-storm-3", `${folder}/data`).said) as object;
        expect(seen).toEqual({
            version: "2",
            copy: false,
            used: expect.any(Number) as number,
            free: expect.any(Number) as number,
        });
    });
    test.each([
        ["RELEASE", { "storm/RELEASE": "3.1.0\n", "storm/lib/storm-core-2.8.3.jar": "" }, "3.1.0"],
        ["a jar in lib", { "storm/lib/storm-core-2.8.3.jar": "" }, "2.8.3"],
        ["a jar elsewhere", { "storm/lib-common/storm-client-3.0.0.jar": "", "storm/lib/other-1.jar": "" }, "3.0.0"],
    ])("finds the version of Storm: %s", (_, files, version) => {
        write("storm/bin/storm", "", 0o755);
        Object.entries(files).forEach(([name, content]) => write(name, content));
        const script = shellFile("provider/machines", "stormVersion.sh");
        expect(run(`${script}\necho "$version"`).said).toBe(`${version}\n`);
    });
    describe("before a daemon", () => {
        beforeEach(() => {
            write("storm/bin/storm", "", 0o755);
            write("storm/RELEASE", "3.1.0\n");
            write("data/storm-major-version", "2\n");
        });
        test("refuses data of another major version, and leaves it", () => {
            const { status, said } = run(dataGuard(2));
            expect([status, said]).toEqual([78, expect.stringContaining("was written by Storm 2") as string]);
            expect(read("data/storm-major-version")).toBe("2\n");
        });
        test("accepts data that an upgrade has prepared, and no other upgrade's", () => {
            write("data/storm-upgrade-to", "4\n");
            expect(run(dataGuard(2)).status).toBe(78);
            write("data/storm-upgrade-to", "3\n");
            expect(run(dataGuard(2)).status).toBe(0);
            expect(read("data/storm-major-version")).toBe("3\n");
            expect(fs.existsSync(path.join(folder, "data/storm-upgrade-to"))).toBe(false);
        });
    });
});
