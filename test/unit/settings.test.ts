import * as fs from "fs";
import * as yaml from "yaml";
import { imageVersion, localAddress, parseSettings } from "../../settings";
import { defaultHeap } from "../../components/storm/memory";
import { declaredSettings } from "./program";

const defaults = Object.fromEntries(
    Object.entries(declaredSettings()).map(([key, { default: value }]) => [key.replace("storm:", ""), value]),
);
const parse = (settings: Record<string, unknown>) => parseSettings({ ...defaults, ...settings });

/** The lines of the error that settings give. */
function mistakes(settings: Record<string, unknown>): string[] {
    try {
        parse(settings);
    } catch (error) {
        return (error as Error).message.split("\n").slice(1).map((line) => line.trim());
    }
    return [];
}

test("Pulumi.yaml's defaults are valid, and heaps are Storm's", () => {
    expect(parse({})).toMatchObject({ target: "local", supervisors: 2, heap: defaultHeap, memory: {} });
});

test.each(fs.readdirSync(".").filter((file) => /^Pulumi\..+\.yaml$/.test(file)))("%s is valid", (file) => {
    const { config, ...rest } = yaml.parse(fs.readFileSync(file, "utf8")) as { config: Record<string, unknown> };
    // A salt in a committed file would go with somebody else's passphrase.
    expect(rest).toEqual({});
    const given = Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace("storm:", ""), value]));
    expect(mistakes(given)).toEqual([]);
});

test.each([
    [{ zookeepers: 2 }, "storm:zookeepers (2) is not 1, 3 or 5: an even ensemble survives no more failures than the odd one below it"],
    [{ zookeepers: "many" }, 'storm:zookeepers ("many") is not 1, 3 or 5: an even ensemble survives no more failures than the odd one below it'],
    [{ supervisors: 0 }, "storm:supervisors (0) is not a whole number from 1 to 10000"],
    [{ supervisors: "three" }, 'storm:supervisors ("three") is not a whole number from 1 to 10000'],
    [{ slots: 1.5 }, "storm:slots (1.5) is not a whole number from 1 to 64"],
    [{ ui: "yes" }, 'storm:ui ("yes") is not true or false'],
    [{ target: "cloud" }, 'storm:target ("cloud") is not a target: `local` is the one there is'],
    [{ supervisor: 3 }, "storm:supervisor is not a setting: `config:` in Pulumi.yaml lists the settings"],
    [{ stormImage: "storm" }, 'storm:stormImage ("storm") is not an image with a tag, such as `storm:2.8.9`'],
    [{ stormImage: "storm:latest" }, 'storm:stormImage ("storm:latest") has the tag `latest`, which moves to other versions: name a version'],
    [{ heap: { nimbus: "1g" } }, 'storm:heap.nimbus ("1g") is not a whole number of MiB'],
    [{ heap: { numbus: 512 } }, "storm:heap.numbus is not a setting"],
    [{ heap: { worker: 1 } }, "storm:heap.worker (1) is below 32 MiB, too little for a JVM"],
    [
        { memory: { nimbus: 512 } },
        "storm:memory.nimbus (512) is below the 1024 MiB of the heaps in that container: raise it, or lower storm:heap",
    ],
    [
        { stormYaml: { "nimbus.seeds": ["10.0.0.1"] } },
        'storm:stormYaml.nimbus.seeds (["10.0.0.1"]) is set by storm:nimbuses: take it out',
    ],
    [
        { stormYaml: { "nimbus.childopts": "-Xss1m -Xmx4g" } },
        'storm:stormYaml.nimbus.childopts ("-Xss1m -Xmx4g") sets a heap: set storm:heap.nimbus instead',
    ],
    [{ stormYaml: "debug" }, 'storm:stormYaml ("debug") is not a map of storm.yaml\'s keys'],
    [{ subnet: "172.30.77.1/24" }, 'storm:subnet ("172.30.77.1/24") is not an IPv4 subnet, such as 172.30.77.0/24'],
    [{ subnet: "172.30.300.0/24" }, 'storm:subnet ("172.30.300.0/24") is not an IPv4 subnet, such as 172.30.77.0/24'],
    [{ subnet: "172.30.77.0/25" }, 'storm:subnet ("172.30.77.0/25") is smaller than a /24'],
    [{ supervisors: 200 }, 'storm:subnet ("172.30.77.0/24") has no address for supervisor-200: give a larger one, such as a /16'],
    [{ uiPort: 70000 }, "storm:uiPort (70000) is not a whole number from 1 to 65535"],
])("%j is refused", (settings, mistake) => {
    expect(mistakes(settings)).toEqual([mistake]);
});

test("all mistakes are told at once", () => {
    const settings = { zookeepers: 4, ui: "no", slot: 1, uiPort: 0, heap: { ui: 500 }, memory: { ui: 400 }, stormYaml: { "ui.port": 1 } };
    expect(mistakes(settings)).toHaveLength(6);
});

test("an address goes by the daemon's name, and no two daemons share one", () => {
    expect(localAddress("10.1.0.0/16", "supervisor-300")).toBe("10.1.1.171");
    const names = ["zookeeper", "nimbus", "drpc", "supervisor"].flatMap((kind) => [1, 2, 3, 4, 5].map((n) => `${kind}-${n}`));
    const addresses = [...names, "ui"].map((name) => localAddress("172.30.77.0/24", name));
    expect(new Set(addresses).size).toBe(addresses.length);
});

test.each([
    ["storm:2.8.9", "2.8.9"],
    ["registry:5000/storm:2.8.9-jre21", "2.8.9"],
    ["storm:2.8.9@sha256:0123", "2.8.9"],
])("the version of %s is %s", (image, version) => expect(imageVersion(image)).toBe(version));
