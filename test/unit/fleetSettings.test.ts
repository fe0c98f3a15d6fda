import { gunzipSync } from "zlib";
import { controllerImage } from "../../components/fleet/spec";
import { checkSettings } from "../../settings";
import { stackFile } from "./awsFixture";
import { declaredSettings, defaultSettings, runProgram } from "./program";

jest.setTimeout(120_000);
jest.mock("../../fleet/bundle", () => ({ controllerBundle: () => ({ path: "/tmp/a.js", sha256: "ab".repeat(32) }) }));

const base = { ...defaultSettings(), ...stackFile("dev", { instances: [] }) };
const check = (fleet: object, changes: object = {}, secret: string[] = []) =>
    checkSettings({ ...base, fleet, ...changes }, "storm-test", (key) => secret.includes(key));
const mistakes = (...args: Parameters<typeof check>) => check(...args).mistakes.map((line) => line.trim());
const aws = (changes: object) => ({ ...(base as { aws: object }).aws, ...changes });
const scheduled = (entry: object, more: object = {}) => ({
    ...{ max: 10, ...more },
    schedule: [{ name: "a", cron: "0 7 * * 1-5", min: 1, ...entry }],
});

test("needs no more than a maximum", () => {
    const { mistakes: none, settings } = check({ max: 20 });
    expect(none).toEqual([]);
    expect(settings?.fleet).toEqual({ max: 20, min: 0, spot: false, onDemandBase: 0, target: 80, schedule: [] });
    expect(check({}).settings?.fleet).toBeUndefined();
    expect(declaredSettings()["storm:fleetImage"]?.default).toBe(controllerImage);
});

test("takes the place of single supervisors, which a stack without it must have", () => {
    expect(mistakes({ max: 20 }, { supervisors: 0 })).toEqual([]);
    expect(mistakes({}, { supervisors: 0 })).toEqual(["storm:supervisors (0) must be a whole number from 1 to 10000"]);
});

test.each<[string, object, object, string]>([
    ["no maximum", {}, { fleet: { min: 1 } }, "storm:fleet.max must be a whole number from 1 to 10000"],
    ["another target", { max: 1 }, { target: "local" }, 'storm:fleet ({"max":1}) is for the target `aws`: remove it'],
    ["bounds that cross", { max: 1, min: 2 }, {}, "storm:fleet.min (2) is above storm:fleet.max, which is 1"],
    [
        "a base without spot",
        { max: 9, onDemandBase: 2 },
        {},
        "storm:fleet.onDemandBase (2) is for a fleet with `spot: true`: set that, or remove this",
    ],
    [
        "a target that is none",
        { max: 1, target: 5 },
        {},
        "storm:fleet.target (5) must be a whole number from 10 to 100",
    ],
    [
        "two architectures",
        { max: 1, instanceTypes: ["m7i.large", "m7g.large"] },
        {},
        'storm:fleet.instanceTypes.1 ("m7g.large") is for arm64, and m7i.large for x86_64: all must have one architecture, as they have one machine image',
    ],
    [
        "a type on Xen",
        { max: 1, instanceTypes: ["m4.large"] },
        {},
        'storm:fleet.instanceTypes.0 ("m4.large") is not of the Nitro system, on which a machine learns of a tag that it is given: choose a type that is, such as m6i.large',
    ],
    [
        "a type twice",
        { max: 1, instanceTypes: ["m7i.large", "m7i.large"] },
        {},
        'storm:fleet.instanceTypes.1 ("m7i.large") is listed twice',
    ],
    ["no type", { max: 1, instanceTypes: [] }, {}, "storm:fleet.instanceTypes ([]) names no instance type"],
    [
        "certificates",
        { max: 1 },
        { security: "zookeeper" },
        'storm:fleet ({"max":1}) cannot have certificates, as user data, by which its machines start, is not secret: remove storm:security or this',
    ],
    [
        "ambassadors",
        { max: 1 },
        { discovery: "ambassador" },
        'storm:fleet ({"max":1}) is for the discoveries `addresses` and `dns`: set storm:discovery to one of these, or remove this',
    ],
    [
        "a scheduler that does not count slots",
        { max: 1 },
        { stormYaml: { "storm.scheduler": "org.apache.storm.scheduler.resource.ResourceAwareScheduler" } },
        'storm:fleet ({"max":1}) counts slots, and ResourceAwareScheduler in storm:stormYaml goes by memory and CPU: remove one of the two',
    ],
    [
        "another major version",
        { max: 1 },
        { allowMajorVersion: 3 },
        'storm:fleet ({"max":1}) has machines that an update to another major version of Storm cannot stop first: remove it for that update (docs/fleet.md)',
    ],
    [
        "more connections than ZooKeeper takes",
        { max: 1, instanceTypes: ["m7i.48xlarge"] },
        { slots: 64, supervisors: 0 },
        "storm:zooCfg ({}) has no maxClientCnxns, and more connections may come from a machine of storm:fleet than ZooKeeper's 60: set it to 132",
    ],
    [
        "more machines than the subnets have room for",
        { max: 240 },
        { aws: aws({ cidr: "10.20.0.0/20" }) },
        'storm:aws.cidr ("10.20.0.0/20") has room for 249 machines in a zone, a sixteenth of it, and 272 are to be there: give a larger one, or more zones',
    ],
])("%s: refused", (_, fleet, changes, message) => {
    expect(mistakes(fleet, changes)).toEqual([message]);
});

test("a type with too little memory is refused, and so is that of supervisors, which it has by default", () => {
    const [mistake] = mistakes({ max: 1, instanceTypes: ["t3.small"] });
    expect(mistake).toMatch(
        /^storm:fleet\.instanceTypes\.0 \("t3\.small"\) has too little memory: t3\.small has 2048 MiB, /,
    );
    expect(mistakes({ max: 1 }, { aws: aws({ instanceTypes: { supervisor: "t3.small" } }) }).join("\n")).toMatch(
        /storm:fleet\.instanceTypes has too little memory/,
    );
});

test("Nimbus's machine needs memory for the controller", () => {
    // 2048 MiB: Nimbus and its system, and no more.
    const heap = { nimbus: 1500 };
    const small = { aws: aws({ instanceTypes: { nimbus: "t3.small" } }), heap };
    expect(mistakes({}, small)).toEqual([]);
    expect(mistakes({ max: 1 }, small).join()).toMatch(
        /instanceTypes\.nimbus .* has too little memory: .*, storm:fleet 256 MiB,/,
    );
});

describe("a schedule", () => {
    test.each<[string, object, string]>([
        ["names", scheduled({ name: "A" }), 'name ("A") must be a name of lower-case letters, digits and dashes'],
        ["six fields", scheduled({ cron: "0 0 7 * * 1-5" }), 'cron ("0 0 7 * * 1-5") must have five fields'],
        ["an hour that is none", scheduled({ cron: "0 24 * * *" }), 'cron ("0 24 * * *") must have five fields'],
        ["a word that is none", scheduled({ cron: "0 7 * * workdays" }), 'cron ("0 7 * * workdays") must have five'],
        ["a zone", scheduled({ timeZone: "Berlin" }), 'timeZone ("Berlin") must be the name of a time zone'],
        ["nothing", scheduled({ min: undefined }), "changes nothing: give at least one of min, max and desired"],
        ["bounds", scheduled({ min: 11 }), "min (11) leaves no number of machines: at least 11, and at most 10"],
        [
            "its own bounds",
            scheduled({ min: 5, max: 4 }),
            "min (5) leaves no number of machines: at least 5, and at most 4",
        ],
        [
            "the fleet's bounds",
            scheduled({ min: undefined, max: 1 }, { min: 2 }),
            "max (1) leaves no number of machines",
        ],
        [
            "a number",
            scheduled({ desired: 11 }),
            "desired (11) must be from 1 to 10, the least and the most machines that may be set then",
        ],
        ["no machines at all", scheduled({ min: undefined, max: 0 }), "max (0) must be a whole number from 1 to 10000"],
    ])("is refused for %s", (_, fleet, message) => {
        expect(mistakes(fleet)).toEqual([expect.stringContaining(message)]);
    });

    test("is refused for a name that another entry has", () => {
        const entry = { name: "a", cron: "0 7 * * *", min: 1 };
        expect(mistakes({ max: 10, schedule: [entry, entry] })).toEqual([
            'storm:fleet.schedule.1.name ("a") is the name of another entry',
            expect.stringMatching(
                /^storm:fleet.schedule.1.cron .* is the time of another entry, and AWS refuses two at the same time/,
            ),
        ]);
    });

    test("is refused for bounds that contradict what another entry may have set, and not if both are given", () => {
        const by = (evening: object) => ({
            max: 20,
            schedule: [
                { name: "morning", cron: "0 7 * * *", min: 10, max: 20 },
                { name: "evening", cron: "0 19 * * *", ...evening },
            ],
        });
        expect(mistakes(by({ max: 5 }))).toEqual([
            "storm:fleet.schedule.1.max (5) leaves no number of machines: at least 10, and at most 5, as may be set then: give both here",
        ]);
        expect(mistakes(by({ min: 0, max: 5 }))).toEqual([]);
        expect(mistakes(by({ desired: 9 }))).toEqual([expect.stringContaining("desired (9) must be from 10 to 20")]);
    });

    test.each([
        "MON 7 * * *",
        "0 7 * * 5-1",
        "0 7-8-9 * * *",
        "*-5 7 * * *",
        "0 7 * * jan",
        "0 7 */x * *",
        "0 7 1/2/3 * *",
    ])("is refused for %s", (cron) =>
        expect(mistakes(scheduled({ cron }))).toEqual([expect.stringContaining("must have five fields")]),
    );

    test.each(["*/5 * * * *", "0 7 * * MON-FRI", "0,30 7-9/2 1 jan,JUL *"])("may be %s", (cron) => {
        expect(mistakes(scheduled({ cron }))).toEqual([]);
    });
});

test("what is encrypted would be readable in user data", () => {
    const logging = { driver: "syslog", options: { mode: "non-blocking" } };
    expect(mistakes({ max: 1 }, { stormYaml: { "topology.debug": true }, logging }, ["stormYaml", "logging"])).toEqual([
        "storm:stormYaml is encrypted, and would be in user data of storm:fleet's machines, which is not: remove what is secret, or the fleet",
        "storm:logging is encrypted, and would be in user data of storm:fleet's machines, which is not: remove what is secret, or the fleet",
    ]);
});

test("what is told of fits the machines that may be", () => {
    const topologies = [{ name: "t", jar: "test/unit/fleetSettings.test.ts", mainClass: "T", workers: 30 }];
    expect(check({ max: 20 }, { topologies }).warnings.join()).not.toContain("slots");
    const entry = { name: "day", cron: "0 7 * * *", max: 20 };
    expect(check({ max: 2, schedule: [entry] }, { topologies }).warnings.join()).not.toContain("slots");
    expect(check({ max: 2 }, { topologies }).warnings.join()).toContain(
        "ask for 30 workers, and the cluster has at most 8 slots: raise storm:fleet.max or storm:slots",
    );
    expect(check({ max: 2 }, { monitoring: { nodeExporter: true } }).warnings.join()).toContain(
        "not of those of storm:fleet",
    );
});

test("user data that EC2 does not take is refused before anything is created, and no other", async () => {
    const stormYaml = (length: number) => ({
        "topology.classpath": Array.from({ length }, (_, index) =>
            String.fromCharCode(97 + ((index * 7919) % 26)),
        ).join(""),
    });
    const isRefused = (length: number) => mistakes({ max: 1 }, { stormYaml: stormYaml(length) }).length > 0;
    let [most, least] = [0, 40_000];
    expect([isRefused(most), isRefused(least)]).toEqual([false, true]);
    while (least - most > 1) {
        const middle = Math.floor((most + least) / 2);
        [most, least] = isRefused(middle) ? [most, middle] : [middle, least];
    }
    expect(mistakes({ max: 1 }, { stormYaml: stormYaml(least) })).toEqual([
        'storm:fleet ({"max":1}) user data of a fleet\'s machines would have 16385 bytes, and EC2 takes 16384: shorten storm:stormYaml or the options of storm:logging',
    ]);
    const run = await runProgram({
        ...stackFile("dev", { instances: [] }),
        fleet: { max: 1 },
        stormYaml: stormYaml(most),
    });
    const bytes = Buffer.from(run.get("fleet-template").inputs.userData as string, "base64");
    expect(gunzipSync(bytes).toString()).toContain(stormYaml(most)["topology.classpath"]);
    expect(bytes.length).toBeLessThanOrEqual(16384);
    expect(bytes.length).toBeGreaterThan(16384 - 2000);
});
