import * as pulumi from "@pulumi/pulumi";
import { neededImages, purposeOf } from "../components/targets/ec2Machine";
import { Ec2Target } from "../components/targets/ec2Target";
import { existingResources } from "../components/targets/existingResources";
import type { StackSettings } from "../settings";
import { awsProvider } from "./awsProvider";
import { commonArgs, targetName, targetOptions } from "./common";
import { sshLogin } from "./sshLogin";

/** In place of what an update needs and a preview does not: a pull request from a fork has none of it. */
const placeholders = {
    image: "ami-00000000000000000",
    publicKey: `ssh-ed25519 ${"A".repeat(68)}`,
    ssh: ["192.0.2.0/32"],
};

/** The target `aws`. */
export async function ec2Target(settings: StackSettings, clusterName: string): Promise<Ec2Target> {
    const { aws, ssh } = settings;
    const { publicKey, sshFrom, ...images } = required(settings);
    return new Ec2Target(
        targetName,
        {
            ...commonArgs(settings, clusterName),
            daemons: settings,
            ...images,
            publicKey,
            login: { ...sshLogin(settings, clusterName), bastion: ssh.bastion },
            from: { ssh: sshFrom, ui: aws.from.ui, clients: aws.from.clients },
            existing: await existingResources(),
            zones: aws.zones,
            cidr: aws.cidr,
            vpc: aws.vpc,
            private: aws.private,
            instanceTypes: aws.instanceTypes,
            rootGibibytes: aws.rootGibibytes,
            dataGibibytes: aws.dataGibibytes,
            protect: aws.protect,
            protectAdvice: "To remove it: storm:aws.protect: false, `pulumi up`, and again.",
            user: ssh.user,
            seconds: ssh.seconds,
            slots: settings.slots,
            startEmpty: settings.startEmpty,
            registryMirror: settings.registryMirror || undefined,
        },
        targetOptions({ providers: { aws: awsProvider("aws") } }),
    );
}

/**
 * Settings that only the user knows.
 * @throws pulumi.RunError if some of them are missing in an update. A preview warns, and uses placeholders.
 */
function required(settings: StackSettings) {
    const { publicKey, from } = settings.aws;
    const machines = { daemons: settings, ...settings.aws, login: settings.ssh };
    const images = [...neededImages(machines)].filter(([key]) => !settings.aws[key]);
    const missing = [
        ...images.map(
            ([key, kinds]) =>
                `  storm:aws.${key} is not set, ${purposeOf(machines, kinds)}: \`make ami\` looks up the newest one of Amazon Linux 2023 in your region, and sets it`,
        ),
        ...(publicKey
            ? []
            : [
                  "  storm:aws.publicKey is not set: the line in ~/.ssh/id_ed25519.pub, of the key that storm:ssh.keyFile names",
              ]),
        ...(from.ssh.length > 0
            ? []
            : [
                  "  storm:aws.from.ssh is not set, and nobody is let in: the subnets that Pulumi runs in, such as 203.0.113.7/32 for one address",
              ]),
    ];
    if (missing.length > 0 && !pulumi.runtime.isDryRun()) {
        throw new pulumi.RunError(`These settings are missing, which only you know:\n${missing.join("\n")}`);
    }
    if (missing.length > 0) {
        void pulumi.log.warn(`This preview does without what an update needs:\n${missing.join("\n")}`);
    }
    return {
        ami: settings.aws.ami ?? placeholders.image,
        amiArm64: settings.aws.amiArm64 ?? placeholders.image,
        publicKey: publicKey ?? placeholders.publicKey,
        sshFrom: from.ssh.length > 0 ? from.ssh : placeholders.ssh,
    };
}
