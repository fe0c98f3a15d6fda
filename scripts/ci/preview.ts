/**
 * Previews stacks, held against the policies, and reports what they would change: `preview.ts [stack]...`, without one all that have
 * a file in the repository. The report is .local/preview.md, and on a runner the job's summary.
 */
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import {
    CommandError,
    type EngineEvent,
    LocalWorkspace,
    type LocalWorkspaceOptions,
    Stack,
} from "@pulumi/pulumi/automation";
import { withoutSecrets } from "../stackFile";
import { type Preview, previewReport, type Violation, withoutProgress } from "./report";

/** GitHub takes a summary of a job that is a MiB at most. */
const summaryLimit = 500_000;

/** Each checkout has a copy of its own. */
const localFile = "Pulumi.local.yaml";

/** The stacks that have a file in the repository. */
function committedStacks(): string[] {
    const files = fs.readdirSync(".").filter((file) => file !== localFile);
    return [...files, ...fs.readdirSync("templates")].flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
}

/** Previews a stack against its state, or from nothing where there is no backend, or the backend does not have it. */
async function preview(name: string, folder: string): Promise<Preview> {
    const file = `Pulumi.${name}.yaml`;
    const inBackend = {
        workDir: ".",
        envVars: { PULUMI_OPTION_CONFIG_FILE: path.join(folder, file), PULUMI_SKIP_UPDATE_CHECK: "true" },
    };
    const alone = {
        ...inBackend,
        envVars: { ...inBackend.envVars, PULUMI_BACKEND_URL: `file://${folder}`, PULUMI_CONFIG_PASSPHRASE: "" },
    };
    const said: string[] = [];
    const onOutput = (text: string) => {
        said.push(text);
        process.stdout.write(text);
    };
    const result: Preview = { stack: name, fromNothing: false, violations: [], failed: false, output: "" };
    const onEvent = ({ summaryEvent, policyEvent }: EngineEvent) => {
        result.changes = summaryEvent?.resourceChanges ?? result.changes;
        result.violations.push(...(policyEvent ? [violation(policyEvent)] : []));
    };
    console.log(`\n=== ${name}`);
    try {
        const text = fs.readFileSync(file === localFile ? `templates/${file}` : file, "utf8");
        result.fromNothing = !process.env.PULUMI_BACKEND_URL || !(await isThere(name, inBackend));
        fs.writeFileSync(path.join(folder, file), result.fromNothing ? withoutSecrets(text) : text);
        if (result.fromNothing) {
            // It writes the stack's salt beside Pulumi.yaml, which is not to be the committed one.
            fs.copyFileSync("Pulumi.yaml", path.join(folder, "Pulumi.yaml"));
            await LocalWorkspace.createStack({ stackName: name, workDir: folder }, alone);
        }
        const stack = await Stack.select(name, await LocalWorkspace.create(result.fromNothing ? alone : inBackend));
        await stack.preview({
            diff: true,
            color: "never",
            policyPacks: ["policy"],
            onOutput,
            onError: onOutput,
            onEvent,
        });
    } catch (error) {
        result.failed = true;
        // What Pulumi printed in a preview was shown when it came.
        if (!(error instanceof CommandError) || said.length === 0) {
            onOutput(`${(error as Error).message}\n`);
        }
    }
    result.output = withoutProgress(said.join(""));
    return result;
}

/** Whether the backend has the stack. Only the list of all stacks tells an unknown stack from a backend that does not answer. */
async function isThere(name: string, options: LocalWorkspaceOptions): Promise<boolean> {
    const stacks = await (await LocalWorkspace.create(options)).listStacks();
    return stacks.some((stack) => stack.name.split("/").pop() === name);
}

function violation({
    policyName,
    enforcementLevel,
    resourceUrn = "",
    message,
}: NonNullable<EngineEvent["policyEvent"]>): Violation {
    return {
        policy: policyName,
        mandatory: enforcementLevel === "mandatory",
        resource: resourceUrn.split("::").pop() ?? "",
        // Engine events have colours as words such as <{%reset%}>.
        message: message.replace(/<\{%.*?%\}>/g, ""),
    };
}

async function main(stacks: string[]): Promise<void> {
    const previews: Preview[] = [];
    for (const stack of stacks) {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-preview-"));
        previews.push(await preview(stack, folder));
        fs.rmSync(folder, { recursive: true });
    }
    fs.mkdirSync(".local", { recursive: true });
    fs.writeFileSync(".local/preview.md", previewReport(previews));
    if (process.env.GITHUB_STEP_SUMMARY) {
        fs.appendFileSync(process.env.GITHUB_STEP_SUMMARY, previewReport(previews, summaryLimit));
    }
    const failed = previews.filter((each) => each.failed).map(({ stack }) => stack);
    console.log(
        `\nThe report is .local/preview.md. ${failed.length === 0 ? "No preview failed." : `Failed: ${failed.join(", ")}`}`,
    );
    process.exitCode = failed.length === 0 ? 0 : 1;
}

if (require.main === module) {
    const named = process.argv.slice(2);
    void main(named.length === 0 ? committedStacks() : named);
}
