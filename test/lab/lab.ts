import { execFileSync } from "child_process";
import * as fs from "fs";
import * as path from "path";
import * as yaml from "yaml";
import { clusterDefaults } from "../../components/storm/spec/defaults";
import { type HostOptions, LabHost } from "./host";
import { LABS, labMissing, lives, run, script } from "./run";

export { type FirewallRule } from "./firewall";
export { type HostOptions, LabHost } from "./host";
export { labMissing } from "./run";

/** What a lab is like. */
export interface LabOptions {
    /** Up to 8 lower case letters and digits. Labs with different names and subnets run beside each other. */
    name: string;
    /** A /24 as `10.77.0.0/24`, the default; the machine is its .1. */
    subnet?: string;
    /** Private key that hosts are reached with; made, with KEY.pub, where it is missing. Default: one in the lab's folder. */
    keyFile?: string;
    /**
     * Images of this machine's Docker that the lab's registry, and hosts made `withImages`, have. Default: those that
     * `make setup` chose for the stack `local`.
     */
    images?: string[];
    /** Whether it outlives this process, until it is removed. Default: false, and the next lab removes what this process left. */
    kept?: boolean;
}

/**
 * A simulated data centre: machines with network, disk, processes, users, sshd and Docker of their own, on this one, with a
 * name server and a registry of images. See test/lab/README.md.
 */
export class Lab {
    /** Hosts by name. */
    readonly hosts: Record<string, LabHost> = {};
    /** Private key that root and the user `storm` of every host are reached with. */
    readonly keyFile: string;
    /** This machine's address in the lab. */
    readonly gateway: string;
    /** Where hosts pull images from by their public names: `10.77.0.1:5001`. */
    readonly registry: string;
    /** Its folder on this machine, which goes with it. */
    readonly folder: string;
    /** How many hosts it has made. */
    private made = 0;
    private furtherNames: Record<string, string> = {};

    private constructor(
        readonly name: string,
        private readonly subnet: string,
        private readonly images: string,
        private readonly trees: { docker: string; bare: string },
        keyFile: string | undefined,
    ) {
        this.folder = path.join(LABS, name);
        this.gateway = this.addressOf(1);
        this.registry = `${this.gateway}:5001`;
        this.keyFile = keyFile ?? path.join(this.folder, "key");
    }

    /**
     * Makes a lab without hosts. Labs whose process was killed are removed first.
     * @throws Error where labs cannot run here, what `scripts/setup tests` makes for them is missing, or name or subnet are taken.
     */
    static async create(options: LabOptions): Promise<Lab> {
        const { name, subnet = "10.77.0.0/24", kept = false } = options;
        const missing = labMissing();
        if (missing !== undefined) {
            throw new Error(missing);
        }
        if (!/^[a-z][a-z0-9]{0,7}$/.test(name) || !/^(\d+\.){3}0\/24$/.test(subnet)) {
            throw new Error(
                `a lab's name has up to 8 lower case letters and digits, its subnet is a /24, unlike ${name} ${subnet}`,
            );
        }
        const images = await script("images.sh", options.images ?? machineImages());
        const trees = { docker: await script("tree.sh", ["docker"]), bare: await script("tree.sh", ["bare"]) };
        await script("lab.sh", ["claim", name, subnet, kept ? "kept" : String(process.pid)]);
        const lab = new Lab(name, subnet, images, trees, options.keyFile);
        try {
            await script("lab.sh", ["up", name, images]);
            if (!fs.existsSync(lab.keyFile)) {
                await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", `lab ${name}`, "-f", lab.keyFile]);
            }
        } catch (error) {
            await lab.remove();
            throw error;
        }
        return lab;
    }

    /**
     * Makes a host, powers it on and waits until it is up. Several may be made at the same time.
     * @param name As a host name is written.
     * @throws Error where name or address are taken, or it does not come up.
     */
    async addHost(name: string, options: HostOptions = {}): Promise<LabHost> {
        const number = ++this.made;
        const address = options.address ?? this.freeAddress();
        if (name in this.hosts || Object.values(this.hosts).some((host) => host.address === address)) {
            throw new Error(`the lab ${this.name} has ${name} or ${address} already`);
        }
        const { kind = "docker" } = options;
        const began = Date.now();
        const folder = path.join(this.folder, "hosts", name);
        const place = {
            name,
            folder,
            tree: this.trees[kind === "docker" ? "docker" : "bare"],
            images: this.images,
            bridge: `lab-${this.name}`,
            link: `lab-${this.name}-${number}`,
            // Locally administered; a machine keeps its own through reboots, or the others' ARP caches would be wrong.
            mac: ["2", "76", ...this.addressOf(number).split(".")]
                .map((byte) => Number(byte).toString(16).padStart(2, "0"))
                .join(":"),
            gateway: this.gateway,
            prefixLength: 24,
            authorizedKeys: fs.readFileSync(`${this.keyFile}.pub`, "utf8"),
            publish: () => this.publishNames(),
        };
        const host = (this.hosts[name] = new LabHost(place, address, options));
        this.publishNames();
        await host.powerOn();
        process.stderr.write(`lab: ${name} ${address} is up (${((Date.now() - began) / 1000).toFixed(1)} s)\n`);
        return host;
    }

    /** Removes a host with its disk. */
    async removeHost(name: string): Promise<void> {
        await this.hosts[name]?.powerOff();
        await fs.promises.rm(path.join(this.folder, "hosts", name), { recursive: true, force: true });
        delete this.hosts[name];
        this.publishNames();
    }

    /** Removes the lab with everything in it. */
    async remove(): Promise<void> {
        await Lab.remove(this.name);
    }

    /** Removes the lab of that name, whoever made it. */
    static async remove(name: string): Promise<void> {
        await script("lab.sh", ["remove", name]);
    }

    /** Whether a lab of that name is up. */
    static isUp(name: string): boolean {
        return lives(path.join(LABS, name, "services"));
    }

    private addressOf(last: number): string {
        return this.subnet.replace(/0\/24$/, String(last));
    }

    private freeAddress(): string {
        const taken = Object.values(this.hosts).map((host) => host.address);
        for (let last = 11; last < 255; last++) {
            if (!taken.includes(this.addressOf(last))) {
                return this.addressOf(last);
            }
        }
        throw new Error(`the lab ${this.name} has no address left`);
    }

    /** Has the lab's name server know further names, in the place of those before: addresses by name. */
    setNames(names: Record<string, string>): void {
        this.furtherNames = names;
        this.publishNames();
    }

    /** Tells the lab's name server all names. */
    private publishNames(): void {
        const services = path.join(this.folder, "services");
        const ofHosts = Object.values(this.hosts).map(({ name, address }) => [name, address]);
        const names = [...ofHosts, ...Object.entries(this.furtherNames)].map(
            ([name, address]) => `${address} ${name}\n`,
        );
        const input = fs.readFileSync(path.join(this.folder, "outside"), "utf8") + names.join("");
        execFileSync(
            path.join(__dirname, "exec.sh"),
            [services, "cat >/etc/hosts && kill -HUP $(cat /run/dnsmasq.pid)"],
            { input },
        );
    }
}

/** Makes the file systems that all hosts of this machine's labs start from, where they are not there yet: some minutes. */
export async function makeTrees(): Promise<void> {
    await Promise.all(["services", "bare", "docker"].map((kind) => script("tree.sh", [kind], { env: makes })));
}

/** Makes what all labs of this machine start from, where it is not there yet. */
export async function makeSources(): Promise<void> {
    await makeTrees();
    await script("images.sh", machineImages(), { env: makes });
}

/** The environment in which scripts make what is kept for all labs. */
const makes = { MAKES: "yes" };

/** Images that `make setup` chose for this machine, as Pulumi.yaml and the stack's file name them, or the default of new stacks. */
function machineImages(): string[] {
    const files = ["Pulumi.yaml", "Pulumi.local.yaml"].filter((file) => fs.existsSync(file));
    type Settings = { config: Record<string, string | { default: string }> };
    const configs = files.map((file) => (yaml.parse(fs.readFileSync(file, "utf8")) as Settings).config);
    const ofDaemons = ["stormImage", "zookeeperImage", "dnsImage", "etcdImage", "proxyImage", "fleetImage"];
    return [...ofDaemons, "prometheusImage", "nodeExporterImage"].map((key) => {
        const value = configs.reduce(
            (last, config) => config[`storm:${key}`] ?? last,
            "" as string | { default: string },
        );
        return (typeof value === "string" ? value : value.default) || clusterDefaults.stormImage;
    });
}
