import * as yaml from "yaml";
import { onHosts } from "./hostsFixture";
import { type Declared, madeAfter, type Run, runProgram } from "./program";

const settings = { ...onHosts, drpcs: 0, stormYaml: { "topology.debug": true, "nimbus.childopts": "-Dx=y" } };
const daemons = ["nimbus-1", "nimbus-2", "supervisor-1", "supervisor-2", "ui"];

jest.setTimeout(180_000);

let byArguments: Run;
let byFile: Run;
beforeAll(async () => {
    byArguments = await runProgram(settings);
    byFile = await runProgram({ ...settings, delivery: "file" });
});

const container = (run: Run, daemon: string) => run.get(`storm-${daemon}-container`);
const file = (run: Run, daemon: string) => run.get(`storm-${daemon}-conf`);
const options = ({ inputs }: Declared) =>
    (inputs.command as string[]).filter((_, index, words) => words[index - 1] === "-c" && index > 2);

test.each(daemons)("%s has the same configuration by either delivery", (daemon) => {
    const launched = options(container(byArguments, daemon)).map((option) => {
        const at = option.indexOf("=");
        return [option.slice(0, at), JSON.parse(option.slice(at + 1)) as unknown];
    });
    const [{ content }] = container(byArguments, daemon).inputs.uploads as [{ content: string }];
    const { content: delivered } = file(byFile, daemon).inputs as { content: string };
    expect(yaml.parse(delivered)).toEqual({ ...yaml.parse(content), ...Object.fromEntries(launched) });
    expect(launched.length).toBeGreaterThan(3);
});

test.each(daemons)("%s finds it in a volume that is made before it, and in no argument", (daemon) => {
    const { inputs } = container(byFile, daemon);
    const { volume } = file(byFile, daemon).inputs;
    expect(volume).toMatch(new RegExp(`^storm-test-${daemon}-conf-[0-9a-f]{12}$`));
    expect(inputs.volumes).toContainEqual({ containerPath: "/conf", volumeName: volume, readOnly: true });
    expect([inputs.uploads, options(container(byFile, daemon))]).toEqual([[], []]);
    expect(madeAfter(container(byFile, daemon), byFile)).toContain(`storm-${daemon}-conf`);
});

test("ZooKeeper's images read environment variables, whatever the delivery", () => {
    const { inputs } = container(byFile, "zookeeper-1");
    expect(inputs).toEqual(container(byArguments, "zookeeper-1").inputs);
    expect(inputs.envs).toContainEqual(expect.stringMatching(/^ZOO_SERVERS=server.1=/));
});

test("another address changes the files of those that use it, and no other", async () => {
    const hosts = onHosts.hosts.map((host) => (host.name === "d" ? { ...host, address: "10.0.0.44" } : host));
    const moved = await runProgram({ ...settings, hosts, delivery: "file" });
    const other = daemons.filter((daemon) => file(moved, daemon).inputs.volume !== file(byFile, daemon).inputs.volume);
    expect(other).toEqual(["supervisor-1"]);
});

test("what is secret in it stays so", async () => {
    const run = await runProgram(
        { ...settings, delivery: "file", stormYaml: { "storm.zookeeper.auth.payload": "hunter2" } },
        { secret: ["stormYaml"] },
    );
    const plain = JSON.stringify(run.resources.map(({ inputs }) => ({ ...inputs, content: undefined })));
    expect(plain).not.toContain("hunter2");
    expect(JSON.stringify(file(run, "nimbus-1").inputs.content)).toContain("4dabf18193072939515e22adb298388d");
});
