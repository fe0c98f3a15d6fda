import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { describeLab } from "../describeLab";

/** A group of tests that need an emulated EC2; where there can be none, they are skipped, and the reason is printed. */
export function describeEc2(name: string, tests: () => void): void {
    if (pluginIsThere()) {
        describeLab(name, tests);
    } else {
        console.log(`Skipped: ${name}. Pulumi's plugin aws is not there: scripts/setup tests says why.`);
        describe.skip(name, tests);
    }
}

function pluginIsThere(): boolean {
    const { devDependencies } = JSON.parse(fs.readFileSync("package.json", "utf8")) as {
        devDependencies: Record<string, string>;
    };
    const home = process.env.PULUMI_HOME ?? path.join(os.homedir(), ".pulumi");
    return fs.existsSync(
        path.join(home, "plugins", `resource-aws-v${devDependencies["@pulumi/aws"]}`, "pulumi-resource-aws"),
    );
}
