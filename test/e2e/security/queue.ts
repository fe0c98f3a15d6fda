/** A queue outside the cluster, and a topology that takes its sentences from there. */
import { execFileSync } from "child_process";
import { once } from "events";
import * as fs from "fs";
import * as net from "net";
import * as os from "os";
import * as path from "path";
import { createInterface } from "readline";
import { jar } from "../topologies/topologies";

/** What a task of the spout has been given. */
interface Task {
    /** The connection of the worker that has it. */
    socket: net.Socket;
    /** Ids that it has not acked yet. */
    underWay: Set<string>;
    /** Of these, those that it is to emit again. */
    again: Set<string>;
    /** Whether it has acked one since it was opened. */
    hasAcked: boolean;
}

/** Gives ids to spouts, and gives those again that failed, or were not acked when their spout was opened again. */
export class Queue {
    /** Ids that were given. */
    emitted = 0;
    /** Of these, those that were acked. */
    acked = 0;
    /** How often one was given again. */
    replays = 0;
    /** Whether new ids are given. */
    isFlowing = true;
    /** When spouts were opened, and acked an id for the first time then: by task, such as `0 opened` and `0 acked`. */
    readonly events: string[] = [];
    private readonly tasks = new Map<string, Task>();
    private readonly server = net.createServer((socket) => this.serve(socket));

    /** Listens, on all addresses: the cluster's network does not exist yet. */
    async listen(): Promise<number> {
        this.server.listen(0, "0.0.0.0");
        await once(this.server, "listening");
        return (this.server.address() as net.AddressInfo).port;
    }

    close(): void {
        this.server.close();
        this.tasks.forEach(({ socket }) => socket.destroy());
    }

    private serve(socket: net.Socket): void {
        let task = "";
        // Its worker was killed.
        socket.on("error", () => undefined);
        createInterface(socket)
            .on("error", () => undefined)
            .on("line", (line) => {
                const [what, word = ""] = line.split(" ");
                if (what === "open") {
                    task = word;
                    const { underWay = new Set<string>() } = this.tasks.get(task) ?? {};
                    this.tasks.set(task, { socket, underWay, again: new Set(underWay), hasAcked: false });
                    this.events.push(`${task} opened`);
                }
                const given = this.tasks.get(task);
                // What a worker of before has still sent is void.
                if (given?.socket !== socket) {
                    return;
                }
                if (what === "next") {
                    socket.write(`${this.next(given)}\n`);
                } else if (what === "fail" && given.underWay.has(word)) {
                    given.again.add(word);
                } else if (what === "ack" && given.underWay.delete(word)) {
                    given.again.delete(word);
                    this.acked++;
                    if (!given.hasAcked) {
                        given.hasAcked = true;
                        this.events.push(`${task} acked`);
                    }
                }
            });
    }

    private next({ underWay, again }: Task): string {
        const [failed] = again;
        if (failed !== undefined) {
            again.delete(failed);
            this.replays++;
            return failed;
        }
        if (!this.isFlowing) {
            return "";
        }
        const id = String(++this.emitted);
        underWay.add(id);
        return id;
    }
}

/**
 * The jar of the example with the topology of QueueTopology.java, in a folder of its own.
 * @param image Image of Storm, whose jars it is compiled with.
 */
export function queueJar(image: string): string {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-queue-"));
    const find = "find /apache-storm -name 'storm-client*.jar' -o -name 'storm-shaded-deps*.jar'";
    const run = ["run", "--rm", "--entrypoint", "bash", image, "-c", `tar -ch $(${find})`];
    const jars = execFileSync("docker", run, { stdio: "pipe", maxBuffer: 256 << 20 });
    execFileSync("tar", ["-x", "-C", folder, "--transform", "s,.*/,,"], { input: jars, stdio: "pipe" });
    const copy = path.join(folder, "queue.jar");
    fs.copyFileSync(jar, copy);
    const java = path.join(__dirname, "QueueTopology.java");
    execFileSync("javac", ["--release", "17", "-cp", `${folder}/*`, "-d", `${folder}/classes`, java]);
    execFileSync("jar", ["--update", "--file", copy, "-C", `${folder}/classes`, "."]);
    return copy;
}
