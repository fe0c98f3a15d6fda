import { execFileSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { docker, machineStorm } from "../stack";

/** The image whose Thrift server by TLS refuses every call. */
const refusing = "storm:2.8.3";

/** The same with the stand-in, named as the oldest version whose server works. */
const withStandIn = "storm-with-tls:2.8.7";

/** An image of Storm whose Nimbus and supervisors can be called by TLS: that of this machine, with a class replaced if it has to be. */
export function stormWithTls(): string {
    if (machineStorm() !== refusing) {
        return machineStorm();
    }
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-with-tls-"));
    const source = docker("create", refusing);
    try {
        docker("cp", `${source}:/apache-storm/lib-worker`, `${folder}/lib`);
        const java = path.join(__dirname, "TlsTransportPlugin.java");
        execFileSync("javac", ["--release", "17", "-cp", `${folder}/lib/*`, "-d", `${folder}/classes`, java]);
        fs.mkdirSync(`${folder}/image`);
        execFileSync("jar", ["--create", "--file", `${folder}/image/tls.jar`, "-C", `${folder}/classes`, "."]);
        // Storm's class path begins with the jars of this folder.
        fs.writeFileSync(`${folder}/image/Dockerfile`, `FROM ${refusing}\nCOPY tls.jar /apache-storm/\n`);
        docker("build", "--tag", withStandIn, `${folder}/image`);
    } finally {
        docker("rm", source);
        fs.rmSync(folder, { recursive: true });
    }
    return withStandIn;
}
