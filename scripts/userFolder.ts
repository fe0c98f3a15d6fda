/**
 * Writes what a user connects to a cluster with into a folder: `userFolder.ts <stack> <name> <UI's port> [folder]`, with the stack's
 * outputs, secrets included, on standard input.
 */
import { X509Certificate } from "crypto";
import * as fs from "fs";
import * as path from "path";
import * as yaml from "yaml";
import type { UserFiles } from "../components/storm/security/users";
import { commandLine } from "../provider/machines/shell";
import { storePassword } from "../provider/nimbus/tlsFiles";
import { entriesByTls } from "./clientYaml";
import type { Outputs } from "./containers";

/** The outputs that this reads. */
export type UserOutputs = Pick<
    Outputs,
    "nimbusSeeds" | "nimbusPort" | "stormVersion" | "uiUrl" | "uiTunnel" | "hosts"
> & {
    /** What each user connects with; absent if there are none. */
    users?: Record<string, UserFiles>;
};

/**
 * What a user of the stack connects with.
 * @throws Error that says which users there are, if this is none of them.
 */
export function userOf(stack: string, { users = {} }: UserOutputs, name: string): UserFiles {
    const names = Object.keys(users);
    if (names.length === 0) {
        throw new Error(
            `the stack ${stack} has no users: set storm:security to tls, and storm:users to a list of names, then make up (docs/security.md)`,
        );
    }
    if (!names.includes(name)) {
        const wrong = name === "" ? "no NAME is given" : `${JSON.stringify(name)} is no user of the stack ${stack}`;
        throw new Error(
            `${wrong}: make client NAME=${names[0]}, or another of ${names.join(", ")}. To add one: storm:users, then make up`,
        );
    }
    return users[name] as UserFiles;
}

/**
 * The files of a user, by name.
 * @param folder Where they are to be: Storm's command line takes absolute paths alone, whatever the folder that it runs in.
 */
export function filesOf(user: UserFiles, outputs: UserOutputs, folder: string): Record<string, Buffer> {
    const files = { keyStore: "certificate.p12", trustStore: "trust.jks" };
    const configuration = entriesByTls(outputs, path.join(folder, files.keyStore), path.join(folder, files.trustStore));
    return {
        [files.keyStore]: Buffer.from(user.keyStore, "base64"),
        [files.trustStore]: Buffer.from(user.trustStore, "base64"),
        "certificate.pem": Buffer.from(user.certificate),
        "key.pem": Buffer.from(user.key),
        "authority.pem": Buffer.from(user.authority),
        password: Buffer.from(`${user.password}\n`),
        "storm.yaml": Buffer.from(yaml.stringify(configuration, { lineWidth: 0 })),
    };
}

/** Writes files that only their owner can read, in the place of those of an earlier time. A folder that exists keeps its mode. */
export function write(folder: string, files: Record<string, Buffer>): void {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const [name, content] of Object.entries(files)) {
        const file = path.join(folder, name);
        fs.rmSync(file, { force: true });
        fs.writeFileSync(file, content, { mode: 0o600, flag: "wx" });
    }
}

/** Where a user connects from. */
export interface Place {
    /** The project's folder, from which the outputs' commands find their keys. */
    project: string;
    /** Where the user's files are. */
    folder: string;
    /** TCP port of Storm UI. */
    uiPort: number;
}

/** What the folder is, and how to connect by it. */
export function guide(name: string, { certificate }: UserFiles, outputs: UserOutputs, place: Place): string {
    const { nimbusSeeds, nimbusPort, stormVersion, uiUrl, uiTunnel, hosts = {} } = outputs;
    const { project, folder, uiPort } = place;
    const [own, key, authority, password] = ["certificate.pem", "key.pem", "authority.pem", "password"].map((file) =>
        commandLine([path.join(folder, file)]),
    );
    const end = new Date(new X509Certificate(certificate).validTo).toISOString().slice(0, 10);
    const sections = [
        [
            `${folder} has what ${name} connects with, the private key too. Only you can read it.`,
            "If you move it, change its path in its storm.yaml.",
            `The certificate is valid until ${end}. An update replaces it when less than a third of its time is left: then run this again.`,
        ],
        [
            `Storm's command line (Storm ${stormVersion}), without a ~/.storm/storm.yaml, which it would prefer:`,
            `  export STORM_CONF_DIR=${commandLine([folder])}`,
            "  storm list",
            `It connects to ${nimbusSeeds.join(", ")}, port ${nimbusPort}.`,
        ],
    ];
    const login = Object.values(hosts).find(({ daemons }) => daemons.includes("nimbus-1"))?.ssh;
    if (login !== undefined) {
        sections.push([
            `If you cannot reach that from here, a SOCKS proxy on Nimbus's machine can. Keep it running, from ${project}:`,
            `  ${login} -N -D 127.0.0.1:1080`,
            '  export JAVA_TOOL_OPTIONS="-DsocksProxyHost=127.0.0.1 -DsocksProxyPort=1080"',
            "A forwarded port is not enough, as Nimbus answers with the address of its leader, where Storm connects next.",
        ]);
    }
    const urls = [...(uiUrl === undefined ? [] : [uiUrl]), ...(uiTunnel ? [`https://127.0.0.1:${uiPort}`] : [])];
    if (urls.length > 0) {
        sections.push([
            `Storm UI, ${urls.join(" or ")}, asks for the user ${name} and the password in ${password}.`,
            `Import authority.pem into the browser as an authority for web sites. With certificate.p12 (password: ${storePassword}) as your`,
            `certificate, it asks for no password${outputs.hosts ? "" : ", and logs open, which take no password on this target"}. By curl:`,
            `  curl --cert ${own} --key ${key} --cacert ${authority} ${urls[0]}/api/v1/cluster/summary`,
            ...(uiTunnel ? [`127.0.0.1 leads there while this runs, from ${project}:`, `  ${uiTunnel}`] : []),
        ]);
    }
    return sections.map((lines) => lines.join("\n")).join("\n\n");
}

function main(stack: string, name: string, uiPort: number, given: string): void {
    const outputs = JSON.parse(fs.readFileSync(0, "utf8")) as UserOutputs;
    const user = userOf(stack, outputs, name);
    const folder = path.resolve(given || path.join(".local", "clients", stack, name));
    write(folder, filesOf(user, outputs, folder));
    console.log(guide(name, user, outputs, { project: process.cwd(), folder, uiPort }));
}

if (require.main === module) {
    const [stack = "", name = "", uiPort = "", folder = ""] = process.argv.slice(2);
    try {
        main(stack, name, Number(uiPort), folder);
    } catch (error) {
        console.error(`make client: ${(error as Error).message}\nNothing was written.`);
        process.exit(1);
    }
}
