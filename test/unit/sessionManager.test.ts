import { own, stackFile } from "./awsFixture";
import { revealed, type Run, runProgram } from "./program";

jest.setTimeout(120_000);

const via = { ssh: { via: "session-manager" } };
const from = { ui: own.from.ui };
const profile = { "aws:profile": "storm admin" };
const ofType = (run: Run, type: string) => run.resources.filter((resource) => resource.type.startsWith(type));

const runs: Record<string, Run> = {};
beforeAll(async () => {
    runs.before = await runProgram(stackFile("prod"));
    runs.prod = await runProgram({ ...stackFile("prod", { from }), ...via, ...profile });
    runs.dev = await runProgram({ ...stackFile("dev", { from, instances: [] }), ...via }, { preview: true });
});

describe.each(["prod", "dev"])("%s through Session Manager", (name) => {
    let run: Run;
    beforeAll(() => (run = runs[name] as Run));

    test("has no bastion, and lets nobody in by SSH", () => {
        expect(run.resources.filter(({ urn }) => urn.includes("bastion"))).toEqual([]);
        const rules = ofType(run, "aws:vpc/securityGroupIngressRule:");
        expect(rules.length).toBeGreaterThan(10);
        expect(rules.filter(({ inputs }) => inputs.fromPort === 22)).toEqual([]);
    });

    test("runs all of its scripts by `ssh`, which asks for the instance by its id, and knows its key", () => {
        expect(ofType(run, "command:")).toEqual([]);
        const scripts = ofType(run, "storm:index:Script");
        expect(scripts.length).toBeGreaterThan(5);
        for (const { inputs } of scripts) {
            const ssh = revealed(inputs.ssh) as string[];
            expect(ssh.at(-1)).toBe(`ec2-user@host-${String(inputs.host)}-instance-id`);
            expect(ssh).toContain(`KnownHostsCommand=/bin/echo * ssh-ed25519 made-by-${String(inputs.host)}`);
            expect(ssh.join(" ")).toContain("ProxyCommand=aws ssm start-session --target %h ");
        }
    });

    test("has Docker's provider connect so too", () => {
        const providers = ofType(run, "pulumi:providers:docker");
        expect(providers.length).toBeGreaterThan(3);
        for (const { inputs } of providers) {
            expect(inputs.host).toMatch(/^ssh:\/\/ec2-user@host-[\w-]+-instance-id:22$/);
            expect(JSON.parse(inputs.sshOpts as string)).toContainEqual(
                expect.stringContaining("ProxyCommand=aws ssm start-session --target %h"),
            );
        }
    });
});

test("`aws` gets the zones' region, and the profile of the stack's provider", () => {
    const logins = (run: Run) => (run.outputs.hosts as Record<string, { ssh: string }>)["zookeeper-1"]?.ssh;
    const session =
        "aws ssm start-session --target %h --document-name AWS-StartSSHSession --parameters portNumber=%p --region eu-central-1";
    expect(logins(runs.dev as Run)).toContain(`'ProxyCommand=${session}'`);
    expect(logins(runs.prod as Run)).toContain(`${session} --profile`);
    const { inputs } = (runs.prod as Run).get("host-zookeeper-1-ssh-contact");
    expect(revealed(inputs.access)).toEqual({ sessionManager: { region: "eu-central-1", profile: "storm admin" } });
});

test("Storm UI's address is still that of its machine", () => {
    const address = { dev: "public", prod: "private" };
    for (const [name, kind] of Object.entries(address)) {
        expect((runs[name] as Run).outputs.uiUrl).toBe(`http://${kind} address of host-ui-instance:8080`);
    }
});

test("a stack with a bastion that changes to it keeps its machines as they are, and loses the bastion and the rules alone", () => {
    const kept = /^(aws:(?!vpc\/securityGroupIngressRule:)|docker:index\/container:)/;
    const all = (run: Run) =>
        Object.fromEntries(
            run.resources
                .filter(({ type, urn }) => kept.test(type) && !urn.includes("bastion"))
                .map(({ urn, inputs }) => [urn, inputs]),
        );
    expect(Object.keys(all(runs.before as Run)).length).toBeGreaterThan(50);
    expect(all(runs.prod as Run)).toEqual(all(runs.before as Run));
    const rules = ({ resources }: Run) =>
        resources.filter(({ type }) => type.startsWith("aws:vpc/securityGroupIngressRule:")).map(({ name }) => name);
    const gone = rules(runs.before as Run).filter((rule) => !rules(runs.prod as Run).includes(rule));
    expect(gone.filter((rule) => !/-22-from-/.test(rule))).toEqual([]);
    expect(gone.length).toBeGreaterThan(4);
});

test("an update without the command line of AWS fails before anything is declared", async () => {
    const run = runProgram({ ...stackFile("dev", { from }), ...via }, { missing: ["`aws` cannot be run"] });
    await expect(run).rejects.toThrow("storm:ssh.via (session-manager) cannot be used here:\n  `aws` cannot be run");
});

test("what contradicts it is refused, all at once", async () => {
    const bastion = { address: "192.0.2.1", hostKey: "ssh-ed25519 AAAA" };
    const error = await runProgram({ ...stackFile("prod"), ssh: { ...via.ssh, bastion } }).catch(
        (thrown: Error) => thrown.message,
    );
    expect(error).toContain("is another way to the machines than storm:ssh.via: remove one of the two");
    expect(error).toContain("storm:aws.from.ssh");
    expect(error).toContain("would open a port that nobody uses, as storm:ssh.via is set: remove one of the two");
    const local = await runProgram({ target: "local", ...via }).catch((thrown: Error) => thrown.message);
    expect(local).toContain('storm:ssh.via ("session-manager") is for the target `aws`: remove it');
    const other = await runProgram({ ...stackFile("dev"), ssh: { via: "ssm" } }).catch(
        (thrown: Error) => thrown.message,
    );
    expect(other).toContain('storm:ssh.via ("ssm") must be one of session-manager');
});
