/**
 * Looks the newest image of Amazon Linux 2023 up in a stack's region, and writes its id into `storm:aws.ami` of the
 * stack's file: `newestAmi.ts <stack>`. Instances change their image when somebody asks for it, and a preview looks nothing up.
 */
import * as fs from "fs";
import { DescribeImagesCommand, type DescribeImagesCommandInput, EC2Client, type Filter, type Image } from "@aws-sdk/client-ec2";
import * as yaml from "yaml";

/** Leaves out the minimal images, which lack what Session Manager needs, and those for ECS. */
const namePattern = "al2023-ami-2023.*-x86_64";
const path = ["config", "storm:aws", "ami"];

/** What a stack's file says of its image. */
export interface StackImage {
    region: string;
    /** Id of the image that it names. */
    ami: string | undefined;
}

/**
 * Reads a stack's file.
 * @throws Error when it is no YAML, not one of the target `aws`, or names no region.
 */
export function stackImage(file: string, text: string): StackImage {
    const document = yaml.parseDocument(text);
    if (document.errors[0]) {
        throw new Error(`${file}: ${document.errors[0].message}`);
    }
    const { config } = (document.toJS() ?? {}) as { config?: Record<string, unknown> };
    const target = config?.["storm:target"] ?? "local";
    if (target !== "aws") {
        throw new Error(`${file} has the target ${JSON.stringify(target)}; images are for the target "aws": make ami STACK=dev`);
    }
    const region = config?.["aws:region"];
    if (typeof region !== "string" || region === "") {
        throw new Error(`${file} names no region, and each region has images of its own: set aws:region, such as eu-central-1`);
    }
    return { region, ami: (config?.["storm:aws"] as { ami?: string } | null | undefined)?.ami };
}

/**
 * The newest image: by the release in its name, such as 2023.12.20260930.0, and of those, as a release comes with several
 * kernels within minutes, by the kernel.
 */
export function newest(images: Image[]): Image | undefined {
    return [...images].sort((a, b) => (b.Name ?? "").localeCompare(a.Name ?? "", "en", { numeric: true }))[0];
}

/** A stack's file with another image; all else, comments included, is as it was. */
export function withAmi(text: string, ami: string): string {
    const document = yaml.parseDocument(text);
    const there = document.getIn(path, true);
    if (yaml.isScalar(there) && there.value !== null && there.range) {
        const [start, end] = there.range;
        return text.slice(0, start) + ami + text.slice(end);
    }
    document.setIn(path, ami);
    return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/**
 * What EC2 says of images.
 * @throws Error when there are no credentials, or EC2 does not answer.
 */
async function images(region: string, wanted: DescribeImagesCommandInput): Promise<Image[]> {
    try {
        const { Images } = await new EC2Client({ region }).send(new DescribeImagesCommand(wanted));
        return Images ?? [];
    } catch (error) {
        const { name, message } = error as Error;
        throw new Error(
            name === "CredentialsProviderError"
                ? `no credentials for AWS are found: export AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (${message})`
                : `EC2 in ${region} does not tell its images: ${name}: ${message}`,
        );
    }
}

function filter(Name: string, value: string): Filter {
    return { Name, Values: [value] };
}

function described(ami: string, image: Image | undefined): string {
    return image ? `${ami}  ${image.Name}, of ${image.CreationDate?.slice(0, 10)}` : `${ami}  (not among the images of this region)`;
}

async function main(stack: string): Promise<void> {
    const file = `Pulumi.${stack}.yaml`;
    if (!fs.existsSync(file)) {
        throw new Error(`there is no stack file ${file}: copy Pulumi.dev.yaml, or name another stack, as in make ami STACK=dev`);
    }
    const text = fs.readFileSync(file, "utf8");
    const { region, ami } = stackImage(file, text);
    const Filters = [filter("name", namePattern), filter("architecture", "x86_64"), filter("state", "available")];
    const found = newest(await images(region, { Owners: ["amazon"], Filters }));
    if (!found?.ImageId) {
        throw new Error(`Amazon has no image ${namePattern} in ${region}: set storm:aws.ami in ${file} by hand`);
    }
    // Amazon deprecates an image some months after it was the newest.
    const old = ami === undefined ? [] : await images(region, { Filters: [filter("image-id", ami)], IncludeDeprecated: true });
    const before = ami === undefined ? "none" : described(ami, old[0]);
    console.log(`storm:aws.ami in ${file}, for ${region}:`);
    if (ami === found.ImageId) {
        console.log(`  ${before}\nIt is the newest: nothing is changed. Next: make up STACK=${stack}`);
        return;
    }
    fs.writeFileSync(file, withAmi(text, found.ImageId));
    console.log(`  was  ${before}\n  is   ${described(found.ImageId, found)}`);
    console.log(`Next: make preview STACK=${stack}. A changed image replaces the instances that are there, those with data one after the other (docs/changes.md).`);
}

if (require.main === module) {
    main(process.argv[2] ?? "").catch((error: Error) => {
        console.error(`make ami: ${error.message}\nNothing was written.`);
        process.exit(1);
    });
}
