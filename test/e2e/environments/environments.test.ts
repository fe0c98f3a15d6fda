import { type ChildProcess, spawn } from "child_process";
import { once } from "events";
import * as fs from "fs";
import * as net from "net";
import * as os from "os";
import * as path from "path";
import * as yaml from "yaml";
import { withoutSecrets } from "../../../scripts/stackFile";
import { script } from "../../lab/run";
import { Checkout } from "../checkout";
import { until } from "../stack";

type Properties = Record<string, unknown>;

const state = fs.mkdtempSync(path.join(os.tmpdir(), "storm-environments-"));
const file = `file://${state}`;
let checkout: Checkout;
let moto: ChildProcess;
let s3: string;

/** Runs the CLI in a checkout, on a backend. */
const pulumi = (backend: string, command: string) =>
    checkout.run(
        "env",
        `PULUMI_BACKEND_URL=${backend}`,
        "bash",
        "-c",
        `export PATH=$PWD/node_modules/.bin:$PATH; pulumi ${command}`,
    );

beforeAll(async () => {
    checkout = new Checkout("dev", withoutSecrets(fs.readFileSync("Pulumi.dev.yaml", "utf8")), {
        ...{ PULUMI_CONFIG_PASSPHRASE: "a phrase", PULUMI_SKIP_UPDATE_CHECK: "true" },
        ...{ AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
    });
    const listener = net.createServer().listen(0, "127.0.0.1");
    await once(listener, "listening");
    const { port } = listener.address() as net.AddressInfo;
    listener.close();
    // A stand-in for S3: moto answers as it does.
    moto = spawn(
        path.join(await script("pypi.sh", ["moto"]), "bin/python"),
        ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)],
        { stdio: "ignore" },
    );
    const url = `http://127.0.0.1:${port}`;
    await until("S3 has a bucket", 300, () =>
        fetch(`${url}/states`, { method: "PUT" }).then(
            ({ ok }) => ok,
            () => false,
        ),
    );
    s3 = `s3://states?region=us-east-1&endpoint=${url}&s3ForcePathStyle=true`;
});
afterAll(() => {
    moto?.kill();
    checkout?.remove();
    fs.rmSync(state, { recursive: true });
});

test("`make env` makes an environment that a preview takes, and whose names are not those of the one that it is made from", () => {
    const made = checkout.run("make", "env", "NAME=staging", "FROM=dev");
    expect(made).toEqual({
        code: 0,
        output: expect.stringContaining("Next: read it, then make preview STACK=staging") as string,
    });
    const names = ["dev", "staging"].map((stack) => {
        expect(
            pulumi(file, `stack init ${stack} && pulumi preview --stack ${stack} --json >${state}/${stack}.json`),
        ).toMatchObject({ code: 0 });
        const { steps } = JSON.parse(fs.readFileSync(path.join(state, `${stack}.json`), "utf8")) as {
            steps: { newState: { inputs?: Properties } }[];
        };
        return steps.flatMap(({ newState: { inputs = {} } }) => {
            const { Name, ...tags } = (inputs.tags as Record<string, string> | undefined) ?? {};
            return [inputs.name, inputs.keyName, Name, tags["storm:cluster"]].filter(
                (name) => typeof name === "string",
            );
        });
    });
    const [dev = [], staging = []] = names;
    expect(dev).toEqual(expect.arrayContaining(["storm-dev-zookeeper-1", "storm-dev"]));
    expect(staging).toEqual(expect.arrayContaining(["storm-staging-zookeeper-1", "storm-staging"]));
    const images = (name: unknown) => !/^(storm|zookeeper):\d/.test(String(name));
    expect(dev.filter((name) => staging.includes(name) && images(name))).toEqual([]);
});

test.each([
    ["a folder", () => file],
    ["S3", () => s3],
])("%s keeps a stack's state: its resources, its secrets encrypted", async (_what, backend) => {
    const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nhush\n-----END OPENSSH PRIVATE KEY-----\n";
    fs.writeFileSync(
        path.join(checkout.folder, "Pulumi.kept.yaml"),
        "config:\n  storm:target: local\n  storm:subnet: 172.30.91.0/24\n",
    );
    fs.writeFileSync(path.join(checkout.folder, "key"), key);
    const kept = (command: string) => pulumi(backend(), command);
    expect(kept("stack init kept && pulumi config set --stack kept --secret storm:sshKey <key")).toMatchObject({
        code: 0,
    });
    const { config } = yaml.parse(fs.readFileSync(path.join(checkout.folder, "Pulumi.kept.yaml"), "utf8")) as {
        config: Properties;
    };
    expect(config["storm:sshKey"]).toEqual({ secure: expect.stringMatching(/^v1:/) as string });
    expect(kept("config get --stack kept storm:sshKey").output).toContain("hush");

    // What needs no images: the network, and the key that says whose it is.
    const few = ["host", "host-owner", "host-owner-key", "host-network", "host-network-docker"]
        .map((name) => `--target '**::${name}'`)
        .join(" ");
    try {
        expect(kept(`up --stack kept --yes --skip-preview ${few}`)).toMatchObject({ code: 0 });
        expect(kept("stack export --stack kept").output).toContain('"id": "owner"');
        expect(kept("stack ls --json").output).toMatch(/"name": "kept"/);
        expect(kept("preview --stack kept").output).toMatch(/ 3[0-9] to create\n[^]* [0-9]+ unchanged/);
    } finally {
        expect(kept("destroy --stack kept --yes --skip-preview")).toMatchObject({ code: 0 });
    }
});
