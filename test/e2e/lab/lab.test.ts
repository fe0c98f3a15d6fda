import { execFileSync, spawn, spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { describeLab } from "../../lab/describeLab";
import { Lab, type LabHost } from "../../lab/lab";
import { until } from "../stack";
import { traces } from "./traces";

/** Whether a TCP port answers, to a host or, without one, to this machine: `open`, `refused`, or `silent`. */
async function connect(from: LabHost | undefined, address: string, port: number): Promise<string> {
    const command = `timeout 5 bash -c 'exec 3<>/dev/tcp/${address}/${port}' 2>&1; echo "ended with $?"`;
    const said = from ? await from.exec(command) : spawnSync("bash", ["-c", command], { encoding: "utf8" }).stdout;
    return /ended with 0/.test(said) ? "open" : /refused/.test(said) ? "refused" : "silent";
}

/** Runs a command over SSH, as anybody would who was told the host's key. */
function ssh(
    lab: Lab,
    host: LabHost,
    user: string,
    command: string,
    options: string[] = [],
): { code: number | null; said: string } {
    const knownHosts = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "lab-")), "known_hosts");
    fs.writeFileSync(knownHosts, `${host.address} ${host.hostKey}\n`);
    const strict = [`UserKnownHostsFile=${knownHosts}`, "StrictHostKeyChecking=yes"];
    const settings = [...strict, "BatchMode=yes", "ConnectTimeout=5", "IdentitiesOnly=yes"];
    const alone = ["-F", "none", ...settings.flatMap((setting) => ["-o", setting])];
    const identity = options.length > 0 ? options : ["-i", lab.keyFile];
    const done = spawnSync("ssh", [...alone, ...identity, `${user}@${host.address}`, command], { encoding: "utf8" });
    return { code: done.status, said: (done.stdout + done.stderr).trim() };
}

/** The repositories of the images that a host has. */
async function repositories(host: LabHost): Promise<string[]> {
    return (await host.exec("docker image ls --format '{{.Repository}}'")).split("\n");
}

const ZOOKEEPER = "docker run --detach --name zoo --restart unless-stopped --network host zookeeper:3.9.5";

describeLab("a lab", () => {
    let lab: Lab;
    let a: LabHost;
    let b: LabHost;

    beforeAll(async () => {
        lab = await Lab.create({ name: "e2elab", subnet: "10.77.9.0/24" });
        [a, b] = await Promise.all([lab.addHost("a"), lab.addHost("b", { withImages: true })]);
    });

    afterAll(() => lab?.remove());

    test("hosts know each other's names, forwards and in reverse, and no others", async () => {
        expect(await a.exec("hostname")).toBe("a");
        expect(await a.exec("ping -c 1 -W 2 b")).toContain("1 received");
        expect(await a.exec("getent hosts b")).toMatch(new RegExp(`^${b.address}\\s+b$`));
        expect(await a.exec(`getent hosts ${b.address}`)).toMatch(new RegExp(`^${b.address}\\s+b$`));
        expect(
            await a.exec("getent hosts no-such-host; getent hosts 10.77.9.200; getent hosts example.com; echo none"),
        ).toBe("none");
    });

    test("root and storm get in with the key, at the host key that was told, and nobody with another key", () => {
        expect(ssh(lab, a, "root", "whoami")).toEqual({ code: 0, said: "root" });
        expect(ssh(lab, a, "storm", "whoami; sudo -n whoami")).toEqual({ code: 0, said: "storm\nroot" });
        const other = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "lab-")), "key");
        spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", other]);
        const denied = ssh(lab, a, "storm", "whoami", ["-i", other]);
        expect(denied.code).toBe(255);
        expect(denied.said).toContain("Permission denied");
    });

    test("a host without sudo, and one with an old Docker", async () => {
        const old = await lab.addHost("old", { kind: "old-docker", sudo: false });
        expect(ssh(lab, old, "storm", "sudo -n whoami").code).not.toBe(0);
        expect(
            ssh(lab, old, "storm", "docker --version; dockerd --version; docker version --format '{{.Server.Version}}'")
                .said,
        ).toBe("Docker version 19.03.15, build 99e3ed8919\nDocker version 19.03.15, build 99e3ed8919\n19.03.15");
        await old.powerOff();
    });

    test("images are pulled by their public names, or are there already", async () => {
        expect(await a.exec("docker image ls --quiet")).toBe("");
        expect(await b.exec("docker image ls --format '{{.Repository}}'")).toMatch(/storm/);
        expect(await a.exec("docker pull --quiet zookeeper:3.9.5")).toBe("docker.io/library/zookeeper:3.9.5");
        expect(await b.exec("docker pull zookeeper:3.9.5")).toContain("Image is up to date");
    });

    test("a container on the host's network is reached from another host, also after a loss of power", async () => {
        await b.exec(ZOOKEEPER);
        await until("ZooKeeper answers", 300, async () => (await connect(a, "b", 2181)) === "open");
        await b.powerOff();
        expect(await connect(a, "b", 2181)).toBe("silent");
        expect(await connect(undefined, b.address, 22)).toBe("silent");
        const key = b.hostKey;
        await b.powerOn();
        expect(b.hostKey).toBe(key);
        await until("ZooKeeper answers again", 300, async () => (await connect(a, "b", 2181)) === "open");
        expect(ssh(lab, b, "storm", "hostname").said).toBe("b");
    });

    test("a firewall lets in what it is told, also after a loss of power, and is taken away", async () => {
        await b.firewall([
            { from: [lab.gateway], ports: [22] },
            { from: [a.address], ports: [[2000, 2200]] },
        ]);
        const seen = async () => {
            const fromHere = [await connect(undefined, b.address, 22), await connect(undefined, b.address, 2181)];
            return [await connect(a, "b", 22), await connect(a, "b", 2181), ...fromHere];
        };
        expect(await seen()).toEqual(["refused", "open", "open", "refused"]);
        expect(await b.exec("getent hosts a")).toContain("a");
        expect(await connect(b, "127.0.0.1", 2181)).toBe("open");
        await b.powerOff();
        await b.powerOn();
        await until("ZooKeeper answers again", 300, async () => (await connect(b, "127.0.0.1", 2181)) === "open");
        expect(await seen()).toEqual(["refused", "open", "open", "refused"]);
        await b.firewall(undefined);
        expect(await seen()).toEqual(["open", "open", "open", "open"]);
    });

    test("a host that is cut off is silent, runs on, and comes back", async () => {
        await b.cutOff();
        expect([await connect(a, "b", 2181), await connect(undefined, b.address, 22)]).toEqual(["silent", "silent"]);
        expect(await connect(b, a.address, 22)).toBe("silent");
        expect(await b.exec("docker ps --format '{{.Names}}'")).toBe("zoo");
        await b.reconnect();
        expect([await connect(a, "b", 2181), await connect(b, "a", 22)]).toEqual(["open", "open"]);
    });

    test("a host's network is slowed down, and sped up again", async () => {
        await b.slowDown("2mbit");
        expect(await b.exec("ip -details link show eth0")).toContain("qdisc tbf");
        expect(await connect(a, "b", 2181)).toBe("open");
        await b.slowDown(undefined);
        expect(await b.exec("ip -details link show eth0")).not.toContain("qdisc tbf");
    });

    test("another address keeps keys and disk", async () => {
        const { address: before, hostKey } = b;
        await b.exec("echo kept >/root/note");
        await b.changeAddress("10.77.9.77");
        expect(await connect(a, before, 22)).toBe("silent");
        expect(await a.exec("getent hosts b")).toMatch(/^10\.77\.9\.77\s+b$/);
        expect(ssh(lab, b, "root", "cat /root/note")).toEqual({ code: 0, said: "kept" });
        expect(b.hostKey).toBe(hostKey);
        expect(await connect(a, "b", 2181)).toBe("open");
    });

    test("a reinstalled host is another machine at the same address", async () => {
        const { address, hostKey } = b;
        await b.reinstall();
        expect(b.address).toBe(address);
        expect(b.hostKey).not.toBe(hostKey);
        expect(await b.exec("test -e /root/note || echo gone; docker ps --all --quiet")).toBe("gone");
        expect(await repositories(b)).toEqual(expect.arrayContaining(["storm", "zookeeper"]));
        expect(ssh(lab, b, "storm", "hostname").said).toBe("b");
    });

    test("a disk of a size gets full, and is freed", async () => {
        const c = await lab.addHost("c", { diskMiB: 600, memoryMiB: 700 });
        await c.fillDisk();
        await expect(c.exec("echo more >/root/note && sync")).rejects.toThrow("No space left");
        await expect(c.exec("head -c 4096 /dev/zero >/var/lib/storm/note")).rejects.toThrow("No space left");
        await c.freeDisk();
        expect(await c.exec("echo more >/root/note; cat /root/note")).toBe("more");
        const limit = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null || true";
        expect(await c.exec(limit)).toBe(String(700 << 20));
        await c.powerOff();
    });

    test("behind a bastion, a host is reached from the lab alone", async () => {
        const inner = await lab.addHost("inner", { kind: "bare", behindBastion: true });
        expect([await connect(undefined, inner.address, 22), await connect(a, "inner", 22)]).toEqual([
            "silent",
            "open",
        ]);
        const login = `ssh -i ${lab.keyFile} -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -W %h:%p root@${a.address}`;
        expect(ssh(lab, inner, "storm", "hostname", ["-i", lab.keyFile, "-o", `ProxyCommand=${login}`]).said).toContain(
            "inner",
        );
        expect(await inner.exec("getent hosts a")).toContain("a");
        await inner.powerOff();
    });

    test("on a bare host Docker is installed from packages, which start it", async () => {
        const bare = await lab.addHost("bare", { kind: "bare", withImages: true });
        await expect(bare.exec("docker version")).rejects.toThrow("not found");
        await bare.exec(
            "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends docker.io",
        );
        await until("Docker answers", 300, () =>
            bare.exec("docker version || true").then((said) => said.includes("Server:")),
        );
        expect(await bare.exec("docker run --rm --network host --entrypoint hostname zookeeper:3.9.5")).toBe("bare");
        await bare.powerOff();
        await bare.powerOn();
        expect(await repositories(bare)).toEqual(expect.arrayContaining(["storm", "zookeeper"]));
    });

    test("name and subnet of a lab are its own", async () => {
        await expect(Lab.create({ name: "e2elab", subnet: "10.77.20.0/24" })).rejects.toThrow(
            "there is a lab e2elab already",
        );
        await expect(Lab.create({ name: "e2eother", subnet: "10.77.9.0/24" })).rejects.toThrow(
            "network 10.77.9.0/24 already",
        );
        expect(await connect(a, "b", 22)).toBe("open");
    });

    test("what a killed run left behind is swept by the next, and removal leaves nothing", async () => {
        const subnet = "10.77.20.0/24";
        const program = `require("./test/lab/lab").Lab.create({ name: "e2ekill", subnet: "${subnet}" })
            .then((lab) => lab.addHost("x", { diskMiB: 600 })).then(() => console.log("up"));
            setInterval(() => undefined, 1000);`;
        const node = ["-r", "./scripts/transpile.js", "-e", program];
        const child = spawn(process.execPath, node, { stdio: ["ignore", "pipe", "inherit"] });
        await new Promise((resolve) => child.stdout.once("data", resolve));
        const left = traces("e2ekill", subnet);
        for (const kind of ["folder", "process", "mount", "link", "rule", "loop device", "cgroup"]) {
            expect(left.some((trace) => trace.startsWith(kind))).toBe(true);
        }
        const ended = new Promise((resolve) => child.once("close", resolve));
        child.kill("SIGKILL");
        await ended;

        const next = await Lab.create({ name: "e2enext", subnet: "10.77.21.0/24" });
        expect(traces("e2ekill", subnet)).toEqual([]);
        expect(traces("e2elab", "10.77.9.0/24")).not.toEqual([]);
        expect(await connect(a, "b", 22)).toBe("open");
        await next.addHost("y");
        await next.remove();
        expect(traces("e2enext", "10.77.21.0/24")).toEqual([]);
    });

    test("the network of a lab whose folder is gone is swept by the next, too", async () => {
        const [gone, subnet] = ["e2egone", "10.77.20.0/24"];
        // As lab.sh makes it
        execFileSync("ip", ["link", "add", `lab-${gone}`, "type", "bridge"]);
        execFileSync("ip", ["address", "add", "10.77.20.1/24", "dev", `lab-${gone}`]);
        execFileSync("iptables", ["--wait", "-I", "FORWARD", "-i", `lab-${gone}`, "-j", "ACCEPT"]);
        const next = await Lab.create({ name: "e2enext", subnet });
        try {
            expect(traces(gone, "none")).toEqual([]);
            expect(await connect(a, "b", 22)).toBe("open");
        } finally {
            await next.remove();
        }
    });
});
