/**
 * Reads the id of the newest image of Amazon Linux 2023 in a stack's region, and writes it into `storm:aws.ami` of the
 * stack's file: `newestAmi.ts <stack>`. Instances change their image only when somebody asks for it.
 */
import * as fs from "fs";
import { DescribeImagesCommand, EC2Client, type Image } from "@aws-sdk/client-ec2";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import * as yaml from "yaml";
import { configOf } from "./stackFile";

/**
 * Name of AWS's public parameter that holds the id, in every region. It is not that of the minimal image, which does not have what
 * Session Manager needs.
 */
export const parameterName = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";
const path = ["config", "storm:aws", "ami"];

/** What a stack's file says of its image. */
export interface StackImage {
    region: string;
    /** Id of the image that it names. */
    ami: string | undefined;
}

/**
 * Reads a stack's file.
 * @throws Error when it is not valid YAML, not one of the target `aws`, or names no region.
 */
export function stackImage(file: string, text: string): StackImage {
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
    return { region, ami: (config["storm:aws"] as { ami?: string } | null | undefined)?.ami };
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
async function lookUp({ region, ami }: StackImage): Promise<{ newest: string; images: Image[] }> {
    try {
        const { Parameter } = await new SSMClient({ region }).send(new GetParameterCommand({ Name: parameterName }));
        const newest = Parameter?.Value as string;
        return { newest, images: await imagesOf(region, [newest, ...(ami === undefined ? [] : [ami])]) };
    } catch (error) {
        const { name, message } = error as Error;
        throw new Error(
            name === "CredentialsProviderError"
                ? `no credentials for AWS are found: export AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (${message})`
                : `AWS does not say which image is the newest in ${region}: ${name}: ${message}`,
        );
    }
}

async function main(stack: string): Promise<void> {
    const file = `Pulumi.${stack}.yaml`;
    if (!fs.existsSync(file)) {
        throw new Error(
            `there is no stack file ${file}: copy Pulumi.dev.yaml, or name another stack, as in make ami STACK=dev`,
        );
    }
    const text = fs.readFileSync(file, "utf8");
    const image = stackImage(file, text);
    const { region, ami } = image;
    const { newest, images } = await lookUp(image);
    const before = ami === undefined ? "none" : described(ami, images);
    console.log(`storm:aws.ami in ${file}, for ${region}:`);
    if (ami === newest) {
        console.log(`  ${before}\nIt is the newest: nothing is changed. Next: make up STACK=${stack}`);
        return;
    }
    fs.writeFileSync(file, withAmi(text, newest));
    console.log(`  was  ${before}\n  is   ${described(newest, images)}`);
    console.log(
        `Next: make preview STACK=${stack}. A changed image replaces the existing instances, those with data one after the other (docs/changes.md).`,
    );
}

if (require.main === module) {
    main(process.argv[2] ?? "").catch((error: Error) => {
        console.error(`make ami: ${error.message}\nNothing was written.`);
        process.exit(1);
    });
}
