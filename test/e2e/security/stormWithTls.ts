import { execFileSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import type { LabHost } from "../../lab/lab";
import { docker, machineStorm } from "../stack";

/** The image whose Thrift server by TLS refuses every call. */
const refusing = "storm:2.8.3";

/** The same with the stand-ins, named as the oldest version whose server works. */
const withStandIn = "storm-with-tls:2.8.7";

/** Whether this machine's image of Storm needs the stand-ins. */
const isNeeded = () => machineStorm() === refusing;

/**
 * An image of Storm whose Nimbus and supervisors can be called by TLS, and which has a logviewer: that of this machine, with stand-ins for
 * classes if it has to be.
 */
export function stormWithTls(): string {
    if (!isNeeded()) {
        return machineStorm();
    }
    execFileSync("docker", ["build", "--tag", withStandIn, "-"], { input: context(), stdio: "pipe" });
    return withStandIn;
}

/** The same on a lab's hosts, which have this machine's images. */
export async function stormWithTlsOn(hosts: LabHost[]): Promise<string> {
    if (!isNeeded()) {
        return machineStorm();
    }
    const sent = context().toString("base64");
    await Promise.all(hosts.map((host) => host.exec(`echo ${sent} | base64 -d | docker build --tag ${withStandIn} -`)));
    return withStandIn;
}

/** What the image is built of, as a tar archive. */
function context(): Buffer {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-with-tls-"));
    const source = docker("create", refusing);
    try {
        docker("cp", `${source}:/apache-storm/lib`, `${folder}/lib`);
        const java = ["TlsTransportPlugin.java", "LogviewerServer.java"].map((file) => path.join(__dirname, file));
        execFileSync("javac", ["--release", "17", "-cp", `${folder}/lib/*`, "-d", `${folder}/classes`, ...java]);
        fs.mkdirSync(`${folder}/image`);
        docker("cp", `${source}:/apache-storm/bin/storm`, `${folder}/image/storm`);
        const command = fs.readFileSync(`${folder}/image/storm`, "utf8");
        fs.writeFileSync(`${folder}/image/storm`, withLogviewer(command));
        // The same bytes each time: another test file may have containers of the image that has this name.
        const create = ["--create", "--date", "2000-01-01T00:00:00Z", "--file", `${folder}/image/tls.jar`];
        execFileSync("jar", [...create, "-C", `${folder}/classes`, "."]);
        // Storm's class path begins with the jars of this folder.
        fs.writeFileSync(
            `${folder}/image/Dockerfile`,
            `FROM ${refusing}\nCOPY tls.jar /apache-storm/\nCOPY storm /apache-storm/bin/\n`,
        );
        return execFileSync("tar", ["-czf", "-", "-C", `${folder}/image`, "."]);
    } finally {
        docker("rm", source);
        fs.rmSync(folder, { recursive: true });
    }
}

/** The image's stand-in for the command `storm`, with the logviewer that it does without. */
function withLogviewer(command: string): string {
    const daemons = "DAEMONS = {\n";
    const logviewer = '    "logviewer": "org.apache.storm.daemon.logviewer.LogviewerServer",\n';
    return command.replace(daemons, daemons + logviewer).replace('"ui", "logviewer"', '"ui"');
}
