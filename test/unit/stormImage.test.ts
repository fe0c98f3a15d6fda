/** Which image of Storm a stack has that does not set `storm:stormImage`, and one that does. */
import { clusterDefaults } from "../../components/storm/spec/defaults";
import { declaredSettings, mocked, runProgram } from "./program";

jest.setTimeout(120_000);

const guard = "storm:storm:StormCluster$storm:index:StormVersionGuard::storm-major-version";
/** Types that the guard had in earlier versions of this program. */
const former = [
    "storm:index:MajorVersion::storm-major-version",
    "pulumi-nodejs:dynamic/storm:StormVersionGuard::storm-major-version",
    "pulumi-nodejs:dynamic/storm:MajorVersion::storm-major-version",
];

/** All images of Storm that a run of the program uses, and the version that it gives. */
async function stormOf(settings: Record<string, unknown>, state: Record<string, object> = {}): Promise<unknown[]> {
    const { resources, outputs } = await runProgram({ discovery: "ambassador", ...settings }, { state });
    const named = resources.flatMap(({ inputs: { image, name } }) => [image, name]);
    const images = named.filter((each) => typeof each === "string" && /(^|\/)storm:/.test(each));
    return [...new Set(images), outputs.stormVersion];
}

test("a new stack has the default", async () => {
    expect(await stormOf({})).toEqual(["storm:3.1.0", "3.1.0"]);
    expect(clusterDefaults.stormImage).toBe("storm:3.1.0");
    expect(declaredSettings()["storm:stormImage"]?.description).toContain(`\`${clusterDefaults.stormImage}\``);
});

test.each([guard, ...former])("a stack that has %s keeps its image", async (resource) => {
    const state = { "any:index:Type::other": { image: "storm:9.9.9" }, [resource]: { image: "storm:2.8.9" } };
    expect(await stormOf({}, state)).toEqual(["storm:2.8.9", "2.8.9"]);
});

test("a state that the engine is writing is read again; another error is one", async () => {
    const pulumi = await mocked({}, {});
    const { stackState } = await import("../../components/stackState");
    const outputs = { "urn:pulumi:test::storm::any:index:Type::one": { type: "any:index:Type", outputs: { a: 1 } } };
    const invoke = jest.spyOn(pulumi.runtime, "invoke");
    const fails = (reason: string) => new Error(`invocation returned an error: ${reason}`);
    invoke.mockRejectedValueOnce(fails("failed to load checkpoint: EOF")).mockResolvedValueOnce({ outputs });
    expect(await stackState()).toEqual([{ type: "any:index:Type", name: "one", outputs: { a: 1 } }]);
    await mocked({}, {});
    invoke.mockRejectedValueOnce(fails("unknown stack"));
    await expect(stackState()).rejects.toThrow("unknown stack");
    invoke.mockRestore();
});

test("a setting is used, whatever the stack has", async () => {
    const state = { [guard]: { image: "storm:2.8.9" } };
    const stormImage = "registry.example.com:5000/team/storm:2.8.10-lite";
    expect(await stormOf({ stormImage }, state)).toEqual([stormImage, "2.8.10"]);
});

test("a warning is about the image that the stack keeps", async () => {
    const pulumi = await import("@pulumi/pulumi");
    const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);
    const settings = { stormYaml: { "nimbus.childopts": "-XX:+UseConcMarkSweepGC" } };
    await stormOf(settings, { [guard]: { image: "storm:1.2.4" } });
    expect(warn).not.toHaveBeenCalled();
    await stormOf(settings);
    expect(warn).toHaveBeenCalledTimes(1);
});
