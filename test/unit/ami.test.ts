import * as fs from "fs";
import { parameterName, stackImage, withAmi } from "../../scripts/newestAmi";

const ami = "ami-09903cd4fe0670a06";

test("the policy allows what it reads", () => {
    const { Statement } = JSON.parse(fs.readFileSync("docs/aws-policy.json", "utf8")) as {
        Statement: { Action: string | string[]; Resource: string }[];
    };
    const { Resource = "" } = Statement.find(({ Action }) => Action === "ssm:GetParameter") ?? {};
    const [, start = "none"] = /^arn:aws:ssm:\*::parameter(\/.*)\*$/.exec(Resource) ?? [];
    expect(parameterName.startsWith(start)).toBe(true);
});

describe("a stack's file", () => {
    test.each(["dev", "prod"])(
        "as it is committed, gets one line more, and then that line changes alone: %s",
        (stack) => {
            const text = withAmi(
                fs.readFileSync(`Pulumi.${stack}.yaml`, "utf8").replace(/^ +ami:.*\n/m, ""),
                "ami-00000001",
            );
            const before = fs.readFileSync(`Pulumi.${stack}.yaml`, "utf8").replace(/^ +ami:.*\n/m, "");
            expect(text.replace("    ami: ami-00000001\n", "")).toBe(before);
            expect(withAmi(text, ami)).toBe(text.replace("ami-00000001", ami));
            expect(stackImage("file", withAmi(text, ami))).toEqual({ region: "eu-central-1", ami });
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
        expect(withAmi(text, ami)).toBe(text.replace("'ami-00000001'", ami));
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
        expect(withAmi(rest + had, ami)).toBe(rest + has.replace("ID", ami));
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
    ])("that has %s is refused", (_, text, message) => {
        expect(() => stackImage("Pulumi.x.yaml", text)).toThrow(message);
    });
});
