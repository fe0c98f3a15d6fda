import * as fs from "fs";
import * as yaml from "yaml";
import { parameterNames, stackImages, withAmi } from "../../scripts/newestAmi";

const ami = "ami-09903cd4fe0670a06";

test("the policy allows what it reads", () => {
    const { Statement } = JSON.parse(fs.readFileSync("docs/aws-policy.json", "utf8")) as {
        Statement: { Action: string | string[]; Resource: string }[];
    };
    const { Resource = "" } = Statement.find(({ Action }) => Action === "ssm:GetParameter") ?? {};
    const [, start = "none"] = /^arn:aws:ssm:\*::parameter(\/.*)\*$/.exec(Resource) ?? [];
    const names = Object.values(parameterNames);
    expect(names.filter((name) => name.startsWith(start))).toEqual(names);
});

describe("a stack's file", () => {
    test.each(["dev", "prod"])(
        "as it is committed, gets one line more, and then that line changes alone: %s",
        (stack) => {
            const text = withAmi(
                fs.readFileSync(`Pulumi.${stack}.yaml`, "utf8").replace(/^ +ami:.*\n/m, ""),
                ["ami"],
                "ami-00000001",
            );
            const before = fs.readFileSync(`Pulumi.${stack}.yaml`, "utf8").replace(/^ +ami:.*\n/m, "");
            expect(text.replace("    ami: ami-00000001\n", "")).toBe(before);
            expect(withAmi(text, ["ami"], ami)).toBe(text.replace("ami-00000001", ami));
            expect(stackImages("file", withAmi(text, ["ami"], ami))).toEqual({
                region: "eu-central-1",
                images: [{ path: ["ami"], architecture: "ami", ami }],
            });
        },
    );

    test("keeps comments, quotes and layout", () => {
        const text = [
            "# Mine.",
            "config:",
            "  aws:region:   eu-west-1",
            "  storm:target: aws",
            "  storm:aws: { zones: [eu-west-1a], ami: 'ami-00000001' } # as of May",
            "",
            "  storm:ssh: {keyFile: ~/.ssh/storm}",
            "",
        ].join("\n");
        expect(withAmi(text, ["ami"], ami)).toBe(text.replace("'ami-00000001'", ami));
    });

    test.each([
        ["no storm:aws", "", "  storm:aws:\n    ami: ID\n"],
        [
            "an empty ami",
            "  storm:aws:\n    ami:\n    private: true\n",
            "  storm:aws:\n    ami: ID\n    private: true\n",
        ],
    ])("that has %s gets it", (_, had, has) => {
        const rest = "config:\n  # There.\n  aws:region: eu-west-1\n";
        expect(withAmi(rest + had, ["ami"], ami)).toBe(rest + has.replace("ID", ami));
    });

    test.each([
        [
            "another target",
            "config:\n  storm:target: hosts\n",
            'Pulumi.x.yaml has the target "hosts"; images are for the target "aws"',
        ],
        ["no target", "config: {}\n", 'has the target "local"'],
        ["nothing in it", "", 'has the target "local"'],
        ["no YAML", "config: [", "Pulumi.x.yaml, line 1: this is not valid YAML: Flow sequence"],
        ["no region", "config:\n  storm:target: aws\n", "Pulumi.x.yaml names no region"],
        [
            "no instance type where one should be",
            "config:\n  storm:target: aws\n  aws:region: eu-west-1\n  storm:aws: { instanceTypes: { ui: t4g } }\n",
            'Pulumi.x.yaml: storm:aws.instanceTypes.ui ("t4g") must be an instance type, such as t3.medium',
        ],
    ])("that has %s is refused", (_, text, message) => {
        expect(() => stackImages("Pulumi.x.yaml", text)).toThrow(message);
    });

    const file = (config: object) =>
        yaml.stringify({ config: { "storm:target": "aws", "aws:region": "eu-west-1", ...config } });
    const images = (config: object) =>
        Object.fromEntries(stackImages("file", file(config)).images.map(({ path, ami: id }) => [path.join("."), id]));
    const graviton = { zookeeper: "t4g.small", nimbus: "t4g.medium", supervisor: "m7g.large", ui: "t4g.small" };
    const arm64 = "ami-0a5a5a5a5a5a5a5a5";

    test("needs the images of its instance types", () => {
        expect(images({})).toEqual({ ami: undefined });
        expect(images({ "storm:aws": { ami, instanceTypes: { ui: "t4g.small" } } })).toEqual({
            ami,
            amiArm64: undefined,
        });
        expect(images({ "storm:aws": { amiArm64: arm64, instanceTypes: graviton } })).toEqual({ amiArm64: arm64 });
    });

    test.each([
        ["DRPC servers", { "storm:drpcs": "2" }, ["ami", "amiArm64"]],
        ["no DRPC server", { "storm:drpcs": "0" }, ["amiArm64"]],
        [
            "no UI",
            { "storm:ui": "false", "storm:aws": { instanceTypes: { ...graviton, ui: "t3.small" } } },
            ["amiArm64"],
        ],
        [
            "an existing ensemble",
            {
                "storm:zookeeperServers": ["zk-1"],
                "storm:aws": { instanceTypes: { ...graviton, zookeeper: "t3.small" } },
            },
            ["amiArm64"],
        ],
        ["a bastion", { "storm:aws": { private: true, instanceTypes: graviton } }, ["amiArm64", "ami"]],
        [
            "a bastion of its own",
            { "storm:aws": { private: true, instanceTypes: graviton }, "storm:ssh": { bastion: { address: "a" } } },
            ["amiArm64"],
        ],
    ])("that has %s needs the images of what it has", (_, config, keys) => {
        expect(Object.keys(images({ "storm:aws": { instanceTypes: graviton }, ...config })).sort()).toEqual(
            keys.sort(),
        );
    });

    test("gets the one image beside the other", () => {
        const text = "config:\n  storm:aws:\n    ami: ami-00000001 # mine\n";
        expect(withAmi(text, ["amiArm64"], arm64)).toBe(`${text}    amiArm64: ${arm64}\n`);
        expect(withAmi(withAmi(text, ["amiArm64"], "ami-00000002"), ["amiArm64"], arm64)).toBe(
            `${text}    amiArm64: ${arm64}\n`,
        );
    });

    describe("for one daemon alone", () => {
        test.each([
            ["zookeeper-2", "amiArm64", undefined],
            ["supervisor-1", "amiArm64", arm64],
            ["bastion", "ami", undefined],
            ["drpc-1", "ami", undefined],
        ])("needs an image of its instance type's architecture: %s", (daemon, architecture, id) => {
            const config = { "storm:aws": { private: true, instanceTypes: graviton, amis: { "supervisor-1": arm64 } } };
            expect(stackImages("file", file(config), daemon).images).toEqual([
                { path: ["amis", daemon], architecture, ami: id },
            ]);
        });

        test.each(["ui-1", "zookeeper", "nimbus-x"])("is refused with the name of none: %s", (name) => {
            expect(() => stackImages("file", file({}), name)).toThrow(
                `D=${name} is no machine: names must be as in zookeeper-1, nimbus-1, supervisor-1, drpc-1, ui, bastion`,
            );
        });

        test("is one of those that the file names, if it does", () => {
            const instances = [
                { name: "a", type: "t4g.large", daemons: ["zookeeper-1", "nimbus-1"] },
                { name: "nimbus-2", type: "t3.large", daemons: ["nimbus-2"] },
            ];
            const text = file({ "storm:aws": { instances, instanceTypes: { bastion: "t4g.nano" } } });
            const found = (name: string) => stackImages("file", text, name).images[0];
            expect(found("a")).toEqual({ path: ["amis", "a"], architecture: "amiArm64", ami: undefined });
            expect(found("nimbus-2")).toMatchObject({ architecture: "ami" });
            expect(found("bastion")).toMatchObject({ architecture: "amiArm64" });
            expect(() => found("nimbus-1")).toThrow("D=nimbus-1 is no machine: storm:aws.instances has a, nimbus-2");
            expect(stackImages("file", text).images.map(({ path }) => path[0])).toEqual(["amiArm64", "ami"]);
            const wrong = file({ "storm:aws": { instances: [{ name: "a", type: "t4g" }] } });
            expect(() => stackImages("file", wrong)).toThrow(
                'storm:aws.instances.0.type ("t4g") must be an instance type',
            );
        });

        test("gets it there, and nothing else changes", () => {
            const text = "config:\n  storm:aws:\n    ami: ami-00000001 # mine\n";
            const once = withAmi(text, ["amis", "zookeeper-2"], "ami-00000002");
            expect(once).toBe(`${text}    amis:\n      zookeeper-2: ami-00000002\n`);
            expect(withAmi(once, ["amis", "zookeeper-2"], ami)).toBe(once.replace("ami-00000002", ami));
            expect(withAmi(once, ["amis", "ui"], ami)).toBe(`${once}      ui: ${ami}\n`);
        });

        test("does not take it for all others", () => {
            expect(images({ "storm:aws": { amis: { "zookeeper-1": ami, "nimbus-1": ami } } })).toEqual({
                ami: undefined,
            });
        });
    });
});
