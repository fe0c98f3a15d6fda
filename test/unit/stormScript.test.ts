// scripts/storm, in a checkout of its own, with stand-ins for Pulumi's CLI, for Docker and for `storm`.
import { spawnSync } from "child_process";
import { createHash } from "crypto";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import * as yaml from "yaml";
import { certificatesFolder, stormKeyStore, stormTrustStore } from "../../provider/nimbus/tlsFiles";

jest.setTimeout(60_000);

/** A container has the folder of its name, and one of `docker run` the folder `client`, which has its /tmp and its /conf. */
const docker = `#!/bin/bash
here=$(dirname "$0")
echo "$*" >>"$here/words"
case "$1 $2" in
"context show") echo default ;;
"ps --all") printf 'nimbus-1\\nui\\n' ;;
inspect*) echo storm:2.8.9 ;;
cp*) tar -cf - -C "$here/\${2%%:*}\${2#*:}/.." "$(basename "\${2#*:}")" ;;
run*)
    while [ "$1" != bash ]; do shift; done
    mkdir -p "$here/client/tmp" "$here/client/conf" && cd "$here/client/tmp" || exit
    exec bash -c "\${3//\\/conf/$here/client/conf}" "\${@:4}" ;;
*) echo "unexpected: $*" >&2; exit 1 ;;
esac
`;

let folder: string;
const at = (...names: string[]) => path.join(folder, ...names);
const write = (file: string, content: string, mode?: number) => {
    fs.mkdirSync(path.dirname(at(file)), { recursive: true });
    fs.writeFileSync(at(file), content, { mode });
};
beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-script-"));
    for (const name of ["scripts", "node_modules", "Pulumi.yaml", "package.json", "templates"]) {
        fs.symlinkSync(path.resolve(name), at(name));
    }
    write("bin/docker", docker, 0o755);
    write("bin/storm", `#!/bin/sh\necho "$*"; sha256sum $(find . -type f | sort)\n`, 0o755);
    write("words.txt", "a file of the user's");
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const outputs = { nimbusSeeds: ["10.0.0.2"], nimbusPort: 6627 };

/** Runs it on a stack with these outputs. Returns what it has printed, and the client's storm.yaml. */
function run(stack: object): { printed: string; config: unknown } {
    const { pulumi: cli } = (
        JSON.parse(fs.readFileSync("package.json", "utf8")) as { devDependencies: Record<string, string> }
    ).devDependencies;
    write("home/versions/" + cli + "/bin/pulumi", `#!/bin/sh\necho '${JSON.stringify(stack)}'\n`, 0o755);
    const { PATH, HOME } = process.env;
    const { stdout, stderr } = spawnSync(at("scripts/storm"), ["jar", "words.txt"], {
        encoding: "utf8",
        env: { PATH: `${at("bin")}:${PATH}`, HOME, PULUMI_HOME: at("home"), PULUMI_CONFIG_PASSPHRASE: "" },
    });
    return { printed: stdout + stderr, config: yaml.parse(fs.readFileSync(at("bin/client/conf/storm.yaml"), "utf8")) };
}
const hash = (content: string) => createHash("sha256").update(content).digest("hex");

test("Storm's command line finds Nimbus, and has the files that its arguments name", () => {
    const { printed, config } = run(outputs);
    expect(printed).toContain(`jar words.txt\n${hash("a file of the user's")}  ./words.txt\n`);
    expect(config).toEqual({
        ...{ "nimbus.seeds": ["10.0.0.2"], "nimbus.thrift.port": 6627 },
        ...{ "storm.local.dir": "/data", "storm.log.dir": "/logs" },
    });
    expect(fs.readFileSync(at("bin/words"), "utf8")).not.toContain(certificatesFolder);
});

test("where Nimbus is called by TLS it has Nimbus's certificates, which are in no command line and nowhere else", () => {
    for (const [file, content] of [
        [stormKeyStore, "THE-KEY"],
        [stormTrustStore, "an authority"],
    ] as const) {
        write(`bin/storm-local-nimbus-1${file}`, content);
    }
    const { printed, config } = run({ ...outputs, nimbusPort: 6629, security: "tls" });
    expect(printed).toContain(
        [
            "jar words.txt",
            `${hash("an authority")}  ./certificates/storm-trust.jks`,
            `${hash("THE-KEY")}  ./certificates/storm.p12`,
            `${hash("a file of the user's")}  ./words.txt\n`,
        ].join("\n"),
    );
    expect(config).toEqual({
        ...{ "nimbus.seeds": ["10.0.0.2"], "nimbus.thrift.client.use.tls": true, "nimbus.thrift.tls.port": 6629 },
        "nimbus.thrift.tls.client.keystore.path": "/tmp/certificates/storm.p12",
        "nimbus.thrift.tls.client.keystore.password": "changeit",
        "nimbus.thrift.tls.client.truststore.path": "/tmp/certificates/storm-trust.jks",
        "nimbus.thrift.tls.client.truststore.password": "changeit",
        ...{ "storm.local.dir": "/data", "storm.log.dir": "/logs" },
    });
    const found = spawnSync("grep", ["-rl", "THE-KEY", folder], { encoding: "utf8" }).stdout.trim().split("\n");
    expect(found.map((file) => path.relative(folder, file)).sort()).toEqual([
        "bin/client/tmp/certificates/storm.p12",
        "bin/storm-local-nimbus-1/certificates/storm.p12",
    ]);
});
