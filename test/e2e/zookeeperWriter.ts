import { type ChildProcess, spawn } from "child_process";
import { once } from "events";
import * as path from "path";
import { script } from "../lab/run";

/** What became of writes. */
export interface Written {
    /** How many the ensemble has acknowledged. */
    acknowledged: number;
    /** How many ended with an error, so that nobody knows whether they were done. */
    failed: number;
    /** Those that were acknowledged and are not there at the end. */
    lost: string[];
    /** The longest time between two acknowledgements. */
    longestGapSeconds: number;
}

const started: ChildProcess[] = [];
// A test that fails does not stop its own, which Jest would wait for without end.
afterAll(() => started.forEach((child) => child.kill()));

/** A client that writes to a ZooKeeper ensemble ten times a second. */
export class ZooKeeperWriter {
    private output = "";
    private errors = "";

    private constructor(private readonly child: ChildProcess) {
        child.stdout?.on("data", (chunk: Buffer) => (this.output += String(chunk)));
        child.stderr?.on("data", (chunk: Buffer) => (this.errors += String(chunk)));
    }

    /**
     * Starts one; it has connected when it is given.
     * @param servers Address and port of each member.
     */
    static async start(servers: string[]): Promise<ZooKeeperWriter> {
        const folder = await script("pypi.sh", ["kazoo"]);
        const child = spawn(path.join(folder, "bin", "python"), [
            path.join(__dirname, "zookeeperWriter.py"),
            servers.join(),
        ]);
        started.push(child);
        const writer = new ZooKeeperWriter(child);
        await Promise.race([
            once(child.stdout, "data"),
            once(child, "exit").then(() => Promise.reject(new Error(writer.errors))),
        ]);
        return writer;
    }

    /** How many writes the ensemble has acknowledged until now. */
    get acknowledged(): number {
        return this.output.split("acknowledged\n").length - 1;
    }

    /** Stops it; what became of what it wrote. */
    async stop(): Promise<Written> {
        this.child.stdin?.end();
        await once(this.child, "close");
        const result = this.output.trim().split("\n").at(-1);
        if (!result?.startsWith("{")) {
            throw new Error(this.errors);
        }
        return JSON.parse(result) as Written;
    }
}
