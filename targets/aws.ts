import * as pulumi from "@pulumi/pulumi";
import { neededImages, purposeOf } from "../components/targets/ec2Machine";
import { regionOfNetwork } from "../components/network/region";
import type { ExistingResources } from "../components/stackState";
import { Ec2Target } from "../components/targets/ec2Target";
import { quotaWarning } from "../components/targets/ec2Quota";
import { existingResources } from "../components/targets/existingResources";
import type { SessionManager } from "../provider/machines/ssh";
import { missingTools } from "../provider/machines/sessionManager";
import type { StackSettings } from "../settings";
import { waysToLogIn } from "../settings/aws";
import { awsProvider, awsSetting, credentialsOfProvider } from "./awsProvider";
import { commonArgs, targetName, targetOptions } from "./common";
import { sshLogin } from "./sshLogin";

/** In place of what an update needs and a preview does not: a pull request from a fork has none of it. */
const placeholders = {
    image: "ami-00000000000000000",
    publicKey: `ssh-ed25519 ${"A".repeat(68)}`,
    ssh: ["192.0.2.0/32"],
};

/**
 * The target `aws`.
 * @throws pulumi.RunError if an update cannot log in as the settings ask. A preview connects to nothing, and does not look. Also if the
 *     stack has a fleet, and credentials for AWS's provider alone.
 */
export async function ec2Target(settings: StackSettings, clusterName: string): Promise<Ec2Target> {
    const { aws, ssh } = settings;
    const { publicKey, sshFrom, ...images } = required(settings);
    const existing = withEarlierNames(await existingResources());
    const login = {
        ...sshLogin(settings, clusterName),
        bastion: ssh.bastion,
        sessionManager: ssh.via && sessionManager(aws),
    };
    const { fleet } = settings;
    const unusable = fleet ? credentialsOfProvider() : [];
    if (unusable.length > 0) {
        throw new pulumi.RunError(
            `storm:fleet cannot be used with ${unusable.join(", ")}: an update asks AWS about the fleet with the credentials of aws:profile ` +
                "or of the environment. Give the provider these too, and remove the former",
        );
    }
    const warning = quotaWarning(targetName, {
        daemons: settings,
        ...aws,
        ...{ clusterName, fleet, login, existing },
    });
    if (warning !== undefined && pulumi.runtime.isDryRun()) {
        void pulumi.log.warn(warning);
    }
    const missing = ssh.via && !pulumi.runtime.isDryRun() ? await missingTools() : [];
    if (missing.length > 0) {
        throw new pulumi.RunError(
            `storm:ssh.via (${ssh.via}) cannot be used here:\n${missing.map((each) => `  ${each}`).join("\n")}`,
        );
    }
    return new Ec2Target(
        targetName,
        {
            ...commonArgs(settings, clusterName),
            daemons: settings,
            ...images,
            publicKey,
            login,
            from: { ...aws.from, ssh: sshFrom },
            existing,
            zones: aws.zones,
            cidr: aws.cidr,
            vpc: aws.vpc,
            private: aws.private,
            flowLogs: aws.flowLogs,
            instances: aws.instances,
            instanceTypes: aws.instanceTypes,
            fleet: fleet && {
                instanceTypes: fleet.instanceTypes,
                profile: awsSetting("profile"),
                // Where the program's own provider calls AWS.
                endpointUrl: process.env.AWS_ENDPOINT_URL,
            },
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

/** The resources of a stack from before targets were components have the same names without the target's. */
function withEarlierNames(existing: ExistingResources): ExistingResources {
    const earlier = [...existing].map(([name, outputs]) => [`${targetName}-${name}`, outputs] as const);
    return new Map([...earlier, ...existing]);
}

/** The region of the zones, and the profile of the stack's provider. Other credentials than a profile's are those of the environment. */
function sessionManager(aws: StackSettings["aws"]): pulumi.Output<SessionManager> {
    return pulumi.output({ region: regionOfNetwork(aws), profile: awsSetting("profile") });
}

/**
 * Settings that only the user knows.
 * @throws pulumi.RunError if some of them are missing in an update. A preview warns, and uses placeholders.
 */
function required(settings: StackSettings) {
    const { publicKey, from } = settings.aws;
    const { via } = settings.ssh;
    const { fleet } = settings;
    const machines = { daemons: settings, ...settings.aws, fleet, login: waysToLogIn(settings.ssh) };
    const images = [...neededImages(machines)].filter(([key]) => !settings.aws[key]);
    const missing = [
        ...images.map(
            ([key, needing]) =>
                `  storm:aws.${key} is not set, ${purposeOf(needing)}: \`make ami\` looks up the newest one of Amazon Linux 2023 in your region, and sets it`,
        ),
        ...(publicKey
            ? []
            : [
                  "  storm:aws.publicKey is not set: the line in ~/.ssh/id_ed25519.pub, of the key that storm:ssh.keyFile names",
              ]),
        ...(from.ssh.length > 0 || via
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
        amis: settings.aws.amis,
        publicKey: publicKey ?? placeholders.publicKey,
        sshFrom: from.ssh.length > 0 || via ? from.ssh : placeholders.ssh,
    };
}
