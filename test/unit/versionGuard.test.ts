/** What a program finds in the stack's state: which scripts containers keep, and where a change of the major version finds the cluster. */
import { kinds } from "../../provider/kinds";
import { certify } from "../../provider/kinds/certificate";
import { StormProvider } from "../../provider/provider";
import { onHosts } from "./hostsFixture";
import { runProgram } from "./program";

jest.setTimeout(120_000);

const type = "storm:storm:StormCluster$storm:index";
const guard = (outputs: object) => ({ [`${type}:StormVersionGuard::storm-major-version`]: outputs });
const image = "storm:2.8.9";

/** What a stack's Nimbus runs, and what guards its version. */
async function declared(settings: Record<string, unknown>, state: Record<string, object> = {}, created = {}) {
    const run = await runProgram(settings, { state, created });
    const nimbus = (index: number) => {
        const { command, memory } = run.get(`storm-nimbus-${index}-container`).inputs;
        return { script: (command as string[])[2] as string, memory };
    };
    return { guard: run.get("storm-major-version").inputs, nimbus };
}

test("a new stack runs today's scripts, with a logviewer beside Nimbus", async () => {
    const { guard: inputs, nimbus } = await declared({ stormImage: image });
    expect(inputs).toMatchObject({ image, revision: 2 });
    expect(nimbus(1).script).toMatch(/RELEASE[^]*storm logviewer/);
    expect(nimbus(1).memory).toBe(Math.ceil(1024 * 1.25) + 192 + Math.ceil(128 * 1.25) + 192);
});

test.each([
    ["of before there were revisions", {}, 1],
    ["with today's", { revision: 2 }, 2],
])("an existing stack %s keeps its scripts", async (_, kept, revision) => {
    const { guard: inputs, nimbus } = await declared({ stormImage: image }, guard({ image, ...kept }));
    expect(inputs.revision ?? 1).toBe(revision);
    expect(nimbus(1).script.includes("storm logviewer")).toBe(revision === 2);
});

test("an existing stack runs today's scripts once a reverse proxy needs a logviewer beside Nimbus, and keeps them", async () => {
    const tls = { stormImage: image, security: "tls" };
    const { certificate } = certify({ name: "a" });
    const signed = { certificate, key: "", keyStore: "YQ==", expires: "2099-01-01T00:00:00.000Z" };
    const created = { "storm:index:Certificate": signed, "storm:index:Password": { value: "a" } };
    const { guard: inputs, nimbus } = await declared({ ...onHosts, ...tls }, guard({ image }), created);
    expect(inputs).toMatchObject({ image, revision: 2 });
    expect([1, 2].map((index) => nimbus(index).script.includes("storm logviewer"))).toEqual([true, true]);
    // Without one beside Nimbus, nothing asks for them.
    expect((await declared(tls, guard({ image }), created)).guard).toMatchObject({ revision: 1 });

    const provider = new StormProvider("0.1.0", kinds);
    const changes = async (olds: object, news: object) =>
        (
            await provider.diff(
                "major-version",
                `urn:pulumi:test::storm::${type}:StormVersionGuard::storm-major-version`,
                { image, ...olds },
                { image, ...news },
            )
        ).changes;
    expect(await changes({}, { revision: 2 })).toBe(true);
    expect(await changes({}, { revision: 1 })).toBe(false);
});

test("an existing stack runs today's scripts with its next image", async () => {
    const { nimbus } = await declared({ stormImage: "storm:2.8.10" }, guard({ image }));
    expect(nimbus(1).script).toContain("storm logviewer");
});

test.each([
    ["no logviewer", { logviewers: false }],
    ["a supervisor at its address", { ...onHosts, hosts: withSupervisor() }],
])("a Nimbus has no logviewer of its own where there is %s", async (_, settings) => {
    const { nimbus } = await declared({ stormImage: image, ...settings });
    expect(nimbus(1).script).not.toContain("storm logviewer");
});

test("a change that is allowed finds the cluster where the last update left it, but for lost machines", async () => {
    const nimbusOn = (host: string) => ({
        ...{
            container: "storm-test-nimbus-1",
            ssh: ["ssh", `storm@${host}.example.com`],
            address: "10.0.0.1",
            port: 6627,
        },
    });
    const connection = (host: string) => ({
        [`storm:hosts:SshHost$storm:index:SshConnection::host-${host}-contact`]: {
            host,
            endpoint: { address: `${host}.example.com`, port: 22, user: "storm" },
            access: {},
            hostKey: `ssh-ed25519 AAAA${host}`,
        },
    });
    const state = {
        ...guard({ image }),
        [`${type}:NimbusShutdown::storm-shutdown`]: { nimbuses: [nimbusOn("a"), nimbusOn("gone")] },
        ...connection("a"),
        ...connection("d"),
        ...connection("gone"),
    };
    const hosts = [...onHosts.hosts, { name: "gone", address: "10.0.0.9", daemons: ["supervisor-3"], lost: true }];
    const settings = { ...onHosts, hosts, supervisors: 3, stormImage: "storm:3.1.0" };
    const { guard: inputs } = await declared({ ...settings, allowMajorVersion: 3 }, state);
    const machine = (host: string) => ({
        host,
        ssh: expect.arrayContaining([`storm@${host}.example.com`]) as string[],
    });
    expect(inputs.change).toEqual({
        to: 3,
        cluster: "storm-test",
        nimbuses: [nimbusOn("a")],
        machines: [machine("a"), machine("d")],
    });
    expect((await declared(settings, state)).guard.change).toBeUndefined();
});

function withSupervisor(): object[] {
    const [a, b, c, d, e] = onHosts.hosts;
    return [
        { ...a, daemons: ["zookeeper-1", "nimbus-1", "ui", "supervisor-1"] },
        b,
        c,
        { ...d, daemons: [] },
        e,
    ] as object[];
}
