import * as fs from "fs";
import * as path from "path";
import { type FirewallRule, renderFilter } from "./firewall";
import { lives, script } from "./run";

/** What a host is like. */
export interface HostOptions {
    /**
     * `docker` (the default): Debian with Docker running. `bare`: without Docker; packages can be installed.
     * `old-docker`: bare, with a stand-in for docker and dockerd that says 19.03.15.
     */
    kind?: "docker" | "bare" | "old-docker";
    /** Default: the lab's next free one, from .11 on. */
    address?: string;
    /** Whether the user `storm` has sudo, without a password. Default: true. */
    sudo?: boolean;
    /** Whether Docker's data folder has the lab's images already. Default: false. */
    withImages?: boolean;
    /** Whether Docker pulls public names from the lab's registry (/etc/docker/daemon.json). Default: true where kind is `docker`. */
    mirror?: boolean;
    /** Size of the disk, /var/lib/docker and /var/lib/storm included, in MiB. Default: as much as the machine has. */
    diskMiB?: number;
    /** Limit of the memory of all that runs in it, in MiB. Default: none. */
    memoryMiB?: number;
    /** Whether the machine that runs the lab cannot dial it, and only the lab's other hosts can. Default: false. */
    behindBastion?: boolean;
    /** An address beside its own, at which the machine that runs the lab can dial it even behind a bastion. Default: none. */
    publicAddress?: string;
    /** What it lets in from the start on, as `firewall()` takes it. Default: everything. */
    firewall?: FirewallRule[];
    /** Public keys that root and the user `storm` are reached with. Default: the lab's. */
    authorizedKeys?: string;
    /** A script, which may be gzip'd, that is run once, as root, when everything else is up, as cloud-init does. Default: none. */
    userData?: string | Buffer;
    /**
     * Block devices, which lie outside of its disk. Where they are given, an empty list too, /var/lib/storm is no mount that a
     * volume could not go over. Default: none.
     */
    devices?: BlockDevice[];
}

/** A block device of this machine's that a host has too. */
export interface BlockDevice {
    /** What udev would call it in the host's /dev/disk/by-id. */
    id: string;
    /** Its number on this machine: `7:3`. */
    number: string;
}

/** What a host is to know of its lab. */
export interface HostPlace {
    name: string;
    /** The host's own folder on this machine. */
    folder: string;
    /** Base tree under its file system. */
    tree: string;
    /** Folder of prepared images (images.sh). */
    images: string;
    /** Network devices of this machine: the lab's bridge, and the host's link, which host.sh makes. */
    bridge: string;
    link: string;
    mac: string;
    gateway: string;
    prefixLength: number;
    /** Public keys that root and the user `storm` are reached with. */
    authorizedKeys: string;
    /** Tells the lab's name server a changed address. */
    publish: () => void;
}

/**
 * A machine of a lab: root and the user `storm` are reached over SSH, at its address or, from hosts of the lab, by its name.
 * Everything of it ends with its power; its disk stays until it is reinstalled or the lab is removed.
 */
export class LabHost {
    readonly name: string;
    private current: string;
    private publicKey = "";
    private rules?: FirewallRule[];
    private devices?: BlockDevice[];
    private publicAddress?: string;
    private isCutOff = false;
    private rate = "";

    /** Lab.addHost makes hosts. */
    constructor(
        private readonly place: HostPlace,
        address: string,
        private readonly options: HostOptions,
    ) {
        this.name = place.name;
        this.current = address;
        this.rules = options.firewall;
        this.devices = options.devices;
        this.publicAddress = options.publicAddress;
    }

    /** Its IPv4 address. */
    get address(): string {
        return this.current;
    }

    /** Its public host key, as in known_hosts: `ssh-ed25519 AAAA...`. */
    get hostKey(): string {
        return this.publicKey;
    }

    /**
     * Powers it on, and waits until sshd listens, Docker, where it is installed, answers, and user data, at the first boot, has run.
     * @throws Error with the end of its console, where it does not within five minutes, or, with user data, a quarter of an hour.
     */
    async powerOn(): Promise<void> {
        this.writeSeed();
        this.writeRules();
        await this.script("on");
        this.publicKey = await this.exec("cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub");
    }

    /** Takes its power away: everything in it is killed at once, and its address does not answer. */
    async powerOff(): Promise<void> {
        await this.script("off");
    }

    /** Drops every packet from and to it without a word, while it runs on. */
    async cutOff(): Promise<void> {
        this.isCutOff = true;
        await this.applyRules();
    }

    /** Undoes cutOff(). */
    async reconnect(): Promise<void> {
        this.isCutOff = false;
        await this.applyRules();
    }

    /**
     * Lets in only what the rules say, and refuses all else; connections that it makes itself, and those within it, go on.
     * Ports that a container publishes from a network of its own are not held back. Undefined: everything is let in again.
     */
    async firewall(rules: FirewallRule[] | undefined): Promise<void> {
        this.rules = rules;
        await this.applyRules();
    }

    /** Limits what it sends and gets, each, to a rate as tc writes it: `1mbit`. Undefined: no limit. */
    async slowDown(rate: string | undefined): Promise<void> {
        this.rate = rate ?? "";
        await this.script("rate");
    }

    /** Gives it another address of the lab's subnet; keys and disk stay. */
    async changeAddress(address: string): Promise<void> {
        this.current = address;
        this.place.publish();
        if (this.isOn) {
            await this.script("address");
        }
    }

    /** Gives it another public address; undefined: none. */
    async changePublicAddress(address: string | undefined): Promise<void> {
        if (address === this.publicAddress) {
            return;
        }
        this.publicAddress = address;
        await this.applyRules();
        if (this.isOn) {
            await this.script("public");
        }
    }

    /** Gives it these block devices, and takes away others that it had. */
    async setDevices(devices: BlockDevice[]): Promise<void> {
        this.devices = devices;
        this.writeSeed();
        if (this.isOn) {
            await this.exec(this.deviceScript());
        }
    }

    /** Makes it a new machine at the same address: empty disk, other host keys. It is on afterwards. */
    async reinstall(): Promise<void> {
        await this.powerOff();
        for (const part of ["disk", "disk.ext4"]) {
            await fs.promises.rm(path.join(this.place.folder, part), { recursive: true, force: true });
        }
        await this.powerOn();
    }

    /**
     * Fills its disk, so that nothing more can be written.
     * @throws Error where it has no disk of its own size (diskMiB).
     */
    async fillDisk(): Promise<void> {
        if (this.options.diskMiB === undefined) {
            throw new Error(`${this.name} has no disk of its own to fill: make it with diskMiB`);
        }
        const free = "df --output=avail --block-size=1 / | tail -n 1";
        await this.exec(`fallocate --length "$(${free})" ${FILLER} || true; cat /dev/zero >>${FILLER} || true`);
    }

    /** Undoes fillDisk(). */
    async freeDisk(): Promise<void> {
        await this.exec(`rm -f ${FILLER}`);
    }

    /**
     * Runs a bash command in it as root, without SSH.
     * @param input What the command gets to read. Default: nothing.
     * @returns What it printed, trimmed.
     * @throws Error with all that it said, where it fails.
     */
    exec(command: string, input?: string): Promise<string> {
        return script("exec.sh", [this.place.folder, command], { input });
    }

    /** The words before a bash command line that run it in it as root, without SSH. */
    get shell(): string[] {
        return [path.join(__dirname, "exec.sh"), this.place.folder];
    }

    /** DOCKER_HOST of its Docker daemon, for root of this machine; another one after each time that it is powered on. */
    get dockerHost(): string {
        const [init] = fs.readFileSync(path.join(this.place.folder, "init"), "utf8").split(" ");
        return `unix:///proc/${init}/root/run/docker.sock`;
    }

    /** Whether it has power. */
    get isOn(): boolean {
        return lives(this.place.folder);
    }

    /** Makes its devices known as udev would. */
    private deviceScript(): string {
        const devices = this.devices ?? [];
        const made = devices.map(({ id, number }) => {
            const [major, minor] = number.split(":");
            const node = `/dev/nvme${minor}n1`;
            return `[ -b ${node} ] || mknod ${node} b ${major} ${minor}; ln -sf ${node} /dev/disk/by-id/${id}`;
        });
        const others = `find /dev/disk/by-id -type l ${devices.map(({ id }) => `! -name ${id}`).join(" ")} -delete`;
        return ["mkdir -p /dev/disk/by-id", others, ...made].join("\n");
    }

    private async applyRules(): Promise<void> {
        this.writeRules();
        if (this.isOn) {
            await this.script("rules");
        }
    }

    private writeRules(): void {
        const unreachable = this.options.behindBastion
            ? { from: this.place.gateway, butAt: this.publicAddress }
            : undefined;
        const rules = renderFilter({ firewall: this.rules, unreachable, cutOff: this.isCutOff });
        fs.writeFileSync(path.join(this.place.folder, "rules"), rules);
    }

    /** What init.sh sets the machine up with at its first boot. */
    private writeSeed(): void {
        const { kind = "docker", sudo = true, mirror = kind === "docker", userData } = this.options;
        const { authorizedKeys = this.place.authorizedKeys } = this.options;
        const { name, gateway } = this.place;
        const files: Record<string, string | Buffer> = {
            hostname: `${name}\n`,
            "resolv.conf": `nameserver ${gateway}\n`,
            authorized_keys: authorizedKeys,
            ...(sudo ? {} : { "no-sudo": "" }),
            ...(mirror
                ? { "daemon.json": `${JSON.stringify({ "registry-mirrors": [`http://${gateway}:5001`] })}\n` }
                : {}),
            ...(userData === undefined ? {} : { "user-data": userData }),
            ...(this.devices === undefined ? {} : { devices: this.deviceScript() }),
            ...(kind === "old-docker"
                ? { "old-docker": fs.readFileSync(path.join(__dirname, "old-docker.sh"), "utf8") }
                : {}),
        };
        const seed = path.join(this.place.folder, "seed");
        fs.mkdirSync(seed, { recursive: true });
        for (const [file, content] of Object.entries(files)) {
            fs.writeFileSync(path.join(seed, file), content);
        }
    }

    private async script(command: string): Promise<void> {
        const { withImages, diskMiB, memoryMiB } = this.options;
        const { folder, tree, images, bridge, link, mac, gateway, prefixLength } = this.place;
        const env = {
            BASE: tree,
            IMAGES: withImages ? `${images}/docker` : "",
            DISK_MIB: String(diskMiB ?? ""),
            MEMORY_MIB: String(memoryMiB ?? ""),
            BRIDGE: bridge,
            LINK: link,
            MAC: mac,
            STORM_BIND: this.devices === undefined ? "yes" : "",
            ADDRESS: `${this.current}/${prefixLength}`,
            PUBLIC_ADDRESS: this.publicAddress ?? "",
            GATEWAY: gateway,
            RATE: this.rate,
        };
        await script("host.sh", [command, folder], { env });
    }
}

/** What takes the room that fillDisk takes. */
const FILLER = "/var/lib/docker/.lab-filler";
