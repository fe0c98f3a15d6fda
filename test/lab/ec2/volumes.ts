import * as fs from "fs";
import * as path from "path";
import type { BlockDevice } from "../host";
import { run } from "../run";
import { noise } from "./signatures";
import type { WantedVolume } from "./wanted";

/**
 * Why file systems cannot grow here while they are mounted; undefined where they can. The kernel asks for CAP_SYS_RESOURCE,
 * which root has not got everywhere.
 */
export function growingMissing(): string | undefined {
    const [, effective = "0"] = /^CapEff:\s+(\w+)$/m.exec(fs.readFileSync("/proc/self/status", "utf8")) ?? [];
    const isAllowed = (BigInt(`0x${effective}`) >> 24n) & 1n;
    return isAllowed ? undefined : "root lacks CAP_SYS_RESOURCE here, without which no mounted file system grows";
}

/** EBS volumes: sparse files in a folder, as loop devices of this machine, which go with the lab. */
export class Volumes {
    private readonly devices = new Map<string, Promise<string>>();

    constructor(private readonly folder: string) {
        fs.mkdirSync(folder, { recursive: true });
    }

    /**
     * The device of a volume; one that has grown keeps what it has. A new one begins with noise, as EBS gives for blocks of an encrypted
     * volume that nobody has written (https://github.com/kubernetes/kubernetes/issues/86064).
     */
    async device({ id, gibibytes }: WantedVolume): Promise<BlockDevice> {
        const file = path.join(this.folder, id);
        if (!fs.existsSync(file)) {
            fs.writeFileSync(file, noise(1 << 20));
        }
        await run("truncate", ["--size", `${gibibytes}G`, file]);
        const made = this.devices.get(id) ?? run("losetup", ["--find", "--show", file]);
        this.devices.set(id, made);
        const device = await made;
        await run("losetup", ["--set-capacity", device]);
        const number = await run("stat", ["--format", "%Hr:%Lr", device]);
        return { id: `nvme-Amazon_Elastic_Block_Store_${id.replace("-", "")}`, number };
    }
}
