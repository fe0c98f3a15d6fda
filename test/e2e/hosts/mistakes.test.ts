import { execFileSync } from "child_process";
import * as fs from "fs";
import { describeLab } from "../../lab/describeLab";
import { Lab, type LabHost } from "../../lab/lab";
import { TestStack } from "../stack";
import { containersOn, heap } from "./fleet";

describeLab("beside a cluster that runs,", () => {
    let lab: Lab;
    let stack: TestStack;
    let before: Record<string, string>;
    const host = (name: string) => lab.hosts[name] as LabHost;
    const login = () => ({ user: "storm", keyFile: lab.keyFile, seconds: 10 });
    const entry = (name: string, daemons: string[], more: object = {}) => ({
        name,
        address: host(name).address,
        daemons,
        ...more,
    });
    const good = () => entry("good", ["zookeeper-1", "nimbus-1", "supervisor-1"]);

    /** Adds a host with a supervisor, which has to fail. */
    async function failureWith(bad: object): Promise<string> {
        stack.set({ supervisors: 2, hosts: [good(), bad] });
        const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview", "--continue-on-error");
        expect(code).not.toBe(0);
        expect(await containersOn(lab, stack.cluster)).toEqual(before);
        return output;
    }

    beforeAll(async () => {
        lab = await Lab.create({ name: "e2ewrong", subnet: "10.77.2.0/24" });
        await Promise.all([
            lab.addHost("good", { withImages: true }),
            lab.addHost("nosudo", { sudo: false }),
            lab.addHost("old", { kind: "old-docker" }),
            lab.addHost("full", { diskMiB: 4096 }),
            lab.addHost("other", { withImages: true }),
        ]);
        stack = new TestStack("e2e-wrong", {
            target: "hosts",
            supervisors: 1,
            slots: 1,
            ui: false,
            logviewers: false,
            heap,
            ssh: login(),
            registryMirror: `http://${lab.registry}`,
            hosts: [good()],
        });
        await stack.up();
        before = await containersOn(lab, stack.cluster);
    });
    afterAll(async () => {
        stack?.discard();
        await lab?.remove();
    });
    afterEach(async () => {
        // What was half made goes, and the cluster is as it was.
        stack.set({ supervisors: 1, ssh: login(), hosts: [good()] });
        await stack.up();
        expect(await containersOn(lab, stack.cluster)).toEqual(before);
    });

    test("a host that nobody answers for is named within the limit", async () => {
        const output = await failureWith({ name: "nobody", address: "10.77.2.99", daemons: ["supervisor-2"] });
        expect(output).toContain("nobody (10.77.2.99) does not answer over SSH within 10 s");
    });

    test("a user without sudo is told what is missing", async () => {
        expect(await failureWith(entry("nosudo", ["supervisor-2"]))).toContain(
            "user storm is not root and may not use sudo without a password",
        );
    });

    test("a Docker that is too old is left as it is, and what to do is said", async () => {
        expect(await failureWith(entry("old", ["supervisor-2"]))).toMatch(
            /Docker 19\.03\.15 is too old: 20\.10 or newer is needed; upgrade it/,
        );
    });

    test("a full disk is told, with how much is needed", async () => {
        await host("full").fillDisk();
        expect(await failureWith(entry("full", ["supervisor-2"]))).toMatch(
            /too little disk space for Docker's data: 2048 MiB are needed, \d+ MiB are free in \/var\/lib\/docker/,
        );
        await host("full").freeDisk();
    });

    test("a machine with too little memory for what is placed there is told before a container is made", async () => {
        stack.set({ heap: { ...heap, worker: 100_000 } });
        const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview", "--continue-on-error");
        expect(code).not.toBe(0);
        expect(output).toMatch(/the heaps of the daemons placed here need \d+ MiB, this machine has \d+ MiB/);
        expect(await containersOn(lab, stack.cluster)).toEqual(before);
        stack.set({ heap });
    });

    test("a key that hosts refuse stops an update, and the right one mends it", async () => {
        const wrong = `${lab.keyFile}-wrong`;
        execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", wrong]);
        stack.set({ ssh: { ...login(), keyFile: wrong } });
        const output = await failureWith(entry("other", ["supervisor-2"]));
        expect(output).toMatch(/other \(10\.77\.2\.15\) refuses the stack's private key/);
        fs.rmSync(wrong);
    });

    test("a machine with another host key than the settings' is not talked to", async () => {
        const output = await failureWith(entry("other", ["supervisor-2"], { hostKey: host("good").hostKey }));
        expect(output).toContain("other (10.77.2.15) does not show the host key that is expected");
        expect(output).toContain("Nothing was sent to it");
    });

    test("a machine that was reinstalled stops the update until its new key is in the settings; then it is set up anew", async () => {
        stack.set({ supervisors: 2, hosts: [good(), entry("other", ["supervisor-2"])] });
        await stack.up();
        await host("other").reinstall();
        const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview", "--refresh");
        expect(code).not.toBe(0);
        expect(output).toMatch(
            /other \(10\.77\.2\.15\) does not show the host key that is expected.* with the fingerprint SHA256:/,
        );
        expect(output).toContain("set hostKey of other in storm:hosts");
        stack.set({ hosts: [good(), entry("other", ["supervisor-2"], { hostKey: host("other").hostKey })] });
        await stack.up();
        expect(Object.keys(await containersOn(lab, stack.cluster)).sort()).toEqual(
            [...Object.keys(before), "supervisor-2"].sort(),
        );
    });
});
