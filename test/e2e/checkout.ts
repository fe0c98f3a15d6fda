import { execFileSync, spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { withSettings } from "../../scripts/stackFile";
import { docker, type Result } from "./stack";

/** A copy of the checkout, with a stack of its own: `make up` of this machine's user goes on beside. */
export class Checkout {
    /** Where it is. */
    readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-make-"));
    /** The stack's file of settings, as a user writes it; then Pulumi writes to it too. */
    readonly stackFile: string;

    /**
     * @param settings What the stack's file has.
     * @param more Further variables of the environment.
     */
    constructor(
        private readonly stack: string,
        settings: string,
        private readonly more: Record<string, string> = {},
    ) {
        const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
            encoding: "utf8",
        });
        for (const file of files.split("\n").filter((name) => name && fs.existsSync(name))) {
            fs.cpSync(file, path.join(this.folder, file));
        }
        fs.symlinkSync(path.resolve("node_modules"), path.join(this.folder, "node_modules"));
        this.stackFile = path.join(this.folder, `Pulumi.${stack}.yaml`);
        fs.writeFileSync(this.stackFile, settings);
    }

    /** Changes settings in the stack's file. */
    set(settings: Record<string, unknown>): void {
        fs.writeFileSync(this.stackFile, withSettings(fs.readFileSync(this.stackFile, "utf8"), settings));
    }

    /** That of a user who has set nothing of Pulumi's but its home, is not logged in, and is not within `make test`. */
    get environment(): NodeJS.ProcessEnv {
        const kept = Object.entries(process.env).filter(
            ([name]) => !/^(PULUMI_|MAKE|MFLAGS$)/.test(name) || name === "PULUMI_HOME",
        );
        return { ...Object.fromEntries(kept), PULUMI_CREDENTIALS_PATH: this.folder, ...this.more };
    }

    /** Runs a command in it. */
    run(command: string, ...args: string[]): Result {
        const done = spawnSync(command, args, {
            cwd: this.folder,
            env: this.environment,
            encoding: "utf8",
            maxBuffer: 64 << 20,
        });
        return { code: done.status, output: done.stdout + done.stderr };
    }

    /** Runs make on the stack. */
    make(...args: string[]): Result {
        return this.run("make", `STACK=${this.stack}`, ...args);
    }

    remove(): void {
        fs.rmSync(this.folder, { recursive: true });
    }
}

/** Removes what is left of a cluster on this machine, data too. */
export function sweep(cluster: string): void {
    for (const [kind, ...force] of [["container", "--force"], ["volume"], ["network"]] as [string, ...string[]][]) {
        const ids = docker(
            kind,
            "ls",
            "--quiet",
            ...(kind === "container" ? ["--all"] : []),
            "--filter",
            `label=storm.cluster=${cluster}`,
        );
        for (const id of ids.split("\n").filter(Boolean)) {
            docker(kind, "rm", ...force, id);
        }
    }
}
