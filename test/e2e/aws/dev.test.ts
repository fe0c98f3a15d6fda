// Long, as machines are launched, lost and replaced, each with all of its set-up.
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { isDeepStrictEqual } from "util";
import { ports } from "../../../components/storm/spec/ports";
import { isReachable } from "../../../provider/machines/reachability";
import { configOf } from "../../../scripts/stackFile";
import { describeEc2 } from "../../lab/ec2/describeEc2";
import { growingMissing } from "../../lab/ec2/volumes";
import { nodeExporterOn, reaches, summaryBy, targetsBy } from "../hosts/fleet";
import { Checkout } from "../checkout";
import { machineSettings, until } from "../stack";
import { Cloud } from "./cloud";

const jar = "examples/wordcount/target/wordcount.jar";

describeEc2("dev on EC2", () => {
    let cloud: Cloud;

    /** The names of what is not as it was before. */
    const changed = (before: Record<string, unknown>, after: Record<string, unknown>) =>
        [...new Set([...Object.keys(before), ...Object.keys(after)])]
            .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
            .sort();

    beforeAll(async () => {
        // Docker is installed on one machine, each time that it is launched; others have it, as an image of a user's own would.
        const host = (name: string) =>
            ({ kind: name.endsWith("zookeeper-1") ? "bare" : "docker", withImages: true }) as const;
        const changes = {
            ...machineSettings("storm:prometheusImage", "storm:nodeExporterImage"),
            monitoring: { nodeExporter: true },
        };
        cloud = await Cloud.create({ name: "awsdev", number: 6, stackFile: "dev", changes, host });
        await cloud.stack.up();
    });
    afterAll(() => cloud?.remove());

    test("`make ami` writes the newest images into the stack's file, and nothing else", () => {
        const before = fs.readFileSync("Pulumi.dev.yaml", "utf8");
        const checkout = new Checkout("e2e-ami", before, cloud.ec2.environment);
        try {
            expect(checkout.make("ami")).toEqual({
                code: 0,
                output: expect.stringMatching(/is +ami-\w+ +al2023-ami-2023\./) as string,
            });
            const after = fs.readFileSync(checkout.stackFile, "utf8");
            expect(after.replace(/\n +ami: ami-[0-9a-f]+(?=\n)/, "")).toBe(before);
            expect(after).not.toBe(before);
            expect(checkout.make("ami").output).toContain("It is the newest: nothing is changed.");
            const aws = configOf(after)["storm:aws"] as object;
            const instances = [{ name: "a", type: "t4g.medium", daemons: ["nimbus-1"] }];
            checkout.set({ "storm:aws": { ...aws, instances } });
            expect(checkout.make("ami")).toEqual({
                code: 0,
                output: expect.stringMatching(/storm:aws\.amiArm64 .*\n +was +none\n +is +ami-\w+/) as string,
            });
            expect(configOf(fs.readFileSync(checkout.stackFile, "utf8"))["storm:aws"]).toEqual({
                ...aws,
                instances,
                amiArm64: expect.stringMatching(/^ami-[0-9a-f]+$/) as string,
            });
        } finally {
            checkout.remove();
        }
    });

    test("has two instances, on which its daemons run, and beside them what watches them, once for each machine", async () => {
        expect(Object.keys(await cloud.machines()).sort()).toEqual(["nimbus-1", "zookeeper-1"]);
        for (const { name: machine, daemons } of cloud.instances) {
            const host = await cloud.ec2.host(`${cloud.stack.cluster}-${machine}`);
            const watching = machine === "nimbus-1" ? ["exporter", "prometheus"] : [];
            expect((await host.exec("docker ps --format '{{.Names}}'")).split("\n").sort()).toEqual(
                [...daemons, "node-exporter", ...watching].map((name) => `${cloud.stack.cluster}-${name}`).sort(),
            );
        }
    });

    test("is wired by the private addresses", async () => {
        const machines = await cloud.machines();
        const { nimbuses, supervisors } = await cloud.summary();
        expect(nimbuses).toMatchObject([{ host: machines["nimbus-1"]?.address, leader: true }]);
        expect(supervisors.map(({ host }) => host).sort()).toEqual(
            Object.values(machines)
                .map(({ address }) => address)
                .sort(),
        );
    });

    test("counts words", async () => {
        const nimbus = await cloud.host("nimbus-1");
        await cloud.stack.stormOn(
            nimbus,
            [nimbus.address],
            "jar",
            jar,
            "wordcount.WordCountTopology",
            "wordcount",
            "2",
        );
        await cloud.untilCounting("supervisor-1", "supervisor-2");
    });

    test("machines show a host key of their own, not the one in their user data", async () => {
        const host = await cloud.host("zookeeper-1");
        const launched = await host.exec("sed -n '/BEGIN/,/END/p' /run/user-data");
        expect(launched).toContain("PRIVATE KEY");
        const key = await host.exec("cat /etc/ssh/ssh_host_ed25519_key");
        expect(launched).not.toContain(key.split("\n")[2]);
    });

    test("data of all daemons is on volumes that outlive the instances", async () => {
        for (const daemon of ["zookeeper-1", "supervisor-1", "nimbus-1", "supervisor-2"]) {
            const data = `/var/lib/storm/${cloud.stack.cluster}/${daemon}/data`;
            const mounted = await (
                await cloud.host(daemon)
            ).exec(`findmnt --noheadings --output SOURCE,FSTYPE,TARGET --target ${data}`);
            expect(mounted).toMatch(/^\/dev\/nvme\S+ +ext4 +\/var\/lib\/storm$/);
        }
    });

    test("lets in what the table of connections has, and nothing else", async () => {
        const [zookeeper, nimbus] = [await cloud.host("zookeeper-1"), await cloud.host("nimbus-1")];
        expect(await reaches(nimbus, zookeeper, ports.zookeeper)).toBe(true);
        // By the supervisor beside it.
        expect(await reaches(zookeeper, nimbus, ports.nimbus)).toBe(true);
        expect(await reaches(nimbus, zookeeper, 22)).toBe(false);
        expect(await reaches(nimbus, zookeeper, ports.zookeeperElection)).toBe(false);
        expect(await reaches(zookeeper, nimbus, ports.nodeExporter)).toBe(false);
    });

    test("lets Prometheus scrape all machines", async () => {
        const nimbus = await cloud.host("nimbus-1");
        const up = async () =>
            (await targetsBy(nimbus, cloud.stack.cluster))
                .map(({ job, machine = "", isUp }) => `${job} ${machine} ${isUp ? 1 : 0}`)
                .sort();
        const machines = Object.keys(await cloud.machines()).map((name) => `node ${name} 1`);
        const expected = [...machines, "prometheus  1", "storm  1", "zookeeper  1"].sort();
        await until("all targets are up", 300, async () => isDeepStrictEqual(await up(), expected));
    });

    test("a second update changes nothing, and nothing has changed outside", async () => {
        await cloud.stack.up("--refresh", "--expect-no-changes");
    });

    test("no launch key is in the state in clear, also after the refresh before, which has read user data back", async () => {
        const { output } = await cloud.stack.pulumi("stack", "export");
        const shown = await cloud.stack.pulumi("stack", "export", "--show-secrets");
        for (const daemon of ["zookeeper-1", "nimbus-1"]) {
            const script = await (await cloud.host(daemon)).exec("cat /run/user-data");
            const key = /-----BEGIN [^]*-----END [A-Z ]+-----/.exec(script)?.[0] ?? "none";
            const line = key.split("\n")[2] as string;
            // A base64 text has the same key at one of three offsets, without the characters that its neighbours have a part in.
            const encoded = ["", "x", "xx"].map((before) =>
                Buffer.from(before + key)
                    .toString("base64")
                    .slice(4, -4),
            );
            expect(shown.output).toContain(line);
            expect([line, ...encoded].filter((secret) => output.includes(secret))).toEqual([]);
        }
    });

    test("a supervisor moves to an instance of its own, with its work, and the other instances stay", async () => {
        const before = await cloud.machines();
        const others = cloud.instances.map((instance) => ({
            ...instance,
            daemons: instance.daemons.filter((daemon) => daemon !== "supervisor-2"),
        }));
        cloud.setAws({ instances: [...others, { name: "worker", type: "t3.large", daemons: ["supervisor-2"] }] });
        await cloud.stack.up();
        const after = await cloud.machines();
        expect(changed(before, after)).toEqual(["worker"]);
        const { supervisors } = await cloud.summary();
        expect(supervisors.map(({ host }) => host)).toContain(after.worker?.address);
        await cloud.untilCounting("supervisor-1", "supervisor-2");
        const left = await (await cloud.host("nimbus-1")).exec("docker ps --all --format '{{.Names}}'");
        expect(left).not.toContain("supervisor-2");
    });

    test("an instance that was stopped and started is found again at its other public address, and nothing is made anew", async () => {
        const before = { machines: await cloud.machines(), containers: await cloud.containers() };
        const host = await cloud.host("supervisor-2");
        await cloud.ec2.stopInstance(cloud.nameOf("supervisor-2"));
        await until("the machine is off", 300, () => !host.isOn);
        await cloud.ec2.startInstance(cloud.nameOf("supervisor-2"));
        await until("the machine is on", 300, () => host.isOn);
        await cloud.repair("worker");
        expect(await cloud.machines()).toEqual(before.machines);
        expect(await cloud.containers()).toEqual(before.containers);
        await cloud.untilCounting("supervisor-2");
    });

    // One that keeps address and data is lost in prod's test.
    test("an instance that was terminated gets another in its place, and nobody else is touched", async () => {
        const before = { machines: await cloud.machines(), containers: await cloud.containers() };
        const host = await cloud.host("supervisor-2");
        await cloud.ec2.terminateInstance(cloud.nameOf("supervisor-2"));
        await until("the machine is off", 300, () => !host.isOn);
        await cloud.repair("worker");
        const after = { machines: await cloud.machines(), containers: await cloud.containers() };
        expect(changed(before.machines, after.machines)).toEqual(["worker"]);
        const nodeExporters = [before, after].map(({ machines }) => nodeExporterOn(machines.worker?.id ?? ""));
        expect(changed(before.containers, after.containers)).toEqual([...nodeExporters, "supervisor-2"].sort());
        await cloud.untilCounting("supervisor-1", "supervisor-2");
    });

    const cannotGrow = growingMissing();
    if (cannotGrow !== undefined) {
        console.log(`Skipped: a data volume that grows. ${cannotGrow}`);
    }
    (cannotGrow === undefined ? test : test.skip)(
        "a data volume grows in place, and its file system with it",
        async () => {
            const before = await cloud.containers();
            const size = async () =>
                parseInt(
                    await (
                        await cloud.host("zookeeper-1")
                    ).exec("df --output=size --block-size=1G /var/lib/storm | tail -n 1"),
                );
            const small = await size();
            cloud.setAws({ dataGibibytes: 40 });
            await cloud.stack.up();
            expect(await size()).toBeGreaterThan(1.5 * small);
            expect(await cloud.containers()).toEqual(before);
        },
    );

    test("by names of a private zone, daemons find each other too, and the machines stay", async () => {
        const before = await cloud.machines();
        const name = (daemon: string) => `${daemon}.${cloud.stack.cluster}.internal`;
        cloud.stack.set({ discovery: "dns" });
        await cloud.stack.up();
        expect(await cloud.machines()).toEqual(before);
        const nimbus = await cloud.host("nimbus-1");
        const names = ["supervisor-1", "supervisor-2"].map(name);
        // One whose session has not expired is registered by its address, too.
        await until("both are registered by their names alone", 300, async () => {
            const asked = { address: name("nimbus-1") };
            const { supervisors } = await summaryBy(nimbus, cloud.stack.cluster, "nimbus-1", asked);
            return isDeepStrictEqual(supervisors.map(({ host }) => host).sort(), names);
        });
        await cloud.untilCounting("supervisor-1", "supervisor-2");
        await cloud.stack.up("--expect-no-changes");
    });

    describe("through Session Manager", () => {
        /** Has programs found in a folder first, in the place of those of this machine. */
        const findFirst = (folder: string) => {
            cloud.stack.environment.PATH = `${folder}:${process.env.PATH}`;
        };

        test("an update without `aws` fails before anything is created", async () => {
            const before = await cloud.ec2.resources();
            cloud.stack.set({ ssh: { user: "storm", keyFile: cloud.lab.keyFile, via: "session-manager" } });
            cloud.setAws({ from: { ui: [`${cloud.lab.gateway}/32`] } });
            const broken = fs.mkdtempSync(path.join(os.tmpdir(), "storm-no-aws-"));
            try {
                fs.writeFileSync(path.join(broken, "aws"), "#!/bin/sh\nexit 127\n", { mode: 0o755 });
                findFirst(broken);
                const { code, output } = await cloud.stack.pulumi("up", "--yes", "--skip-preview");
                expect([code !== 0, output]).toEqual([true, expect.stringContaining("`aws` cannot be run")]);
            } finally {
                fs.rmSync(broken, { recursive: true });
            }
            expect(await cloud.ec2.resources()).toEqual(before);
        });

        test("no machine is replaced, SSH's port closes, and a supervisor comes and goes through it, with its own resources alone", async () => {
            const before = { machines: await cloud.machines(), containers: await cloud.containers() };
            findFirst(path.resolve("test/lab/ec2/session-manager"));
            await cloud.stack.up();
            expect({ machines: await cloud.machines(), containers: await cloud.containers() }).toEqual(before);
            const { PublicIpAddress: address = "" } = (await cloud.ec2.instances())[cloud.nameOf("supervisor-1")] ?? {};
            const access = { keyPath: cloud.lab.keyFile };
            await until(
                "SSH's port is closed",
                300,
                async () => !(await isReachable({ address, port: 22, user: "storm" }, access, 0)),
            );
            const { instances } = cloud;
            cloud.setAws({ instances: [...instances, { name: "more", type: "t3.large", daemons: ["supervisor-3"] }] });
            cloud.stack.set({ supervisors: 3 });
            const added = await cloud.stack.changes();
            expect(added.filter((change) => !/^create .*(supervisor-3|restart-gate-2|-more)/.test(change))).toEqual([
                "update monitoring-prometheus",
                "update monitoring-prometheus-files",
            ]);
            await cloud.stack.up();
            expect((await cloud.summary()).supervisors).toHaveLength(3);
            cloud.setAws({ instances });
            cloud.stack.set({ supervisors: 2 });
            await cloud.stack.up("--refresh");
            expect({ machines: await cloud.machines(), containers: await cloud.containers() }).toEqual(before);
        });
    });

    test("leaves nothing when it is destroyed", async () => {
        const { code, output } = await cloud.stack.pulumi("destroy", "--yes", "--skip-preview");
        expect(code === 0 ? "" : output).toBe("");
        expect(await cloud.leftovers()).toEqual([]);
    });

    test("has called nothing of AWS that docs/aws-policy.json does not allow", () => {
        expect(cloud.ec2.calls()).toEqual(expect.arrayContaining(["ec2:RunInstances", "ssm:GetParameter"]));
        expect(cloud.forbiddenCalls()).toEqual([]);
    });
});
