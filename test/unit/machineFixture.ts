import { execFileSync, spawn, spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import {
    type DockerEngineArgs,
    dockerEngineScript,
    freeMebibytes,
    minimumDockerVersion,
} from "../../components/hosts/docker/dockerEngine";
import { quote } from "../../provider/machines/shell";

export const args: DockerEngineArgs = { minimumVersion: minimumDockerVersion, freeMebibytes };
export const mirror = "http://10.78.0.1:5001";

const folders: string[] = [];
export function temporaryFolder(): string {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "docker-engine-"));
    folders.push(folder);
    return folder;
}
afterAll(() => folders.forEach((folder) => fs.rmSync(folder, { recursive: true })));

/** Tools that the scripts may use as they are on this machine, with their paths. */
const tools =
    "awk cat chmod chown cmp cp df dirname grep head mkdir mktemp mv rm sed seq sh sort stat tail timeout true"
        .split(" ")
        .map((tool) => [tool, execFileSync("bash", ["-c", `type -P ${tool}`], { encoding: "utf8" }).trim()] as const);

/** Commands that change or ask a machine, by what their stand-ins do; `$root` is the folder that stands for the machine. */
const standInStart = '[ -e "$root/broken" ] || echo 20.10.24+dfsg1 >"$root/running"';
export const standIns: Record<string, string> = {
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
export class Machine {
    readonly root = temporaryFolder();

    constructor(system: keyof typeof systems = "debian", docker?: string) {
        for (const folder of [
            "bin",
            "packages",
            "etc/ssh/sshd_config.d",
            "var/lib/docker",
            "var/run",
            "run/systemd/system",
        ]) {
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
            changes: calls
                .filter((call) => /^(apt-get|dnf|curl|service|systemctl|usermod)\b/.test(call))
                .map((call) => call.replaceAll(this.root, "")),
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
