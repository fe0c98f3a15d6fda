import * as pulumi from "@pulumi/pulumi";
import { runOnceConnected } from "../../../provider/machines/onceConnected";
import { asUser, shellFile, withVariables } from "../../../provider/machines/shell";
import type { DockerEngine } from "../host";

const script = shellFile(__dirname, "imagePlatform.sh");

/** Seconds that a pull may take. */
const pullSeconds = 20 * 60;

/**
 * A command line (see {@link asUser}) that pulls an image where it is missing. If the machine's processor cannot run it, it says
 * what would be right, and exits with 23, or with 24 if Docker has pulled it all the same. With 26 it exits, and says what to do, where
 * Docker Hub's limit of pulls is reached.
 * @param image Such as `storm:2.8.9`.
 * @param host What the message calls the machine.
 */
export function imagePlatformScript(image: string, host: string): string {
    return asUser(withVariables({ image, host }, script));
}

/**
 * A hook that refuses an image before it is created on a host whose processor cannot run it. It is no resource, so that an existing
 * stack has nothing new.
 * @param image Such as `storm:2.8.9`.
 * @param engine The host's Docker Engine.
 */
export function refuseOtherPlatform(
    image: string,
    { name, ssh }: Pick<DockerEngine, "name" | "ssh">,
): pulumi.ResourceHookBinding {
    const refuse = async () => {
        const login = await new Promise<string[] | undefined>((resolve) => pulumi.output(ssh).apply(resolve));
        const line = imagePlatformScript(image, login ? `host ${name}` : "this machine");
        await runOnceConnected(login, ["sh", "-c", line], pullSeconds);
    };
    return { beforeCreate: [refuse] };
}
