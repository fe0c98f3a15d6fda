/**
 * Reads the ids of the newest images of Amazon Linux 2023 in a stack's region, and writes them into `storm:aws` of the stack's file, as
 * `ami`, as `amiArm64` or as both, as its instance types need: `newestAmi.ts <stack>`. With the name of an instance, which is that of its
 * daemon unless the file has `instances`, or `bastion`, it writes the one for it alone, into `amis`: `newestAmi.ts <stack> zookeeper-2`.
 * Instances change their image only when somebody asks for it.
 */
import * as fs from "fs";
import { DescribeImagesCommand, EC2Client, type Image } from "@aws-sdk/client-ec2";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import * as yaml from "yaml";
import { parseDaemonName } from "../components/daemonRef";
import { instanceTypeProblem } from "../components/hosts/ec2/instanceTypes";
import {
    type ImageArgument,
    imageArgument,
    type Machine,
    type MachineArgs,
    machineOfKind,
    machinesOf,
    neededImages,
} from "../components/targets/ec2Machine";
import { bastionName, kindsWithData } from "../components/targets/ec2TargetArgs";
import { settingValue } from "../settings";
import { waysToLogIn } from "../settings/aws";
import { missingCredentials } from "./cloud/credentials";
import { configOf } from "./stackFile";

/**
 * Names of AWS's public parameters that hold the ids, in every region. They are not those of the minimal image, which does not have
 * what Session Manager needs.
 */
export const parameterNames: Record<ImageArgument, string> = {
    ami: "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
    amiArm64: "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64",
};

/** What a stack's file says of its images. */
export interface StackImages {
    region: string;
    /** The images that are looked up. */
    images: StackImage[];
}

/** An image that a stack's file names, or should. */
export interface StackImage {
    /** Where it is below `storm:aws`: `["ami"]`, or `["amis", "zookeeper-2"]`. */
    path: [ImageArgument] | ["amis", string];
    /** Its architecture, as the argument for it. */
    architecture: ImageArgument;
    /** Its id; undefined where the file names none. */
    ami: string | undefined;
}

/**
 * Reads a stack's file.
 * @param name The name of the only instance that is meant, or `bastion`; default: all.
 * @throws Error when it is not valid YAML, not one of the target `aws`, names no region, or has an instance type that cannot be used, or
 *     `name` is not such a name.
 */
export function stackImages(file: string, text: string, name = ""): StackImages {
    const config = configOf(text, file);
    const target = config["storm:target"] ?? "local";
    if (target !== "aws") {
        throw new Error(
            `${file} has the target ${JSON.stringify(target)}; images are for the target "aws": make ami STACK=dev`,
        );
    }
    const region = config["aws:region"];
    if (typeof region !== "string" || region === "") {
        throw new Error(
            `${file} names no region, and each region has images of its own: set aws:region, such as eu-central-1`,
        );
    }
    const aws = (config["storm:aws"] ?? {}) as Partial<Record<ImageArgument, string>> & {
        amis?: Record<string, string>;
    };
    const args = machineArgs(file, config);
    if (name === "") {
        const needed = [...neededImages(args).keys()];
        return {
            region,
            images: needed.map((key) => ({ path: [key], architecture: key, ami: aws[key] ?? undefined })),
        };
    }
    const architecture = imageArgument(machineOf(name, args));
    return { region, images: [{ path: ["amis", name], architecture, ami: aws.amis?.[name] ?? undefined }] };
}

/**
 * The machine of a name.
 * @throws Error when no machine can have it.
 */
function machineOf(name: string, args: MachineArgs): Pick<Machine, "instanceType"> {
    const instances = args.instances ?? [];
    const kind = name === bastionName ? bastionName : instances.length === 0 ? parseDaemonName(name)?.kind : undefined;
    const machine = kind ? machineOfKind(kind, name, args) : machinesOf(args).find((each) => each.name === name);
    if (machine === undefined) {
        const names =
            instances.length > 0
                ? `storm:aws.instances has ${instances.map((each) => each.name).join(", ")}`
                : "names must be as in zookeeper-1, nimbus-1, supervisor-1, drpc-1, ui, bastion";
        throw new Error(`D=${name} is no machine: ${names}`);
    }
    return machine;
}

/**
 * What decides about the machines of a stack. How many daemons of a kind there are does not matter here, nor where they are, nor does
 * `amis`, and nothing else of the file has to be valid.
 * @throws Error when it has an instance type that cannot be used.
 */
function machineArgs(file: string, config: Record<string, unknown>): MachineArgs {
    const aws = (config["storm:aws"] ?? {}) as Pick<MachineArgs, "private" | "vpc" | "instances" | "instanceTypes">;
    // Pulumi writes numbers and booleans back as strings.
    const value = (key: string) => {
        const given = config[`storm:${key}`];
        return typeof given === "string" ? settingValue(key, given) : given;
    };
    const args: MachineArgs = {
        ...aws,
        daemons: {
            zookeepers: (value("zookeeperServers") as string[] | undefined)?.length ? 0 : 1,
            nimbuses: 1,
            supervisors: 1,
            drpcs: value("drpcs") ? 1 : 0,
            ui: value("ui") !== false,
        },
        login: waysToLogIn(config["storm:ssh"] ?? {}),
        instances: (aws.instances ?? []).map(({ name, type }) => ({ name, type, daemons: [] })),
        amis: {},
    };
    const given = [
        ...Object.entries(aws.instanceTypes ?? {}).map(([kind, type]) => ({
            at: `instanceTypes.${kind}`,
            type,
            hasData: kindsWithData.includes(kind),
        })),
        ...(aws.instances ?? []).map(({ type }, index) => ({ at: `instances.${index}.type`, type, hasData: false })),
    ];
    for (const { at, type, hasData } of given) {
        const problem = instanceTypeProblem(type, hasData);
        if (problem !== undefined) {
            throw new Error(`${file}: storm:aws.${at} (${JSON.stringify(type)}) ${problem}`);
        }
    }
    return args;
}

/** A stack's file with another image; all else, comments included, is as it was. */
export function withAmi(text: string, at: StackImage["path"], ami: string): string {
    const document = yaml.parseDocument(text);
    const path = ["config", "storm:aws", ...at];
    const there = document.getIn(path, true);
    if (yaml.isScalar(there) && there.value !== null && there.range) {
        const [start, end] = there.range;
        return text.slice(0, start) + ami + text.slice(end);
    }
    document.setIn(path, ami);
    return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** The images of these ids, as far as the region has them. */
async function imagesOf(region: string, ids: string[]): Promise<Image[]> {
    const { Images = [] } = await new EC2Client({ region }).send(
        new DescribeImagesCommand({
            // Unlike `ImageIds`, a filter may name images that do not exist.
            Filters: [{ Name: "image-id", Values: ids }],
            // Amazon deprecates an image some months after it was the newest.
            IncludeDeprecated: true,
        }),
    );
    return Images;
}

function described(ami: string, images: Image[]): string {
    const image = images.find(({ ImageId }) => ImageId === ami);
    return image
        ? `${ami}  ${image.Name}, of ${image.CreationDate?.slice(0, 10)}`
        : `${ami}  (not among the images of this region)`;
}

/**
 * The id of the newest image, and what EC2 says of it and of the stack's own.
 * @throws Error if there are no credentials, or AWS does not answer.
 */
async function lookUp(
    region: string,
    key: ImageArgument,
    ami: string | undefined,
): Promise<{ newest: string; images: Image[] }> {
    try {
        const Name = parameterNames[key];
        const { Parameter } = await new SSMClient({ region }).send(new GetParameterCommand({ Name }));
        const newest = Parameter?.Value as string;
        return { newest, images: await imagesOf(region, [newest, ...(ami === undefined ? [] : [ami])]) };
    } catch (error) {
        const { name, message } = error as Error;
        throw new Error(
            missingCredentials(error as Error) ??
                `AWS does not say which image is the newest in ${region}: ${name}: ${message}`,
        );
    }
}

async function main(stack: string, instance: string): Promise<void> {
    const file = `Pulumi.${stack}.yaml`;
    if (!fs.existsSync(file)) {
        throw new Error(
            `there is no stack file ${file}: copy Pulumi.dev.yaml, or name another stack, as in make ami STACK=dev`,
        );
    }
    const before = fs.readFileSync(file, "utf8");
    const { region, images } = stackImages(file, before, instance);
    let after = before;
    const lines: string[] = [];
    for (const { path, architecture, ami } of images) {
        const found = await lookUp(region, architecture, ami);
        const was = ami === undefined ? "none" : described(ami, found.images);
        lines.push(`storm:aws.${path.join(".")} in ${file}, for ${region}:`);
        if (ami === found.newest) {
            lines.push(`  ${was}`, "It is the newest: nothing is changed.");
        } else {
            after = withAmi(after, path, found.newest);
            lines.push(`  was  ${was}`, `  is   ${described(found.newest, found.images)}`);
        }
    }
    console.log(lines.join("\n"));
    if (after === before) {
        console.log(`Next: make up STACK=${stack}`);
        return;
    }
    fs.writeFileSync(file, after);
    const effect =
        instance === ""
            ? "A changed image replaces the existing instances, those with data one after the other (docs/changes.md). For a single lost instance: make ami D=<instance>."
            : `If the instance ${instance} exists, it is replaced; no other one is touched.`;
    console.log(`Next: make preview STACK=${stack}. ${effect}`);
}

if (require.main === module) {
    main(process.argv[2] ?? "", process.argv[3] ?? "").catch((error: Error) => {
        console.error(`make ami: ${error.message}\nNothing was written.`);
        process.exit(1);
    });
}
