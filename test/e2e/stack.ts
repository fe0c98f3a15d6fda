import { type SpawnSyncReturns, spawn, spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import * as yaml from "yaml";
import { clusterDefaults } from "../../components/storm/spec/defaults";
import type { LabHost } from "../lab/lab";

/** What a command printed, and how it ended. */
export interface Result {
    code: number | null;
    /** Standard output and error, as they came. */
    output: string;
}

/** A command that was started. */
export interface Started {
    done: Promise<Result>;
    /** What it has printed so far. */
    output: () => string;
    /** Sends a signal to it, and to all that it has started. */
    kill: (signal: NodeJS.Signals) => void;
}

/** The image of Storm that stacks of the tests have which set none. */
export const machineStorm = () => (machineSettings()["storm:stormImage"] ?? clusterDefaults.stormImage) as string;

/**
 * The images of this machine and what they hold: what `make setup` wrote for the stack `local`, without the user's own.
 * @param further Keys that a version of before does not have.
 */
export function machineSettings(...further: string[]): Record<string, unknown> {
    const file = "Pulumi.local.yaml";
    if (!fs.existsSync(file)) {
        throw new Error(`${file} is not there: run make setup`);
    }
    const { config } = yaml.parse(fs.readFileSync(file, "utf8")) as { config: Record<string, unknown> };
    const keys = [
        "storm:stormImage",
        "storm:zookeeperImage",
        "storm:proxyImage",
        "storm:ui",
        "storm:logviewers",
        ...further,
    ];
    return Object.fromEntries(Object.entries(config).filter(([key]) => keys.includes(key)));
}

const pulumi = path.resolve("node_modules/.bin/pulumi");

/** Entries of storm.yaml by which JVMs start sooner: dozens share two processors, and few live long enough for the second compiler. */
export const frugalJvms = Object.fromEntries(
    ["nimbus", "supervisor", "logviewer", "worker"].map((jvm) => [`${jvm}.childopts`, "-XX:TieredStopAtLevel=1"]),
);

/**
 * What every stack of the tests has in storm.yaml: each thread of an idle worker looks for tuples a thousand times a second by default,
 * and a few words are as good as many. Two Nimbus daemons may wait for each other (docs/troubleshooting.md).
 */
const frugal = {
    "topology.spout.wait.progressive.level3.sleep.millis": 100,
    "topology.bolt.wait.progressive.level2.count": 1,
    "topology.bolt.wait.progressive.level3.sleep.millis": 100,
    ...frugalJvms,
    "storm.thrift.socket.timeout.ms": 30000,
    "wordcount.sentences.per.second": 4,
};

/**
 * A stack of this program with a state of its own, driven by the real CLI. Its name keeps its containers apart from
 * those of `make up` and of other tests.
 */
export class TestStack {
    readonly cluster: string;
    private readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-e2e-"));
    /** The process groups of the CLI that have not ended. */
    private readonly running = new Set<number>();
    /** Environment of the CLI. */
    readonly environment: NodeJS.ProcessEnv;

    /**
     * @param settings Of this program (supervisors restart all at once unless they say otherwise), or others by their whole
     *     name. On `local`, no other Docker network of this machine may have the `subnet`.
     */
    constructor(
        readonly name: string,
        settings: Record<string, unknown>,
    ) {
        this.cluster = `storm-${name}`;
        this.environment = {
            ...process.env,
            PULUMI_BACKEND_URL: `file://${this.folder}`,
            PULUMI_CONFIG_PASSPHRASE: "",
            PULUMI_OPTION_CONFIG_FILE: this.configFile(),
            PULUMI_SKIP_UPDATE_CHECK: "true",
        };
        this.sweep();
        this.configure({ ...machineSettings(), ...prefixed({ stormYaml: {}, supervisorBatch: 9, ...settings }) });
        this.init();
    }

    /** Creates the stack in its backend. */
    private init(): void {
        // `stack init` writes a stack's salt beside Pulumi.yaml, whatever PULUMI_OPTION_CONFIG_FILE says.
        fs.copyFileSync("Pulumi.yaml", path.join(this.folder, "Pulumi.yaml"));
        const init = ["--cwd", this.folder, "stack", "init", this.name];
        expectSuccess(spawnSync(pulumi, init, { env: this.environment, encoding: "utf8" }));
    }

    /**
     * Removes what a kill may leave of a checksum beside the state, without which Pulumi reads the state (gocloud.dev's fileblob
     * writes it before the state, and not at once).
     */
    removeEmptyChecksums(): void {
        expectSuccess(spawnSync("find", [this.folder, "-name", "*.attrs", "-empty", "-delete"], { encoding: "utf8" }));
    }

    /** Loses the stack's state; its settings stay. */
    loseState(): void {
        fs.rmSync(path.join(this.folder, ".pulumi"), { recursive: true });
        this.init();
    }

    /** The settings that the stack has. */
    settings(): Record<string, unknown> {
        return (yaml.parse(fs.readFileSync(this.configFile(), "utf8")) as { config: Record<string, unknown> }).config;
    }

    /** Changes settings of the stack. */
    set(settings: Record<string, unknown>): void {
        const file = yaml.parse(fs.readFileSync(this.configFile(), "utf8")) as { config: object };
        fs.writeFileSync(
            this.configFile(),
            yaml.stringify({ ...file, config: { ...file.config, ...prefixed(settings) } }),
        );
    }

    /** Sets a secret setting, as a user does. */
    setSecret(key: string, value: string): void {
        const done = spawnSync(pulumi, ["config", "set", "--secret", key, "--stack", this.name], {
            env: this.environment,
            encoding: "utf8",
            input: value,
        });
        expectSuccess(done);
    }

    /** Runs the CLI on the stack. */
    pulumi(...args: string[]): Promise<Result> {
        return this.start(...args).done;
    }

    /** Starts the CLI on the stack. */
    start(...args: string[]): Started {
        // In a group of its own, as a terminal would start it: a signal is for all of its processes.
        const child = spawn(pulumi, [...args, "--stack", this.name], { env: this.environment, detached: true });
        let output = "";
        const collect = (chunk: Buffer) => (output += String(chunk));
        child.stdout.on("data", collect);
        child.stderr.on("data", collect);
        let end: (result: Result) => void = () => undefined;
        const done = new Promise<Result>((resolve) => (end = resolve));
        const group = child.pid as number;
        this.running.add(group);
        child.on("exit", () => this.running.delete(group));
        child.on("close", (code) => end({ code, output }));
        return {
            done,
            output: () => output,
            kill: (signal) => {
                if (signal === "SIGKILL") {
                    // What it has started may outlive it, and keep its output open.
                    child.on("exit", (code) => end({ code, output }));
                }
                process.kill(-group, signal);
            },
        };
    }

    /** `pulumi up`, which has to succeed. */
    async up(...args: string[]): Promise<string> {
        const { code, output } = await this.pulumi("up", "--yes", "--skip-preview", ...args);
        if (code !== 0) {
            // What went wrong, without the resources before it.
            throw new Error(
                `pulumi up ended with ${code}:\n${output.slice(Math.max(0, output.indexOf("Diagnostics:")))}`,
            );
        }
        return output;
    }

    /** What a preview would do: resource and operation, without those that stay the same. */
    async changes(): Promise<string[]> {
        const { output } = await this.pulumi("preview", "--json");
        const { steps } = JSON.parse(output.slice(output.indexOf("{"))) as { steps: { op: string; urn: string }[] };
        return steps.filter(({ op }) => op !== "same").map(({ op, urn }) => `${op} ${urn.split("::").pop()}`);
    }

    async outputs(): Promise<Record<string, unknown>> {
        const { output } = await this.pulumi("stack", "output", "--json");
        return JSON.parse(output.slice(output.indexOf("{"))) as Record<string, unknown>;
    }

    /** Ids of the containers by daemon. */
    containers(): Record<string, string> {
        const format = '{{.Label "storm.daemon"}} {{.ID}}';
        const lines = docker("ps", "--all", "--filter", `label=storm.cluster=${this.cluster}`, "--format", format);
        return Object.fromEntries(
            lines
                .split("\n")
                .filter(Boolean)
                .map((line) => line.split(" ") as [string, string]),
        );
    }

    /** Names of the volumes. */
    volumes(): string[] {
        return this.labelled("volume").sort();
    }

    /** Names of the networks. */
    networks(): string[] {
        return this.labelled("network");
    }

    /** Runs Storm's command line in a container on the cluster's network. */
    storm(seeds: string[], ...args: string[]): string {
        const file = path.join(this.folder, "storm.yaml");
        fs.writeFileSync(
            file,
            yaml.stringify({ "nimbus.seeds": seeds, "storm.local.dir": "/data", "storm.log.dir": "/logs" }),
        );
        fs.chmodSync(this.folder, 0o755);
        const image = docker("inspect", "--format", "{{.Config.Image}}", `${this.cluster}-nimbus-1`);
        const run = [
            "run",
            "--rm",
            "--network",
            this.cluster,
            "--user",
            "1000:1000",
            "--volume",
            `${file}:/conf/storm.yaml:ro`,
        ];
        return docker(
            ...run,
            "--volume",
            `${process.cwd()}:/checkout:ro`,
            "--workdir",
            "/checkout",
            image,
            "storm",
            ...args,
        );
    }

    /** Runs Storm's command line in a container on a host; the first argument that names a file is brought there. */
    async stormOn(host: LabHost, seeds: string[], ...args: string[]): Promise<string> {
        const config = JSON.stringify({ "nimbus.seeds": seeds, "storm.local.dir": "/data", "storm.log.dir": "/logs" });
        const file = args.find((argument) => fs.existsSync(argument));
        await host.exec(`mkdir -p /tmp/client/examples && cat >/tmp/client/storm.yaml <<<'${config}'`);
        if (file) {
            await host.exec(
                `mkdir -p /tmp/client/${path.dirname(file)} && base64 -d >/tmp/client/${file}`,
                fs.readFileSync(file, "base64"),
            );
        }
        const mounts =
            "--volume /tmp/client/storm.yaml:/conf/storm.yaml:ro --volume /tmp/client:/checkout:ro --workdir /checkout";
        return host.exec(
            `docker run --rm --network host --user 1000:1000 ${mounts} ${machineStorm()} storm ${args.join(" ")}`,
        );
    }

    /**
     * Forgets the stack when its tests are over: all of it that is in this machine's Docker is removed at once, data too. What it has on
     * hosts of a lab goes with the lab.
     */
    discard(): void {
        // A test that has run out of time leaves its update behind.
        this.running.forEach((group) => process.kill(-group, "SIGKILL"));
        this.sweep();
        fs.rmSync(this.folder, { recursive: true });
    }

    /** Destroys the stack, and removes everything of it, data too, whatever state it is in. */
    async remove(): Promise<void> {
        await this.pulumi("cancel", "--yes");
        await this.pulumi("destroy", "--yes", "--skip-preview");
        this.sweep();
        fs.rmSync(this.folder, { recursive: true });
    }

    /** Removes what a killed run of the tests left behind. */
    private sweep(): void {
        for (const id of Object.values(this.containers())) {
            docker("rm", "--force", "--volumes", id);
        }
        for (const volume of this.volumes()) {
            docker("volume", "rm", volume);
        }
        for (const network of this.networks()) {
            docker("network", "rm", network);
        }
    }

    private labelled(kind: "volume" | "network"): string[] {
        const listed = docker(kind, "ls", "--filter", `label=storm.cluster=${this.cluster}`, "--format", "{{.Name}}");
        return listed.split("\n").filter(Boolean);
    }

    private configFile(): string {
        return path.join(this.folder, `Pulumi.${this.name}.yaml`);
    }

    private configure(config: Record<string, unknown>): void {
        fs.writeFileSync(this.configFile(), yaml.stringify({ config }));
    }
}

/** The daemons whose containers an update has made, in this order, by what it printed. */
export function containersMade(output: string): string[] {
    return [...output.matchAll(/docker:index:Container storm-(\S+)-container created/g)].map(
        ([, daemon]) => daemon as string,
    );
}

/** Runs docker, which has to succeed. */
export function docker(...args: string[]): string {
    const done = spawnSync("docker", args, { encoding: "utf8", maxBuffer: 64 << 20 });
    expectSuccess(done);
    return done.stdout.trim();
}

/** Waits until a condition holds, which is looked at every `milliseconds`, and gives it; fails when it does not within the limit. */
export async function until<T>(
    what: string,
    seconds: number,
    condition: () => T | undefined | false | Promise<T | undefined | false>,
    milliseconds = 500,
): Promise<T> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
        const last = await condition();
        if (last) {
            return last;
        }
        if (Date.now() > deadline) {
            throw new Error(`Not within ${seconds} s: ${what}`);
        }
        await new Promise((resolve) => setTimeout(resolve, milliseconds));
    }
}

/**
 * The answer to what is asked of a cluster, and changes nothing: it is asked again until there is one. Nimbus has five seconds for an
 * answer, and takes longer while the machine is busy or its connection to ZooKeeper is lost.
 */
export async function answered<T>(question: () => Promise<T>): Promise<T> {
    let last: unknown;
    const answer = () =>
        question().then(
            (value) => ({ value }),
            (error) => {
                last = error;
                return undefined;
            },
        );
    const { value } = await until("an answer", 300, answer).catch((error: Error) => {
        throw new Error(`${error.message}, the last time because of: ${String(last)}`);
    });
    return value;
}

function prefixed(settings: Record<string, unknown>): Record<string, unknown> {
    const given = Object.fromEntries(
        Object.entries(settings).map(([key, value]) => [key.includes(":") ? key : `storm:${key}`, value]),
    );
    const stormYaml = given["storm:stormYaml"];
    return stormYaml ? { ...given, "storm:stormYaml": { ...frugal, ...stormYaml } } : given;
}

function expectSuccess(done: SpawnSyncReturns<string>): void {
    if (done.status !== 0) {
        throw new Error(`${done.stderr}${done.stdout}${done.error?.message ?? ""}`);
    }
}
