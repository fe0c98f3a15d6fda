import { maxStartups } from "./sshd";
import { asRoot, shellFile } from "./shell";

const script = shellFile(__dirname, "launchKey.sh");

/**
 * User data that gives a machine's sshd the key by which it is known at the first connection. It is run once, by cloud-init,
 * after sshd was started.
 */
export function launchScript(privateKey: string): string {
    return script.replace("PRIVATE_KEY", () => privateKey.trim()).replace("MAX_STARTUPS", maxStartups);
}

/** A command line (see {@link asRoot}) that makes the key that is to come, once, and prints its public half. */
export const proposeScript = asRoot(shellFile(__dirname, "proposeKey.sh"));

/** A command line (see {@link asRoot}) that puts the key that was made in place of the other one. */
export const activateScript = asRoot(shellFile(__dirname, "activateKey.sh"));
