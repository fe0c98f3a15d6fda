import { z } from "zod";
import { formerKinds } from "../../provider/formerKinds";
import { Incomplete, type Kind, unknown } from "../../provider/kind";
import { kinds } from "../../provider/kinds";
import { Endings } from "../../provider/machines/watched";
import { StormProvider } from "../../provider/provider";
import { schema } from "../../provider/schema";
import type { Properties } from "../../provider/wire";

const urn = (kind: string) => `urn:pulumi:test::storm::storm:storm:Daemon$storm:index:${kind}::name`;
/** As the engine sends a secret. */
const secret = (value: unknown) => ({ "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value });

type Sample = { name: string; size?: number | undefined; key?: string | undefined };
const sample: Kind<Sample, { made: string; password: string }> = {
    inputs: z.strictObject({ name: z.string().min(1), size: z.int().optional(), key: z.string().optional() }),
    id: ({ name }) => name,
    secrets: ["password"],
    updates: ["size"],
    replaces: ["name"],
    refuses: ({ size = 0 }, olds) =>
        size < (olds.size ?? 0) ? [{ property: "size", reason: `is below ${olds.size}` }] : [],
    create: async ({ name, size }) => {
        if (size === 13) {
            throw new Incomplete("it is unlucky", { name, size, made: "half", password: "p" });
        }
        return { made: `${name}!`, password: "p" };
    },
};
const provider = new StormProvider("0.1.0", { Sample: sample });

test("every kind that the program may declare exists, and each former name stands for one of them", () => {
    const former = Object.entries(formerKinds).flatMap(([kind, names]) => names.map((name) => [name, kind] as const));
    expect(Object.keys(kinds).sort()).toEqual([...Object.keys(schema), ...former.map(([name]) => name)].sort());
    for (const [name, kind] of former) {
        expect(kinds[name]).toBe(kinds[kind]);
    }
});

describe("a location of data", () => {
    const real = new StormProvider("0.1.0", kinds);
    const at = (kind: "machine" | "zone", location: string, identity: string, more: Properties = {}): Properties => ({
        ...{ daemon: "nimbus-1", kind, location, identity, mayStartEmpty: false, replicas: [], seconds: 9 },
        ...more,
    });
    const refused = async (olds: Properties, news: Properties) =>
        (await real.check(urn("DataLocation"), olds, news)).failures?.map(({ reason }) => reason);
    const isUpdated = async (olds: Properties, news: Properties) =>
        (await real.diff("nimbus-1", urn("DataLocation"), olds, news)).changes;
    const formerMachine = { daemon: "nimbus-1", host: "a", machine: "key-a", mayStartEmpty: false, replicas: [] };
    const formerZone = { daemon: "nimbus-1", zone: "z1", mayStartEmpty: false };

    test.each<[string, Properties, Properties]>([
        ["machine", at("machine", "a", "key-a"), at("machine", "b", "key-b")],
        ["machine, in a state from before", formerMachine, at("machine", "b", "key-b")],
        ["zone", at("zone", "z1", "z1"), at("zone", "z2", "z2")],
        ["zone, in a state from before", formerZone, at("zone", "z2", "z2")],
    ])("refuses another %s, unless the daemon may start empty", async (_, olds, news) => {
        expect(await refused(olds, news)).toEqual([
            expect.stringMatching(
                /^nimbus-1 has its data (on a|in z1), .* to let it start empty, add nimbus-1 to startEmpty$/,
            ),
        ]);
        expect(await refused(olds, { ...news, mayStartEmpty: true })).toEqual([]);
        expect(await isUpdated(olds, news)).toBe(true);
    });
    test.each<[string, Properties, Properties, string]>([
        [
            "its own to one that it shares",
            at("zone", "z1", "z1"),
            at("machine", "b in z1", "b in z1"),
            "nimbus-1 has its data in z1, and it is now placed on b in z1, where it would start empty. " +
                "Its volume is that of the instance nimbus-1: place it on an instance of this name, in z1, or, ",
        ],
        [
            "one that it shares to its own",
            at("machine", "b in z1", "b in z1"),
            at("zone", "z1", "z1"),
            "nimbus-1 has its data on b in z1, and it is now placed in z1, where it would start empty. Place nimbus-1 on b in z1 again, or, ",
        ],
        [
            "one to another in the same zone",
            at("machine", "b in z1", "b in z1"),
            at("machine", "c in z1", "c in z1"),
            "nimbus-1 has its data on b in z1, and it is now placed on c in z1, where it would start empty. Place nimbus-1 on b in z1 again, or, ",
        ],
    ])("on an instance is refused another instance: from %s", async (_, olds, news, reason) => {
        expect(await refused(olds, news)).toEqual([`${reason}to let it start empty, add nimbus-1 to startEmpty`]);
        expect(await refused(olds, { ...news, mayStartEmpty: true })).toEqual([]);
    });
    test.each<[string, Properties, Properties]>([
        ["machine", formerMachine, at("machine", "a", "key-a")],
        ["renamed host on the same machine", formerMachine, at("machine", "b", "key-a")],
        ["machine whose key is not known yet", formerMachine, at("machine", "a", unknown)],
        ["zone", formerZone, at("zone", "z1", "z1")],
    ])("accepts the same %s without a change, in a state from before too", async (_, olds, news) => {
        expect(await refused(olds, news)).toEqual([]);
        expect(await isUpdated(olds, news)).toBe(false);
    });
    test("refuses another machine under the same name", async () => {
        const [reason] = (await refused(at("machine", "a", "key-a"), at("machine", "a", "key-b"))) ?? [];
        expect(reason).toContain("has its data on a, and a is another machine now");
    });
    test("refuses a machine that cannot be used, even if the daemon may start empty", async () => {
        const news = at("machine", "b", "key-b", { unusable: "is lost", mayStartEmpty: true });
        expect(await refused(at("machine", "a", "key-a"), news)).toEqual([
            "nimbus-1 runs on a and cannot move to b, which is lost",
        ]);
    });
});

describe("a check", () => {
    const failures = async (news: Properties, olds: Properties = {}) =>
        (await provider.check(urn("Sample"), olds, news)).failures;

    test("names each property that is wrong, and what it has to be", async () => {
        const found = await failures({ name: "", size: 1.5, colour: "red" });
        expect(found?.map(({ property }) => property)).toEqual(["name", "size", ""]);
        expect(found?.at(-1)?.reason).toContain("colour");
    });
    test("takes what is not known yet for right", async () => {
        expect(await failures({ name: unknown, size: unknown })).toEqual([]);
        expect(await failures({ name: secret(unknown), size: 1 })).toEqual([]);
    });
    test("looks at what there was before", async () => {
        expect(await failures({ name: "a", size: 1 }, { name: "a", size: 2 })).toEqual([
            { property: "size", reason: "is below 2" },
        ]);
    });
    test("leaves secrets as they are", async () => {
        const news = { name: "a", key: secret("k") };
        expect((await provider.check(urn("Sample"), {}, news)).inputs).toEqual(news);
    });
    test("of a kind that is not there is an error", async () => {
        await expect(provider.check(urn("Other"), {}, {})).rejects.toThrow("there is no resource storm:index:Other");
    });
    test("of real arguments finds a container without a name, and an address that is none", async () => {
        const real = new StormProvider("0.1.0", kinds);
        const ready = {
            daemon: "nimbus-1",
            container: "",
            containerId: unknown,
            check: { kind: "nimbus", address: "a", port: 0 },
            seconds: 9,
            logFiles: [],
        };
        const found = (await real.check(urn("Ready"), {}, ready)).failures;
        expect(found?.map(({ property }) => property)).toEqual(["container", "check.port"]);
    });
});

describe("a difference", () => {
    const diff = (olds: Properties, news: Properties) =>
        provider.diff("a", urn("Sample"), { made: "a!", ...olds }, news);

    test("says which property makes another resource", async () => {
        expect(await diff({ name: "a" }, { name: "b" })).toMatchObject({
            changes: true,
            replaces: ["name"],
            deleteBeforeReplace: false,
        });
    });
    test("is an update where one that matters is another, and none where one does not", async () => {
        expect(await diff({ name: "a", size: 1 }, { name: "a", size: 2 })).toMatchObject({
            changes: true,
            replaces: [],
        });
        expect(await diff({ name: "a", key: "k" }, { name: "a", key: "l" })).toMatchObject({ changes: false });
    });
    test("is none between a secret and its value", async () => {
        expect(await diff({ name: secret("a") }, { name: "a" })).toMatchObject({ changes: false });
    });
    test("is none where a state has the code of a dynamic resource, which a refresh removes", async () => {
        const state = { name: "a", key: secret("k"), made: "a!", password: secret("p"), __provider: "code" };
        expect(await diff(state, { name: "a", key: "k" })).toMatchObject({ changes: false });
        const without: Properties = { ...state };
        delete without.__provider;
        expect(await provider.read("a", urn("Sample"), state)).toEqual({ id: "a", props: without });
    });
});

describe("a state", () => {
    test("has the inputs and what was made, with secrets marked", async () => {
        expect(await provider.create(urn("Sample"), { name: "a", key: secret("k") })).toEqual({
            id: "a",
            outs: { name: "a", key: secret("k"), made: "a!", password: secret("p") },
        });
    });
    test("keeps in an update what was made, and not the code of a dynamic resource", async () => {
        const olds = { name: "a", size: 1, made: "a!", password: secret("p"), __provider: "code" };
        expect((await provider.update("a", urn("Sample"), olds, { name: "a", size: 2 })).outs).toEqual({
            ...{ name: "a", size: 2, made: "a!", password: secret("p") },
        });
    });
    test("of what could not be finished goes with the error, for the next update", async () => {
        await expect(provider.create(urn("Sample"), { name: "a", size: 13, key: secret("k") })).rejects.toMatchObject({
            message: "it is unlucky",
            id: "a",
            properties: { name: "a", made: "half", password: secret("p") },
        });
    });
});

test("a container is given up once it has ended three times more by one exit code, not by several, and not while it runs", () => {
    const ended = (restarts: number, exitCode = 1) => ({ status: "restarting", restarts, exitCode });
    const endings = new Endings();
    expect([5, 6, 7].map((restarts) => endings.problem(ended(restarts)))).toEqual([undefined, undefined, undefined]);
    expect(endings.problem({ status: "running", restarts: 8, exitCode: 0 })).toBeUndefined();
    expect(endings.problem(ended(8))).toBe("ends again and again, by exit code 1");
    const various = new Endings();
    expect([0, 1, 2, 3].map((restarts) => various.problem(ended(restarts, restarts)))).toEqual(
        Array(4).fill(undefined),
    );
});
