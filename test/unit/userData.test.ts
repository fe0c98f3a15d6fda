import { execFileSync, spawnSync } from "child_process";
import * as fs from "fs";
import * as path from "path";
import { gunzipSync } from "zlib";
import { dockerCommands, type KnownContainer, ownAddress, word } from "../../components/fleet/dockerCommands";
import { compressed, fleetScript, type MachineContent, userData, userDataLimit } from "../../components/fleet/userData";
import { temporaryFolder } from "./machineFixture";

const uid = process.getuid?.() ?? 0;
const nasty = `it's "$HOME" \`id\` \\ ${ownAddress}\n`;

/** A fleet's container, with every argument that a supervisor's has. */
const container: KnownContainer = {
    name: "storm-test-supervisor",
    labels: [{ label: "storm.cluster", value: "storm-test" }],
    restart: "unless-stopped",
    memory: 1600,
    memorySwap: 1600,
    logDriver: "json-file",
    logOpts: { "max-size": "10m" },
    capabilities: { drops: ["ALL"] },
    securityOpts: ["no-new-privileges:true"],
    image: "storm:3.1.0",
    command: ["bash", "-c", nasty, "storm", "-c", `storm.local.hostname="${ownAddress}"`],
    envs: ["A=b c"],
    uploads: [
        { file: "/conf/storm.yaml", content: nasty },
        { file: "/stores/key", contentBase64: Buffer.from("\0key").toString("base64") },
    ],
    volumes: [{ containerPath: "/data", hostPath: "/var/lib/storm/data", readOnly: true }],
    networkMode: "host",
    hostname: "supervisor",
    hosts: [{ host: "supervisor", ip: ownAddress }],
    init: true,
    user: "1000:1000",
    stopTimeout: 30,
    destroyGraceSeconds: 30,
};

const created = (address: string) => [
    ...["create", "--name", "storm-test-supervisor", "--label", "storm.cluster=storm-test"],
    ...["--restart", "unless-stopped", "--memory", "1600m", "--memory-swap", "1600m", "--log-driver", "json-file"],
    ...["--log-opt", "max-size=10m", "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true", "--env", "A=b c"],
    ...["--volume", "/var/lib/storm/data:/data:ro", "--network", "host", "--hostname", "supervisor"],
    ...["--add-host", `supervisor:${address}`, "--init", "--user", "1000:1000", "--stop-timeout", "30", "storm:3.1.0"],
    ...["bash", "-c", nasty.replace(ownAddress, address), "storm", "-c", `storm.local.hostname="${address}"`],
];

/** A machine without Docker: commands in its PATH note how they are called. */
class StandIn {
    readonly folder = temporaryFolder();
    readonly bin = path.join(this.folder, "bin");

    constructor() {
        fs.mkdirSync(this.bin);
        // Words are separated by NUL, calls by a line with a dash.
        this.command(
            "docker",
            `printf '%s\\0' "$@" >>$here/calls; echo - >>$here/calls
             [ "$1" != cp ] || tar -xf - -C $here/container
             [ ! -s $here/failures ] || { sed -i 1d $here/failures; exit 1; }`,
        );
        this.command("sleep", "echo $1 >>$here/sleeps");
        this.command("systemctl", 'echo "$*" >>$here/systemctl');
        this.command(
            "curl",
            `key=\${!#}
             case "$*" in
             *api/token*) [[ "$*" = *"-X PUT"* ]] && echo token ;;
             *"X-aws-ec2-metadata-token: token"*) cat "$here/metadata/\${key##*/meta-data/}" 2>/dev/null || exit 22 ;;
             *) exit 22 ;;
             esac`,
        );
        // Whoever runs the tests.
        this.command("id", "case $1 in -u) echo 0 ;; -un) echo root ;; esac");
        for (const folder of ["container", "metadata/tags/instance", "metadata/spot", "sbin", "run/systemd", "units"]) {
            fs.mkdirSync(path.join(this.folder, folder), { recursive: true });
        }
        this.knows("local-ipv4", "10.20.0.7");
    }

    command(name: string, script: string): void {
        const text = `#!/bin/bash\nhere=${this.folder}\n${script}\n`;
        fs.writeFileSync(path.join(this.bin, name), text, { mode: 0o755 });
    }

    /** Its metadata has this from now on. */
    knows(key: string, value: string): void {
        fs.writeFileSync(path.join(this.folder, "metadata", key), value);
    }

    /** Docker fails so many times. */
    fails(times: number): void {
        fs.writeFileSync(path.join(this.folder, "failures"), "x\n".repeat(times));
    }

    /** Runs a script, but for what would install Docker, and with paths of the machine's in this folder. */
    run(script: string) {
        const text = script
            .replace(/^again sh -c [^]*?\n(?=sh -c |again docker )/m, "")
            .replaceAll("/usr/local/sbin", path.join(this.folder, "sbin"))
            .replaceAll("/run/systemd/system", path.join(this.folder, "run/systemd"))
            .replaceAll("/etc/systemd/system", path.join(this.folder, "units"))
            .replaceAll("/var/log", this.folder);
        // Where standard input is a socket, as it is for Node.js, Bash would read ~/.bashrc.
        return spawnSync("bash", ["--norc", "-c", text], { env: this.environment(), encoding: "utf8" });
    }

    environment(): NodeJS.ProcessEnv {
        return { ...process.env, PATH: `${this.bin}:${process.env.PATH}` };
    }

    /** The words of each call of Docker. */
    calls(): string[][] {
        const calls = this.file("calls").split("\0-\n").slice(0, -1);
        return calls.map((call) => call.split("\0"));
    }

    file(name: string): string {
        const at = path.join(this.folder, name);
        return fs.existsSync(at) ? fs.readFileSync(at, "utf8") : "";
    }
}

const content = (machine: StandIn, changes: Partial<MachineContent> = {}): MachineContent => ({
    container,
    directories: [{ path: path.join(machine.folder, "data"), uid }],
    files: [],
    ...changes,
});

test("a machine finds its address, and runs the container with its files", () => {
    const machine = new StandIn();
    const { status, stderr } = machine.run(fleetScript(content(machine)));
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(machine.calls()).toEqual([
        ["pull", "--quiet", "storm:3.1.0"],
        created("10.20.0.7"),
        ["cp", "-", "storm-test-supervisor:/"],
        ["cp", "-", "storm-test-supervisor:/"],
        ["start", "storm-test-supervisor"],
    ]);
    expect(machine.file("container/conf/storm.yaml")).toBe(nasty.replace(ownAddress, "10.20.0.7"));
    expect(machine.file("container/stores/key")).toBe("\0key");
    const { uid: owner, mode } = fs.statSync(path.join(machine.folder, "data"));
    expect([owner, mode & 0o777]).toEqual([uid, 0o750]);
});

test("a file that is mounted lies on the machine, for its owner alone", () => {
    const machine = new StandIn();
    const file = path.join(machine.folder, "data/storm.yaml");
    expect(machine.run(fleetScript(content(machine, { files: [{ path: file, content: nasty, uid }] }))).status).toBe(0);
    expect(fs.readFileSync(file, "utf8")).toBe(nasty.replace(ownAddress, "10.20.0.7"));
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
});

test("what fails is tried again, and ends the script in the end", () => {
    const machine = new StandIn();
    machine.fails(2);
    expect(machine.run(fleetScript(content(machine))).status).toBe(0);
    expect(machine.file("sleeps")).toBe("5\n10\n");
    expect(machine.calls().map(([command]) => command)).toEqual([
        ...["pull", "pull", "pull", "create", "cp", "cp", "start"],
    ]);

    const dead = new StandIn();
    dead.fails(100);
    expect(dead.run(fleetScript(content(dead))).status).not.toBe(0);
    expect(new Set(dead.calls().map(([command]) => command))).toEqual(new Set(["pull"]));
});

describe("the program that stops the supervisor", () => {
    const unit = "units/storm-drain.service";

    test("is a service of systemd's", () => {
        const machine = new StandIn();
        machine.run(fleetScript(content(machine)));
        expect(machine.file("systemctl")).toBe("enable --now storm-drain\n");
        const script = fleetScript(content(machine));
        expect(script.indexOf("storm-drain")).toBeLessThan(script.indexOf("docker create"));
        expect(machine.file(unit)).toContain(`ExecStart=${machine.folder}/sbin/storm-drain storm-test-supervisor 30\n`);
    });

    test("runs by itself where there is no systemd", async () => {
        const machine = new StandIn();
        machine.knows("tags/instance/storm:drain", "now");
        fs.rmdirSync(path.join(machine.folder, "run/systemd"));
        machine.run(fleetScript(content(machine)));
        const stopped = () => machine.calls().some(([command]) => command === "stop");
        while (!stopped()) {
            await new Promise((resolve) => setTimeout(resolve, 20));
        }
        expect(machine.file("systemctl")).toBe("");
    });

    test.each(["tags/instance/storm:drain", "spot/instance-action"])("waits for %s", (key) => {
        const machine = new StandIn();
        machine.run(fleetScript(content(machine)));
        const before = machine.calls().length;
        // It comes while the program sleeps, and Docker does not answer at once.
        machine.command(
            "sleep",
            `echo $1 >>$here/sleeps; [ $(wc -l <$here/sleeps) -lt 3 ] || echo >$here/metadata/${key}`,
        );
        machine.fails(1);
        const program = path.join(machine.folder, "sbin/storm-drain");
        execFileSync(program, ["storm-test-supervisor", "30"], { env: machine.environment() });
        const stop = ["stop", "--time", "30", "storm-test-supervisor"];
        expect(machine.calls().slice(before)).toEqual([stop, stop]);
        expect(machine.file("sleeps")).toBe("5\n5\n5\n5\n");
    });
});

test("an argument that the script does not have is refused", () => {
    expect(() => dockerCommands({ ...container, privileged: true })).toThrow(
        "a machine of a fleet cannot create a container with the argument privileged",
    );
});

test("a word is one, whatever it contains", () => {
    const texts = ["", "plain", nasty, ownAddress, `${ownAddress}${ownAddress}'`];
    const line = `address=10.0.0.1; printf '%s\\0' ${texts.map(word).join(" ")}`;
    expect(execFileSync("bash", ["--norc", "-c", line], { encoding: "utf8" }).split("\0").slice(0, -1)).toEqual(
        texts.map((text) => text.replaceAll(ownAddress, "10.0.0.1")),
    );
});

test("the script is one that bash reads, and that ShellCheck has nothing against", () => {
    const script = fleetScript(content(new StandIn()));
    expect(spawnSync("bash", ["-n"], { input: script, encoding: "utf8" }).stderr).toBe("");
    // Texts within quotes are other scripts, which have their own checks.
    const checked = spawnSync("shellcheck", ["--exclude=SC2016,SC2034", "-"], { input: script, encoding: "utf8" });
    expect(checked.stdout).toBe("");
});

describe("user data", () => {
    const random = (length: number) =>
        Array.from({ length }, (_, index) => String.fromCharCode(33 + ((index * 7919) % 89))).join("");

    test("is what cloud-init unpacks, the same wherever it is made", () => {
        const script = fleetScript(content(new StandIn()));
        const bytes = Buffer.from(userData(script), "base64");
        expect(gunzipSync(bytes).toString()).toBe(script);
        // Header: deflate, no flags, no time, an unknown system.
        expect([...bytes.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, bytes[8], 255]);
        // Nothing that occurs twice is shorter for that: matches differ by zlib's version and by processor.
        const [one, two] = [random(3000), random(3000) + random(3000)].map((text) => compressed(text).length);
        expect(two).toBeGreaterThan(1.8 * (one as number));
    });

    test("is refused if it is longer than EC2 takes", () => {
        expect(compressed(random(15_000)).length).toBeLessThan(userDataLimit);
        expect(() => userData(random(15_000))).not.toThrow();
        expect(() => userData(random(30_000))).toThrow(
            /user data of a fleet's machines would have \d+ bytes, and EC2 takes 16384/,
        );
    });
});
