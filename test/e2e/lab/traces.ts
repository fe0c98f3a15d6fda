import { spawnSync } from "child_process";
import * as fs from "fs";
import * as path from "path";

/** All of this machine that belongs to a lab, by the lab's name and subnet: folders, processes, mounts in any namespace, and so on. */
export function traces(lab: string, subnet: string): string[] {
    const mark = `storm-lab/${lab}`;
    const has = (text: string) => new RegExp(`${mark}(/|\\s|\\)|$)`).test(text);
    const processes = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    const named = (kind: string, texts: string[], own: (text: string) => boolean) =>
        texts.filter(own).map((text) => `${kind} ${text}`);
    return [
        ...named("folder", [`/var/lib/${mark}`], (folder) => fs.existsSync(folder)),
        ...named("process", processes, (pid) => has(read(`/proc/${pid}/cgroup`)) || has(read(`/proc/${pid}/cmdline`))),
        ...named("mount", [...new Set(processes.flatMap((pid) => read(`/proc/${pid}/mountinfo`).split("\n")))], has),
        ...named(
            "link",
            fs.readdirSync("/sys/class/net"),
            (link) => link === `lab-${lab}` || link.startsWith(`lab-${lab}-`),
        ),
        ...named("rule", output("iptables-save"), (rule) => rule.includes(`lab-${lab} `) || rule.includes(subnet)),
        ...named("loop device", output("losetup", "--all"), has),
        ...named(
            "cgroup",
            output("findmnt", "--raw", "--noheadings", "--output", "TARGET", "--types", "cgroup,cgroup2"),
            (mounted) => fs.existsSync(path.join(mounted, mark)),
        ),
    ];
}

/** A file of a process, which may be gone; without NUL characters, which separate arguments. */
function read(file: string): string {
    try {
        return fs.readFileSync(file, "utf8").replaceAll("\0", " ");
    } catch {
        return "";
    }
}

function output(command: string, ...args: string[]): string[] {
    return spawnSync(command, args, { encoding: "utf8" }).stdout.split("\n").filter(Boolean);
}
