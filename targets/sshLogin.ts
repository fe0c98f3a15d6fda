import { execFileSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import * as pulumi from "@pulumi/pulumi";
import type { SshLogin } from "../components/hosts/ssh/sshHostArgs";
import type { StackSettings } from "../settings";

/**
 * How the settings have hosts logged in to. The key is where `ssh` finds it under one name for the stack, whatever file
 * it is in and whether it is a secret of the stack's: so another key is another way to connect, and nothing else.
 * `pulumi destroy` does not run the program, and so finds a key only where an update has run before. A preview leaves the
 * key that is in place to an update that may be running.
 * @throws pulumi.RunError when the key cannot be used. A preview does without it.
 */
export function sshLogin(
    { ssh: { keyFile }, sshKey }: StackSettings,
    clusterName: string,
): Omit<SshLogin, "bastion" | "sessionManager"> {
    const isPreview = pulumi.runtime.isDryRun();
    const keyPath = keyPathOf(clusterName);
    fs.mkdirSync(path.dirname(keyPath), { recursive: true, mode: 0o700 });
    if (!keyFile && !sshKey) {
        if (!isPreview) {
            fs.rmSync(keyPath, { force: true });
        }
        return {};
    }
    const candidate = `${keyPath}.${process.pid}`;
    fs.rmSync(candidate, { force: true });
    try {
        if (sshKey) {
            fs.writeFileSync(candidate, sshKey.endsWith("\n") ? sshKey : `${sshKey}\n`, { mode: 0o600 });
        } else if (keyFile) {
            fs.symlinkSync(path.resolve(keyFile.replace(/^~(?=\/)/, os.homedir())), candidate);
        }
        const problem = keyProblem(candidate);
        if (problem !== undefined) {
            if (!isPreview) {
                throw new pulumi.RunError(`${sshKey ? "storm:sshKey" : `storm:ssh.keyFile (${keyFile})`} ${problem}`);
            }
            return {
                keyPath,
                privateKey: pulumi.secret(""),
                options: { ignoreChanges: ["connection.privateKey", "connection.proxy.privateKey"] },
            };
        }
        const privateKey = pulumi.secret(fs.readFileSync(candidate, "utf8"));
        if (!isPreview || !fs.existsSync(keyPath)) {
            fs.renameSync(candidate, keyPath);
        }
        return { keyPath, privateKey };
    } finally {
        fs.rmSync(candidate, { force: true });
    }
}

/** Where `ssh` finds the key, from the project's folder, in which Pulumi runs its plugins too: the same on every machine. */
function keyPathOf(clusterName: string): string {
    return path.join(".local", "ssh", clusterName);
}

function keyProblem(file: string): string | undefined {
    try {
        fs.accessSync(file, fs.constants.R_OK);
    } catch (error) {
        return `cannot be read: ${(error as NodeJS.ErrnoException).code}`;
    }
    try {
        execFileSync("ssh-keygen", ["-y", "-P", "", "-f", file], {
            stdio: ["ignore", "ignore", "pipe"],
            encoding: "utf8",
        });
        return undefined;
    } catch (error) {
        const said = (error as { stderr?: string }).stderr?.trim() ?? (error as Error).message;
        return /passphrase/.test(said)
            ? "has a passphrase, which nobody can be asked for: `ssh-add` it, and leave storm:ssh.keyFile and storm:sshKey out"
            : `is no private key: ${said}`;
    }
}
