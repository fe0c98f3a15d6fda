// It takes some minutes: four updates of a cluster on three machines, one of them with a drain.
import * as fs from "fs";
import * as path from "path";
import * as yaml from "yaml";
import { Checkout } from "../checkout";
import { frugalJvms, machineSettings } from "../stack";
import { containersOn, heap } from "../hosts/fleet";
import { jar, wordcount } from "../topologies/topologies";
import { describeLab } from "../../lab/describeLab";
import { Lab, type LabHost } from "../../lab/lab";

describeLab("make autoscale, on hosts with spare machines,", () => {
    const stack = "e2e-spare";
    const cluster = `storm-${stack}`;
    let lab: Lab;
    let checkout: Checkout;
    const host = (name: string) => lab.hosts[name] as LabHost;
    const autoscale = (...args: string[]) => checkout.make("autoscale", ...args);
    const daemons = async () => Object.keys(await containersOn(lab, cluster)).sort();
    const printed = (pattern: RegExp) => expect.stringMatching(pattern) as string;
    const setting = () => {
        const { config } = yaml.parse(fs.readFileSync(checkout.stackFile, "utf8")) as { config: object };
        return (config as Record<string, unknown>)["storm:supervisors"];
    };

    beforeAll(async () => {
        lab = await Lab.create({ name: "e2espare", subnet: "10.77.11.0/24" });
        await Promise.all(["a", "b", "c"].map((name) => lab.addHost(name, { withImages: true })));
        checkout = new Checkout(stack, "config: {}\n");
        fs.cpSync(jar, path.join(checkout.folder, jar));
        checkout.set({
            ...machineSettings(),
            "storm:target": "hosts",
            "storm:ui": false,
            "storm:logviewers": false,
            "storm:supervisors": 1,
            "storm:slots": 1,
            "storm:autoscale": { max: 2, headroom: 0 },
            "storm:heap": heap,
            "storm:stormYaml": { ...frugalJvms, "wordcount.sentences.per.second": 4 },
            "storm:topologies": [wordcount()],
            "storm:ssh": { user: "storm", keyFile: lab.keyFile, seconds: 10 },
            "storm:hosts": [
                { name: "a", address: host("a").address, daemons: ["zookeeper-1", "nimbus-1"] },
                ...["b", "c"].map((name) => ({ name, address: host(name).address, spare: true })),
            ],
        });
    });
    afterAll(async () => {
        checkout?.remove();
        await lab?.remove();
    });

    test("a spare machine without a supervisor may be off", async () => {
        await host("c").powerOff();
        expect(checkout.make("up")).toMatchObject({ code: 0 });
        expect(await daemons()).toEqual(["nimbus-1", "supervisor-1", "zookeeper-1"]);
        expect(await host("b").exec("docker ps --format '{{.Names}}'")).toBe(`${cluster}-supervisor-1`);
    });

    test("one that gets a supervisor and does not answer is named; the run fails", async () => {
        expect(autoscale()).toEqual({
            code: 2,
            output: printed(
                /decision +add 1: 2 wanted slots are more than 100 % of 1\n[^]*c \(\S+\) does not answer over SSH within 10 s/,
            ),
        });
        expect(await daemons()).toEqual(["nimbus-1", "supervisor-1", "zookeeper-1"]);
        await host("c").powerOn();
    });

    test("a supervisor is added on it, and the stack's topology is rebalanced; a new checkout needs no update before", async () => {
        fs.rmSync(path.join(checkout.folder, ".local/ssh"), { recursive: true });
        const scaled = autoscale();
        expect(scaled).toEqual({ code: 0, output: printed(/decision +add 1: [^]*supervisor-2 +on c, Up /) });
        expect(scaled.output).toMatch(/topology +wordcount ACTIVE, 2 workers\n/);
        expect(setting()).toBe("2");
    });

    test("a topology with fewer workers: the last supervisor is drained and removed, and its machine left", async () => {
        checkout.set({ "storm:topologies": [wordcount({ workers: 1 })] });
        expect(checkout.make("up")).toMatchObject({ code: 0 });
        expect(autoscale()).toEqual({
            code: 0,
            output: printed(
                /decision +remove 1: 1 wanted slot is within 100 % of the 1 that 1 supervisor would have\n/,
            ),
        });
        expect(await daemons()).toEqual(["nimbus-1", "supervisor-1", "zookeeper-1"]);
        await host("c").powerOff();
        const status = checkout.make("status");
        expect(status).toEqual({ code: 0, output: printed(/topology +wordcount ACTIVE, 1 workers\n/) });
    });
});
