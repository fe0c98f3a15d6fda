import { spawn, spawnSync } from "child_process";
import * as fs from "fs";
import * as path from "path";

/** Folder of this machine that holds a folder for each lab; common.sh has it too. */
export const LABS = "/var/lib/storm-lab";

interface RunOptions {
    /** Added to this process's environment. */
    env?: Record<string, string>;
    /** What the command gets to read. */
    input?: string;
}

/**
 * Runs a command; what it says on standard error is shown as it comes where that is the lab's own news.
 * @returns What it printed, trimmed.
 * @throws Error with all that it said, where it fails.
 */
export function run(command: string, args: string[], { env, input }: RunOptions = {}): Promise<string> {
    const child = spawn(command, args, { env: { ...process.env, ...env } });
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => (output += String(chunk)));
    child.stderr.on("data", (chunk: Buffer) => {
        errors += String(chunk);
        if (String(chunk).startsWith("lab: ")) {
            process.stderr.write(chunk);
        }
    });
    // A command that does not read all of it is no error of ours.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input ?? "");
    return new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code) => {
            if (code === 0) {
                resolve(output.trim());
            } else {
                reject(new Error(`${command} ${args.join(" ")} ended with ${code}: ${errors}${output}`));
            }
        });
    });
}

/** Runs one of the lab's scripts; see its first lines. */
export function script(name: string, args: string[], options?: RunOptions): Promise<string> {
    return run(path.join(__dirname, name), args, options);
}

/** Whether the process runs that a folder's `init` file names, by its number and when it started; common.sh has it too. */
export function lives(folder: string): boolean {
    try {
        const [pid, started] = fs.readFileSync(path.join(folder, "init"), "utf8").trim().split(" ");
        const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
        return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] === started;
    } catch {
        return false;
    }
}

/**
 * Why labs cannot run on this machine; undefined where they can.
 */
export function labMissing(): string | undefined {
    if (process.platform !== "linux") {
        return "a lab needs Linux";
    }
    if (process.getuid?.() !== 0) {
        return "a lab needs root: it makes namespaces, network devices and mounts";
    }
    const tools = [
        "ip",
        "tc",
        "iptables",
        "nsenter",
        "unshare",
        "findmnt",
        "flock",
        "mkfs.ext4",
        "ssh-keygen",
        "docker",
        "mmdebstrap",
    ];
    const missing = tools.filter((tool) => spawnSync("which", [tool]).status !== 0);
    if (missing.length > 0) {
        return `a lab needs ${missing.join(", ")}: run scripts/setup lab`;
    }
    const trial =
        "ip link add type veth && mount -t tmpfs tmpfs /mnt && mkdir /mnt/{a,b,c} && iptables -A INPUT -j REJECT && " +
        "mount -t overlay overlay -o lowerdir=/mnt/a,upperdir=/mnt/b,workdir=/mnt/c /mnt/a";
    const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--fork"];
    // Where its input is a socket, as Node's pipes are, bash takes itself for a remote login, and runs the user's own .bashrc.
    const tried = spawnSync("unshare", [...namespaces, "bash", "-c", trial], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
    });
    return tried.status === 0 ? undefined : `namespaces do not work here: ${tried.stderr.trim()}`;
}
