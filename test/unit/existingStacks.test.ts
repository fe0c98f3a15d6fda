/**
 * Holds the inputs of containers, volumes, networks, machines and commands against those of the last commit. An existing stack is
 * somebody's cluster: another input may replace a container, or run a command again on each of its machines. Where a setting or an
 * issue asks for that, say so in CHANGELOG.md, and record the new inputs: `npx jest --selectProjects unit existingStacks -u`.
 */
import { createHash } from "crypto";
import { stackFile } from "./awsFixture";
import { onHosts } from "./hostsFixture";
import { runProgram } from "./program";

jest.setTimeout(120_000);

/** What each of them runs, where its settings do not say so: Storm as of the version of this program that created it. */
const stateWith = (image: unknown) => ({
    "storm:index:StormVersionGuard::storm-major-version": { image },
    // Their state has nothing but the former argument for the interface of an instance.
    ...Object.fromEntries(
        ["zookeeper-1", "zookeeper-2", "zookeeper-3", "nimbus-1", "nimbus-2", "bastion"].map((machine) => [
            `aws:ec2/instance:Instance::host-${machine}-instance`,
            {},
        ]),
    ),
});
/** `Pulumi.prod.yaml` had it; a stack that exists keeps that line. */
const formerProdImage = "storm:2.8.9@sha256:ced257dce6bc4ff4cc5f6f1c71711ca06edbd5abe12ae8208a5910cea49700ba";

const kept = /^(docker:index\/(container:Container|volume:Volume|network:Network)|command:|aws:)/;

test.each<[string, Record<string, unknown>]>([
    ["local", { delivery: "file", drpcs: 1 }],
    ["local, with DNS", { discovery: "dns", zookeepers: 3, nimbuses: 2 }],
    ["hosts", { ...onHosts, registryMirror: "http://mirror:5000" }],
    ["hosts, with encrypted ambassadors", { ...onHosts, discovery: "ambassador", ambassadorTls: true }],
    ["dev on aws", stackFile("dev", { instances: [] })],
    ["dev on aws, on two instances", stackFile("dev")],
    ["prod on aws", { ...stackFile("prod"), stormImage: formerProdImage }],
])("a stack %s keeps its inputs", async (_, settings) => {
    const { resources } = await runProgram(settings, { state: stateWith(settings.stormImage ?? "storm:2.8.9") });
    const recorded = resources
        .filter(({ type }) => kept.test(type))
        .map(({ type, name, inputs }) => {
            const hash = createHash("sha256").update(JSON.stringify(inputs)).digest("hex");
            return `${name} (${type.split(":").at(-1)}) ${hash.slice(0, 12)}`;
        });
    expect(recorded.length).toBeGreaterThan(5);
    expect(recorded.sort()).toMatchSnapshot();
});
