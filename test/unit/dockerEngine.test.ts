import { execFileSync, spawn, spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import {
    dataDirectoryScript,
    type DockerEngineArgs,
    dockerEngineScript,
    freeMebibytes,
    memoryScript,
    minimumDockerVersion,
} from "../../components/hosts/dockerEngine";
import { activateScript, launchScript, proposeScript } from "../../provider/machines/launchKey";
import { quote } from "../../provider/machines/shell";
import { volumeScript } from "../../components/hosts/volume";

const args: DockerEngineArgs = { minimumVersion: minimumDockerVersion, freeMebibytes };
const mirror = "http://10.78.0.1:5001";

const folders: string[] = [];
function temporaryFolder(): string {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "docker-engine-"));
    folders.push(folder);
    return folder;
}
afterAll(() => folders.forEach((folder) => fs.rmSync(folder, { recursive: true })));

/** The words of a command line, as a shell reads them. */
function words(line: string, shell = "sh"): string[] {
    return execFileSync(shell, ["-c", `printf '%s\\0' ${line}`], { encoding: "utf8" })
        .split("\0")
        .slice(0, -1);
}

/** The scripts within a command line: what runs as the user who is logged in, and what runs as root. */
const scriptsIn = (line: string) => words(line).filter((word) => /^(\n|#!)/.test(word));

describe("quote", () => {
    const nasty = ["", "plain", "two words", "it's", "''", '"$HOME" `id` $(id)', "a\\'b\\", "\\\\", "\n\ttab\n", "!! ~ * ? {a,b}", "-n", "#;&|<>", "ä€😀"];
    test.each(["sh", "bash"])("gives %s back what went in", (shell) => {
        expect(words(nasty.map(quote).join(" "), shell)).toEqual(nasty);
    });
    test("survives being quoted twice", () => {
        expect(words(words(nasty.map(quote).map(quote).join(" ")).join(" "))).toEqual(nasty);
    });
});

describe("a script", () => {
    const scripts: [string, string][] = [
        ["dockerEngineScript", dockerEngineScript({ ...args, registryMirror: mirror })],
        ["dataDirectoryScript", dataDirectoryScript({ path: "/var/lib/storm/supervisor-1", uid: 1000 })],
        ["memoryScript", memoryScript({ neededMebibytes: 3000, wantedMebibytes: 4000 })],
        ["volumeScript", volumeScript({ device: "/dev/disk/by-id/nvme-1", directory: "/var/lib/storm" })],
        ["proposeScript", proposeScript],
        ["activateScript", activateScript],
        ["launchScript", quote(launchScript("the private key"))],
    ];
    test.each(scripts)("%s is as reviewed", (_, line) => {
        expect(scriptsIn(line).join("---")).toMatchSnapshot();
    });
    test.each(scripts)("%s passes shellcheck as POSIX shell", (_, line) => {
        for (const script of scriptsIn(line)) {
            const { stdout, error } = spawnSync("shellcheck", ["--shell=sh", "-"], { input: script, encoding: "utf8" });
            expect(error ?? stdout).toBe("");
        }
    });
    test("takes nasty values as what they are", () => {
        const evil = "'; touch /tmp/evil; echo \\ \"$(id)\"\n'";
        const [, script] = scriptsIn(dockerEngineScript({ ...args, minimumVersion: evil, registryMirror: evil }));
        const values = script!.slice(0, script!.indexOf("\nlog="));
        const shown = execFileSync("sh", ["-c", `${values}\nprintf '%s\\0' "$minimum" "$wanted"`, "sh", "root"], { encoding: "utf8" });
        const [minimum, wanted] = shown.split("\0");
        expect(minimum).toBe(evil);
        expect(JSON.parse(wanted!)).toMatchObject({ "registry-mirrors": [evil] });
    });
});

/** Tools that the scripts may use as they are on this machine, with their paths. */
const tools = "awk cat chmod chown cmp cp df dirname grep head mkdir mktemp mv rm sed seq sh sort stat tail timeout true"
    .split(" ")
    .map((tool) => [tool, execFileSync("bash", ["-c", `type -P ${tool}`], { encoding: "utf8" }).trim()] as const);

/** Commands that change or ask a machine, by what their stand-ins do; `$root` is the folder that stands for the machine. */
const standInStart = '[ -e "$root/broken" ] || echo 20.10.24+dfsg1 >"$root/running"';
const standIns: Record<string, string> = {
    "apt-cache": 'grep -qs VERSION_ID=13 "$root/etc/os-release"',
    "apt-get": `
[ "$1" != update ] || [ ! -e "$root/locked" ] || { rm "$root/locked"; echo "E: Could not get lock"; exit 100; }
[ "$1" != install ] || cp "$root"/packages/* "$root/bin/"`,
    curl: "",
    dnf: 'cp "$root"/packages/* "$root/bin/"',
    id: '[ "$*" = "-un" ] && echo admin || { [ "$2" = root ] && echo 0 || echo 1000; }',
    journalctl: 'echo "the end of the log"',
    sleep: "",
    sshd: `
drop_in=$root/etc/ssh/sshd_config.d/10-storm-docker.conf
[ ! -e "$root/not-included" ] || drop_in=/dev/null
[ "$1" != -T ] || sed -n 's/^MaxStartups/maxstartups/p' "$drop_in" 2>/dev/null | grep . || echo maxstartups 10:30:100`,
    service: standInStart,
    sudo: `
[ ! -e "$root/no-sudo" ] || exit 1
shift
[ "$1" != -H ] || { grep -qs "$3" "$root/docker-group" && shift 3; } || exit 1
exec "$@"`,
    systemctl: `[ "$1" != enable ] || ${standInStart}`,
    usermod: 'echo "$3" >"$root/docker-group"',
};
const packages: Record<string, string> = {
    docker: `
[ -e "$root/running" ] || { echo "Cannot connect to the Docker daemon" >&2; exit 1; }
case $* in
"version --format "*) cat "$root/running" ;;
info*) echo "$root/var/lib/docker" ;;
esac`,
    dockerd: "",
};

const systems = {
    debian: 'ID=debian\nVERSION_ID=12\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"',
    trixie: 'ID=debian\nVERSION_ID=13\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"',
    ubuntu: 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nPRETTY_NAME="Ubuntu 24.04 LTS"',
    amazon: 'ID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\nPRETTY_NAME="Amazon Linux 2023"',
    amazon2: 'ID="amzn"\nID_LIKE="centos rhel fedora"\nVERSION_ID="2"\nPRETTY_NAME="Amazon Linux 2"',
    rhel: 'ID="rhel"\nID_LIKE="fedora"\nVERSION_ID="9.4"\nPRETTY_NAME="Red Hat Enterprise Linux 9.4 (Plow)"',
    rocky: 'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\nPRETTY_NAME="Rocky Linux 9.4 (Blue Onyx)"',
    centos: 'ID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="9"\nPRETTY_NAME="CentOS Stream 9"',
    fedora: 'ID=fedora\nVERSION_ID=41\nPRETTY_NAME="Fedora Linux 41"',
    alpine: 'ID=alpine\nVERSION_ID=3.20.1\nPRETTY_NAME="Alpine Linux v3.20"',
};

/** A folder that stands for a machine: its files, and a PATH of stand-ins that note how they are called. */
class Machine {
    readonly root = temporaryFolder();

    constructor(system: keyof typeof systems = "debian", docker?: string) {
        for (const folder of ["bin", "packages", "etc/ssh/sshd_config.d", "var/lib/docker", "var/run", "run/systemd/system"]) {
            fs.mkdirSync(path.join(this.root, folder), { recursive: true });
        }
        tools.forEach(([tool, found]) => fs.symlinkSync(found, path.join(this.root, "bin", tool)));
        Object.entries(standIns).forEach(([name, script]) => this.standIn(`bin/${name}`, script));
        Object.entries(packages).forEach(([name, script]) => this.standIn(`packages/${name}`, script));
        this.write("etc/os-release", systems[system]);
        if (docker) {
            Object.entries(packages).forEach(([name, script]) => this.standIn(`bin/${name}`, script));
            this.write("running", docker);
        }
    }

    standIn(file: string, script: string): void {
        const note = `echo "\${0##*/} $*" >>"$root/calls"`;
        this.write(file, `#!/bin/sh\n# A stand-in, for a test.\nroot=${quote(this.root)}\n${note}\n${script}\n`, 0o755);
    }

    write(file: string, text: string, mode = 0o644): void {
        fs.writeFileSync(path.join(this.root, file), `${text}\n`, { mode });
    }

    has(file: string): boolean {
        return fs.existsSync(path.join(this.root, file));
    }

    read(file: string): string {
        return fs.readFileSync(path.join(this.root, file), "utf8");
    }

    /** Runs a command line with the PATH of stand-ins, and the machine's files in place of this one's. */
    run(line: string) {
        fs.rmSync(path.join(this.root, "calls"), { force: true });
        const moved = line
            .replace("$PATH:/usr/local/sbin:/usr/sbin:/sbin", "$PATH")
            .replace(/(?<=[\s=">])\/(etc|var|run)\//g, `${this.root}/$1/`);
        const env = { PATH: path.join(this.root, "bin"), TMPDIR: this.root };
        const { status, stdout, stderr } = spawnSync("/bin/sh", { input: moved, env, encoding: "utf8" });
        const calls = this.has("calls") ? this.read("calls").trim().split("\n") : [];
        const shown = (text: string) => text.replaceAll(this.root, "").trim().split("\n");
        return {
            status,
            lines: shown(stdout),
            errors: shown(stderr),
            /** Calls that change the machine. */
            changes: calls.filter((call) => /^(apt-get|dnf|curl|service|systemctl|usermod)\b/.test(call)).map((call) => call.replaceAll(this.root, "")),
        };
    }

    /** Puts the id of a process into a file; the signal that ends it. */
    signalOf(file: string): Promise<NodeJS.Signals | null> {
        const daemon = spawn("sleep", ["60"]);
        this.write(file, String(daemon.pid));
        return new Promise((resolve) => daemon.on("exit", (_, signal) => resolve(signal)));
    }

    make(changed: Partial<DockerEngineArgs> = {}) {
        return this.run(dockerEngineScript({ ...args, ...changed }));
    }
}

const apt =
    "apt-get install -y --no-install-recommends --no-remove -o DPkg::Lock::Timeout=300" +
    " -o DPkg::Options::=--force-confdef -o DPkg::Options::=--force-confold docker.io iptables ca-certificates";
const ce = (vendor: string) => [
    `curl -fsSL --connect-timeout 20 --retry 3 -o /etc/yum.repos.d/docker-ce.repo https://download.docker.com/linux/${vendor}/docker-ce.repo`,
    "dnf -y install docker-ce docker-ce-cli containerd.io",
];

describe("a machine without Docker", () => {
    test.each([
        ["debian", ["apt-get update", apt]],
        ["trixie", ["apt-get update", `${apt} docker-cli`]],
        ["ubuntu", ["apt-get update", apt]],
        ["amazon", ["dnf -y install docker"]],
        ["rhel", ce("rhel")],
        ["rocky", ce("centos")],
        ["centos", ce("centos")],
        ["fedora", ce("fedora")],
    ] as const)("gets it on %s, configured before it starts", (system, installation) => {
        const machine = new Machine(system);
        machine.standIn("bin/systemctl", `cmp -s "$root/etc/docker/daemon.json" "$root/var/lib/storm-docker/daemon.json" && ${standIns.systemctl}`);
        const { status, lines, changes } = machine.make();
        expect(lines).toEqual([
            expect.stringMatching(/^system: \w+ /),
            expect.stringMatching(/^disk: \d+ MiB are free in \/var\/lib\/docker$/),
            "Docker: /etc/docker/daemon.json is written",
            expect.stringMatching(/^Docker: installing docker/),
            "Docker: starting it",
            "Docker 20.10.24 is there",
            "user admin may use Docker in new sessions: it is in the group docker now",
            "sshd: MaxStartups is raised from 10:30:100 to 100:30:200",
        ]);
        expect(changes).toEqual([...installation, "systemctl enable --now docker", "usermod -aG docker admin", "systemctl reload ssh"]);
        expect(JSON.parse(machine.read("etc/docker/daemon.json"))).toEqual({
            "log-driver": "json-file",
            "log-opts": { "max-size": "10m", "max-file": "3" },
            "live-restore": true,
            "registry-mirrors": [],
        });
        expect(status).toBe(0);
    });

    test("has nothing changed by a second run, which says so", () => {
        const machine = new Machine();
        machine.make();
        const { status, lines, changes } = machine.make();
        expect(lines).toEqual([
            "system: Debian GNU/Linux 12 (bookworm)",
            "Docker 20.10.24 is there",
            expect.stringMatching(/^disk: /),
            "Docker: /etc/docker/daemon.json is as wanted",
            "user admin may use Docker",
            "sshd: MaxStartups is 100:30:200",
        ]);
        expect(changes).toEqual([]);
        expect(status).toBe(0);
    });

    test("gets it without systemd", async () => {
        const machine = new Machine();
        fs.rmdirSync(path.join(machine.root, "run/systemd/system"));
        fs.rmSync(path.join(machine.root, "bin/systemctl"));
        const signal = machine.signalOf("run/sshd.pid");
        expect(machine.make()).toMatchObject({ status: 0, changes: ["apt-get update", apt, "service docker start", "usermod -aG docker admin"] });
        expect(await signal).toBe("SIGHUP");
    });

    test("waits for apt at work", () => {
        const machine = new Machine();
        machine.write("locked", "");
        expect(machine.make()).toMatchObject({ status: 0, changes: expect.arrayContaining(["apt-get update", "apt-get update", apt]) as string[] });
    });

    test("keeps a daemon.json that it has", () => {
        const machine = new Machine();
        fs.mkdirSync(path.join(machine.root, "etc/docker"));
        machine.write("etc/docker/daemon.json", '{ "live-restore": false }');
        const { status, lines } = machine.make({ registryMirror: mirror });
        expect(lines).toContain(
            "Docker: its configuration is not ours and stays as it is; " +
                "/etc/docker/daemon.json does not set: log-driver log-opts registry-mirrors",
        );
        expect(machine.read("etc/docker/daemon.json")).toBe('{ "live-restore": false }\n');
        expect(status).toBe(0);
    });

    test.each(["alpine", "amazon2"] as const)("is told so on %s, where none can be installed", (system) => {
        const { status, errors, changes } = new Machine(system).make();
        expect(errors).toEqual([
            expect.stringMatching(/^Docker cannot be installed on (Alpine|Amazon) Linux \S+ from here: install Docker 20.10 or newer by hand$/),
        ]);
        expect(changes).toEqual([]);
        expect(status).toBe(11);
    });

    test("shows why an installation failed", () => {
        const machine = new Machine("amazon");
        machine.standIn("bin/dnf", 'echo "No match for argument: docker"; exit 1');
        expect(machine.make()).toMatchObject({
            status: 15,
            errors: ["No match for argument: docker", "Docker could not be installed; the last lines of the package manager are above"],
        });
    });

    test("shows the end of the log of a daemon that does not start", () => {
        const machine = new Machine();
        machine.write("broken", "");
        expect(machine.make()).toMatchObject({
            status: 16,
            errors: ["the end of the log", "Docker was started and does not answer; the end of its log is above"],
        });
    });

    test("is told when its own packages are too old", () => {
        expect(new Machine().make({ minimumVersion: "23.0" })).toMatchObject({ status: 13 });
    });
});

describe("a machine with Docker", () => {
    test.each(["debian", "alpine"] as const)("keeps it as it is, on %s", (system) => {
        const machine = new Machine(system, "26.1.5");
        const { status, lines, changes } = machine.make();
        expect(lines.slice(1, 4)).toEqual([
            "Docker 26.1.5 is there",
            expect.stringMatching(/^disk: /),
            "Docker: its configuration is not ours and stays as it is; " +
                "/etc/docker/daemon.json does not set: log-driver log-opts live-restore",
        ]);
        expect(changes).toEqual(["usermod -aG docker admin", "systemctl reload ssh"]);
        expect(machine.has("etc/docker/daemon.json")).toBe(false);
        expect(status).toBe(0);
    });

    test("that has stopped gets it started", () => {
        const machine = new Machine("debian", "20.10.24");
        fs.rmSync(path.join(machine.root, "running"));
        expect(machine.make()).toMatchObject({ status: 0, changes: expect.arrayContaining(["systemctl enable --now docker"]) as string[] });
    });

    test.each([
        ["19.03.5", "20.10", 13],
        ["9.0.0", "20.10", 13],
        ["20.10.24+dfsg1", "20.10", 0],
        ["20.10.9", "20.10.10", 13],
        ["28.0.0-rc.1", "28.0.0", 0],
    ])("%s where %s is the minimum ends with %d", (there, minimumVersion, status) => {
        expect(new Machine("debian", there).make({ minimumVersion }).status).toBe(status);
    });

    test("that is too old is told what to do, and nothing changes", () => {
        expect(new Machine("amazon", "19.03.5").make()).toMatchObject({
            status: 13,
            changes: [],
            errors: ["Docker 19.03.5 is too old: 20.10 or newer is needed; upgrade it (dnf upgrade docker), or remove it so that it gets installed"],
        });
    });

    test("that is Podman's is told so", () => {
        const machine = new Machine("rocky", "20.10.24");
        machine.standIn("bin/docker", 'echo "Client: Podman Engine"');
        expect(machine.make()).toMatchObject({ status: 12, changes: [] });
    });

    test("that has too little disk space is told both figures", () => {
        const { status, errors, changes } = new Machine("debian", "20.10.24").make({ freeMebibytes: 999_999_999 });
        expect(errors).toEqual([
            expect.stringMatching(/^too little disk space for Docker's data: 999999999 MiB are needed, \d+ MiB are free in \/var\/lib\/docker$/),
        ]);
        expect(changes).toEqual([]);
        expect(status).toBe(14);
    });

    test("whose SSH user cannot be let in is told so", () => {
        const machine = new Machine("debian", "20.10.24");
        machine.standIn("bin/usermod", "exit 6");
        expect(machine.make()).toMatchObject({ status: 17, errors: [expect.stringMatching(/^user admin may not use Docker: /)] });
    });

    test("loads the configuration that was written here when it changes, without a restart", async () => {
        const machine = new Machine();
        machine.make();
        for (const registryMirror of [mirror, undefined]) {
            const signal = machine.signalOf("var/run/docker.pid");
            const { lines, changes } = machine.make({ registryMirror });
            expect(lines).toContain("Docker: /etc/docker/daemon.json has changed and is loaded; log options in it hold from Docker's next start on");
            expect(changes).toEqual([]);
            expect(await signal).toBe("SIGHUP");
            expect(JSON.parse(machine.read("etc/docker/daemon.json"))).toMatchObject({ "registry-mirrors": registryMirror ? [mirror] : [] });
        }
    });

    test("keeps the configuration that was written here and then edited", () => {
        const machine = new Machine();
        machine.make();
        machine.write("etc/docker/daemon.json", "{}");
        expect(machine.make().lines).toContainEqual(expect.stringMatching(/not ours and stays as it is/));
        expect(machine.read("etc/docker/daemon.json")).toBe("{}\n");
    });
});

describe("sshd", () => {
    const dropIn = "etc/ssh/sshd_config.d/10-storm-docker.conf";

    test("that was reloaded is waited for until it takes connections again", () => {
        const machine = new Machine("debian", "20.10.24");
        machine.standIn("bin/sleep", 'exec /bin/sleep "$1"');
        machine.write("run/sshd.pid", "before");
        machine.standIn("bin/systemctl", '(/bin/sleep 1; rm "$root/run/sshd.pid"; echo after >"$root/run/sshd.pid") >/dev/null 2>&1 &');
        machine.make();
        expect(machine.read("run/sshd.pid")).toBe("after\n");
    });

    test("that reads no drop-ins keeps its MaxStartups, and one line says what to set", () => {
        const machine = new Machine("debian", "20.10.24");
        machine.write("not-included", "");
        const { status, lines } = machine.make();
        expect(lines.at(-1)).toBe(
            "sshd: MaxStartups stays 10:30:100; should it refuse connections, set MaxStartups 100:30:200 in /etc/ssh/sshd_config",
        );
        expect(machine.has(dropIn)).toBe(false);
        expect(status).toBe(0);
    });

    test("that finds its configuration faulty keeps its MaxStartups", () => {
        const machine = new Machine("debian", "20.10.24");
        machine.standIn("bin/sshd", `[ "$1" != -t ] || exit 255\n${standIns.sshd}`);
        expect(machine.make()).toMatchObject({ status: 0, changes: ["usermod -aG docker admin"] });
        expect(machine.has(dropIn)).toBe(false);
    });

    test("that lets more in already is left alone", () => {
        const machine = new Machine("debian", "20.10.24");
        machine.standIn("bin/sshd", "echo maxstartups 1000:30:2000");
        expect(machine.make().lines.at(-1)).toBe("sshd: MaxStartups is 1000:30:2000");
    });

    test("that cannot be asked is left alone", () => {
        const machine = new Machine("debian", "20.10.24");
        machine.standIn("bin/sshd", "exit 1");
        const { status, lines } = machine.make();
        expect(lines.at(-1)).toMatch(/^sshd: its MaxStartups cannot be read; /);
        expect(status).toBe(0);
    });
});

test("a user who is not root and has no sudo is told how to mend it", () => {
    const machine = new Machine();
    machine.write("no-sudo", "");
    expect(machine.make()).toMatchObject({
        status: 10,
        changes: [],
        errors: [expect.stringMatching(/^user admin is not root and may not use sudo without a password: connect as root, or .*NOPASSWD/)],
    });
});

describe("a data directory", () => {
    const uid = process.getuid!();
    // Only root may give a directory to a group that it is not in.
    const owned = uid === 0 || uid === process.getgid!() ? test : test.skip;
    if (owned === test.skip) {
        console.log("Skipped: making data directories, as this user's group has another id than the user.");
    }
    const make = (directory: string) => new Machine().run(dataDirectoryScript({ path: directory, uid }));

    owned("is made, closed to others, and left alone by a second run", () => {
        const directory = path.join(temporaryFolder(), "it's $HOME", "zookeeper-1");
        expect(make(directory)).toMatchObject({ status: 0, lines: [`directory ${directory} now belongs to ${uid}:${uid}`] });
        expect(fs.statSync(directory).mode & 0o777).toBe(0o750);
        expect(make(directory)).toMatchObject({ status: 0, lines: [`directory ${directory} is there`] });
    });

    owned("that is there is closed to others, but not what is in it", () => {
        const directory = temporaryFolder();
        fs.mkdirSync(path.join(directory, "inner"));
        fs.chmodSync(directory, 0o777);
        fs.chmodSync(path.join(directory, "inner"), 0o777);
        expect(make(directory).status).toBe(0);
        expect(fs.statSync(directory).mode & 0o777).toBe(0o750);
        expect(fs.statSync(path.join(directory, "inner")).mode & 0o777).toBe(0o777);
    });

    test.each([
        ["a file", (place: string) => fs.writeFileSync(place, "")],
        ["a link to nowhere", (place: string) => fs.symlinkSync("nowhere", place)],
    ])("is not made in place of %s", (_, occupy) => {
        const place = path.join(temporaryFolder(), "data");
        occupy(place);
        const identity = () => [fs.lstatSync(place).ino, fs.lstatSync(place).ctimeMs];
        const before = identity();
        expect(make(place)).toMatchObject({
            status: 18,
            errors: [`${place} is not a directory: move it away, or choose another directory for the data`],
        });
        expect(identity()).toEqual(before);
    });
});

describe("memory", () => {
    const compare = (neededMebibytes: number, wantedMebibytes: number) =>
        new Machine().run(memoryScript({ neededMebibytes, wantedMebibytes }));
    const mebibytes = Math.floor(os.totalmem() / (1 << 20));

    test("that suffices is not worth a word", () => {
        expect(compare(mebibytes, mebibytes)).toMatchObject({ status: 0, lines: [""], errors: [""] });
    });

    test("below the limits is warned of", () => {
        expect(compare(1, mebibytes + 1)).toMatchObject({ status: 0, lines: [expect.stringMatching(/^warning: /)], errors: [""] });
    });

    test("below the heaps is an error", () => {
        expect(compare(mebibytes + 1, mebibytes + 2)).toMatchObject({
            status: 19,
            errors: [
                `the heaps of the daemons placed here need ${mebibytes + 1} MiB, this machine has ${mebibytes} MiB: ` +
                    "place fewer here, or lower storm:heap or storm:slots",
            ],
        });
    });
});
