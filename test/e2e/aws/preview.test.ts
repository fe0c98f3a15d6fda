import { spawnSync } from "child_process";
import * as fs from "fs";
import * as yaml from "yaml";
import { svg } from "../../../scripts/drawing";
import { describeEc2 } from "../../lab/ec2/describeEc2";
import { TestStack } from "../stack";

describeEc2("a preview of a committed stack file, as it is", () => {
    test.each(["dev", "prod"])("works without account, state and network: %s", async (name) => {
        const { config } = yaml.parse(fs.readFileSync(`Pulumi.${name}.yaml`, "utf8")) as {
            config: Record<string, unknown>;
        };
        // This machine's images may be without UI, which is no reason to preview something else than the file says.
        const stack = new TestStack(`e2e-preview-${name}`, { ...config, ui: true });
        try {
            const env = Object.fromEntries(
                Object.entries(stack.environment).filter(([key]) => !key.startsWith("AWS_")),
            );
            const alone = 'ip link set lo up && exec npx pulumi preview --stack "$0"';
            const { status, stdout, stderr } = spawnSync("unshare", ["--net", "sh", "-c", alone, stack.name], {
                env,
                encoding: "utf8",
            });
            expect([status, stdout + stderr]).toEqual([0, expect.stringMatching(/\+ \d{3} to create/)]);
            expect(stdout + stderr).toContain("This preview does without what an update needs:");
            if (name === "dev") {
                const { output } = await stack.pulumi("preview", "--json");
                // make graph STACK=dev FILE=docs/dev.svg
                expect(await svg(name, output.slice(output.indexOf("{")))).toBe(
                    fs.readFileSync("docs/dev.svg", "utf8"),
                );
            }
        } finally {
            stack.discard();
        }
    });
});
