/** Where a stack's images come from: how many from Docker Hub, and what `storm:imageRegistry` changes. */
import { imagesOf } from "../../components/targets/target";
import { existingStormImage } from "../../settings/stormImage";
import { stackFile } from "./awsFixture";
import { mocked, type Run, runProgram } from "./program";

jest.setTimeout(120_000);

const registry = "public.ecr.aws/docker/library";
const guard = "storm:storm:StormCluster$storm:index:StormVersionGuard::storm-major-version";

/** How many pulls the first update makes, by registry: one for each image on each machine, for how many resources it may be. */
function pulls({ resources }: Run): Record<string, number> {
    const images = resources.filter(({ type }) => type.endsWith(":RemoteImage"));
    const each = new Set(images.map(({ provider, inputs }) => `${provider} ${String(inputs.name)}`));
    const counts: Record<string, number> = {};
    for (const image of [...each].map((pull) => pull.split(" ")[1] ?? "")) {
        const from = /^([^/]*[.:][^/]*)\//.exec(image)?.[1] ?? "Docker Hub";
        counts[from] = (counts[from] ?? 0) + 1;
    }
    return counts;
}

// docs/aws.md has these numbers.
test("prod pulls 9 images at its first update, and with ambassadors 24, 3 of them from quay.io", async () => {
    expect(pulls(await runProgram(stackFile("prod")))).toEqual({ "Docker Hub": 9 });
    const run = await runProgram({ ...stackFile("prod"), discovery: "ambassador", imageRegistry: registry });
    expect(pulls(run)).toEqual({ "public.ecr.aws": 21, "quay.io": 3 });
});

test("all official images of an existing stack come from the registry, of the version that it has", async () => {
    const settings = {
        ...{ imageRegistry: registry, discovery: "ambassador", delivery: "file", drpcs: 1 },
        topologies: [{ name: "words", jar: "package.json", mainClass: "a.Main" }],
    };
    const state = { [guard]: { image: "storm:2.8.9" } };
    const run = await runProgram(settings, { state });
    const named = JSON.stringify(run.resources.map(({ inputs }) => inputs)).match(
        /[\w./-]*\b(storm|zookeeper|haproxy|etcd):v?\d[\w.]*/g,
    );
    expect(new Set(named)).toEqual(
        new Set([
            `${registry}/storm:2.8.9`,
            `${registry}/zookeeper:3.9.5`,
            `${registry}/haproxy:3.2`,
            "quay.io/coreos/etcd:v3.6.16",
        ]),
    );
    expect(run.outputs.stormVersion).toBe("2.8.9");
    expect(run.get("storm-major-version").inputs).toMatchObject({
        image: `${registry}/storm:2.8.9`,
        imageRegistry: registry,
    });
});

test.each([
    ["the registry that it had", { image: `${registry}/storm:2.8.9`, imageRegistry: registry }, "storm:2.8.9"],
    ["none", { image: "storm:2.8.9" }, "storm:2.8.9"],
    ["a name in full", { image: `${registry}/storm:2.8.9` }, `${registry}/storm:2.8.9`],
    ["a name below it", { image: "r.example.com/team/storm:2.8.9", imageRegistry: "r.example.com" }, undefined],
])("the image that a stack keeps, of %s, follows a change of the registry", async (_, outputs, expected) => {
    await mocked({}, { state: { [guard]: outputs } });
    expect(await existingStormImage()).toBe(expected ?? outputs.image);
});

test("what is no official image stays where it is", () => {
    const proxy = "r.example.com/haproxy:3.2";
    expect(imagesOf({ clusterName: "a", imageRegistry: registry, images: { proxy } })).toEqual({
        storm: `${registry}/storm:3.1.0`,
        dns: "coredns/coredns:1.15.0",
        etcd: "quay.io/coreos/etcd:v3.6.16",
        proxy,
    });
});
