import { execFileSync } from "child_process";
import * as fs from "fs";
import { describeLab } from "../../lab/describeLab";
import { Lab, type LabHost } from "../../lab/lab";
import { TestStack } from "../stack";
import { containersOn, heap } from "./fleet";

describeLab("a host behind a bastion", () => {
    let lab: Lab;
    let stack: TestStack;
    let before: Record<string, string>;
    const host = (name: string) => lab.hosts[name] as LabHost;
    const bastion = () => ({ address: host("bastion").address, user: "storm", hostKey: host("bastion").hostKey });

    beforeAll(async () => {
        lab = await Lab.create({ name: "e2elogin", subnet: "10.77.3.0/24" });
        await Promise.all([lab.addHost("bastion"), lab.addHost("inner", { withImages: true, behindBastion: true })]);
        stack = new TestStack("e2e-login", {
            target: "hosts",
            supervisors: 1,
            slots: 1,
            ui: false,
            logviewers: false,
            heap,
            ssh: { user: "storm", keyFile: lab.keyFile, bastion: bastion() },
            hosts: [
                { name: "inner", address: host("inner").address, daemons: ["zookeeper-1", "nimbus-1", "supervisor-1"] },
            ],
        });
        await stack.up();
        before = await containersOn(lab, stack.cluster);
    });
    afterAll(async () => {
        stack?.discard();
        await lab?.remove();
    });

    test("is reached through it alone", async () => {
        expect(Object.keys(before).sort()).toEqual(["nimbus-1", "supervisor-1", "zookeeper-1"]);
        await stack.up("--refresh", "--expect-no-changes");
    });

    test("with another key nothing is done but to connect", async () => {
        const key = `${lab.keyFile}-second`;
        execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
        for (const name of ["bastion", "inner"]) {
            await host(name).exec("cat >>/home/storm/.ssh/authorized_keys", fs.readFileSync(`${key}.pub`, "utf8"));
        }
        stack.set({ ssh: { user: "storm", keyFile: key, bastion: bastion() } });
        const changes = await stack.changes();
        expect(changes.length).toBeGreaterThan(0);
        // Commands: their connection has the key.
        expect(
            changes.filter(
                (change) => !/^update (host-inner-docker|storm-memory-inner|\S+-(data|datalog))$/.test(change),
            ),
        ).toEqual([]);
        await stack.up();
        expect(await containersOn(lab, stack.cluster)).toEqual(before);
    });

    test("with the key of the settings, a secret, too; nobody finds it in the state or in what is printed", async () => {
        const key = fs.readFileSync(lab.keyFile, "utf8");
        stack.set({ ssh: { user: "storm", bastion: bastion() } });
        stack.setSecret("sshKey", key);
        const output = await stack.up();
        const state = await stack.pulumi("stack", "export");
        const middle = key.split("\n")[2] ?? "";
        expect(middle.length).toBeGreaterThan(20);
        expect(output + state.output).not.toContain(middle);
        expect(await containersOn(lab, stack.cluster)).toEqual(before);
    });

    test("with the keys of an SSH agent too", async () => {
        const started = execFileSync("ssh-agent", ["-s"], { encoding: "utf8" });
        const [, socket = ""] = /SSH_AUTH_SOCK=([^;]+)/.exec(started) ?? [];
        const [, pid = ""] = /SSH_AGENT_PID=(\d+)/.exec(started) ?? [];
        try {
            execFileSync("ssh-add", ["-q", lab.keyFile], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
            stack.environment.SSH_AUTH_SOCK = socket;
            stack.set({ sshKey: "" });
            await stack.up();
            await stack.up("--refresh", "--expect-no-changes");
            expect(await containersOn(lab, stack.cluster)).toEqual(before);
            expect((await stack.pulumi("destroy", "--yes", "--skip-preview")).code).toBe(0);
            expect(await containersOn(lab, stack.cluster)).toEqual({});
        } finally {
            process.kill(Number(pid));
        }
    });
});
