/**
 * The lab of `make lab`: three machines, kept until `make lab DOWN=yes`, and a stack file for them. `play.ts [down]`
 */
import * as fs from "fs";
import * as yaml from "yaml";
import { Lab, type LabHost } from "./lab";

const NAME = "play";
const FOLDER = ".local/lab";
const KEY = `${FOLDER}/key`;
const KNOWN_HOSTS = `${FOLDER}/known_hosts`;
const STACK_FILE = `${FOLDER}/Pulumi.lab.yaml`;

/** Daemons by host. */
const DAEMONS: Record<string, string[]> = {
    "lab-1": ["zookeeper-1", "nimbus-1"],
    "lab-2": ["supervisor-1"],
    "lab-3": ["supervisor-2"],
};

/** Settings of a stack that runs on the hosts, in the shape that the target `hosts` takes. */
function stackSettings(hosts: LabHost[]): Record<string, unknown> {
    const local = yaml.parse(fs.readFileSync("Pulumi.local.yaml", "utf8")) as {
        config: Record<string, unknown>;
    };
    const same = ["storm:heap", "storm:stormImage", "storm:zookeeperImage", "storm:ui", "storm:logviewers"];
    return {
        "storm:target": "hosts",
        "storm:ssh": { user: "storm", keyFile: KEY },
        "storm:hosts": hosts.map(({ name, address, hostKey }) => ({ name, address, hostKey, daemons: DAEMONS[name] })),
        ...Object.fromEntries(Object.entries(local.config).filter(([key]) => same.includes(key))),
    };
}

async function up(): Promise<void> {
    if (!Lab.isUp(NAME)) {
        await down();
        fs.mkdirSync(FOLDER, { recursive: true });
        const lab = await Lab.create({ name: NAME, keyFile: KEY, kept: true });
        const hosts = await Promise.all(Object.keys(DAEMONS).map((name) => lab.addHost(name)));
        fs.writeFileSync(STACK_FILE, yaml.stringify({ config: stackSettings(hosts) }, { lineWidth: 0 }));
        fs.writeFileSync(KNOWN_HOSTS, hosts.map(({ address, hostKey }) => `${address} ${hostKey}\n`).join(""));
    }
    const addresses = fs
        .readFileSync(KNOWN_HOSTS, "utf8")
        .trim()
        .split("\n")
        .map((line) => line.split(" ")[0]);
    console.log("\nMachines with Docker, reached by");
    for (const address of addresses) {
        console.log(`  ssh -i ${KEY} -o UserKnownHostsFile=${KNOWN_HOSTS} storm@${address}`);
    }
    console.log(`A cluster on them: cp ${STACK_FILE} . && make up STACK=lab\nmake lab DOWN=yes removes them.`);
}

async function down(): Promise<void> {
    await Lab.remove(NAME);
    fs.rmSync(FOLDER, { recursive: true, force: true });
}

void (process.argv[2] === "down" ? down() : up()).catch((error: Error) => {
    console.error(error.message);
    process.exit(1);
});
