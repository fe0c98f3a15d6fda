import { spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { dataDirectoryScript, memoryScript } from "../../components/hosts/docker/dockerEngine";
import { volumeScript } from "../../components/hosts/ssh/volume";
import { noise, signatures } from "../lab/ec2/signatures";
import { Machine, standIns, temporaryFolder } from "./machineFixture";

describe("sshd", () => {
    const dropIn = "etc/ssh/sshd_config.d/10-storm-docker.conf";

    test("that was reloaded is waited for until it takes connections again", () => {
        const machine = new Machine("debian", "20.10.24");
        machine.standIn("bin/sleep", 'exec /bin/sleep "$1"');
        machine.write("run/sshd.pid", "before");
        machine.standIn(
            "bin/systemctl",
            '(/bin/sleep 1; rm "$root/run/sshd.pid"; echo after >"$root/run/sshd.pid") >/dev/null 2>&1 &',
        );
        machine.make();
        expect(machine.read("run/sshd.pid")).toBe("after\n");
    });

    test("that reads no drop-ins keeps its MaxStartups, and one line says what to set", () => {
        const machine = new Machine("debian", "20.10.24");
        machine.write("not-included", "");
        const { status, lines } = machine.make();
        expect(lines.at(-1)).toBe(
            "sshd: MaxStartups stays 10:30:100; should it refuse connections, set MaxStartups 100:30:200 in /etc/ssh/sshd_config",
        );
        expect(machine.has(dropIn)).toBe(false);
        expect(status).toBe(0);
    });

    test("that finds its configuration faulty keeps its MaxStartups", () => {
        const machine = new Machine("debian", "20.10.24");
        machine.standIn("bin/sshd", `[ "$1" != -t ] || exit 255\n${standIns.sshd}`);
        expect(machine.make()).toMatchObject({ status: 0, changes: ["usermod -aG docker admin"] });
        expect(machine.has(dropIn)).toBe(false);
    });

    test("that lets more in already is left alone", () => {
        const machine = new Machine("debian", "20.10.24");
        machine.standIn("bin/sshd", "echo maxstartups 1000:30:2000");
        expect(machine.make().lines.at(-1)).toBe("sshd: MaxStartups is 1000:30:2000");
    });

    test("that cannot be asked is left alone", () => {
        const machine = new Machine("debian", "20.10.24");
        machine.standIn("bin/sshd", "exit 1");
        const { status, lines } = machine.make();
        expect(lines.at(-1)).toMatch(/^sshd: its MaxStartups cannot be read; /);
        expect(status).toBe(0);
    });
});

test("a user who is not root and has no sudo receives advice how to repair it", () => {
    const machine = new Machine();
    machine.write("no-sudo", "");
    expect(machine.make()).toMatchObject({
        status: 10,
        changes: [],
        errors: [
            expect.stringMatching(
                /^user admin is not root and may not use sudo without a password: connect as root, or .*NOPASSWD/,
            ),
        ],
    });
});

describe("a data directory", () => {
    const uid = process.getuid!();
    // Only root may give a directory to a group that it is not in.
    const owned = uid === 0 || uid === process.getgid!() ? test : test.skip;
    if (owned === test.skip) {
        console.log("Skipped: making data directories, as this user's group has another id than the user.");
    }
    const make = (directory: string) => new Machine().run(dataDirectoryScript({ path: directory, uid }));

    owned("is made, closed to others, and left alone by a second run", () => {
        const directory = path.join(temporaryFolder(), "it's $HOME", "zookeeper-1");
        expect(make(directory)).toMatchObject({
            status: 0,
            lines: [`directory ${directory} now belongs to ${uid}:${uid}`],
        });
        expect(fs.statSync(directory).mode & 0o777).toBe(0o750);
        expect(make(directory)).toMatchObject({ status: 0, lines: [`directory ${directory} is there`] });
    });

    owned("that exists is closed to others, but not what is in it", () => {
        const directory = temporaryFolder();
        fs.mkdirSync(path.join(directory, "inner"));
        fs.chmodSync(directory, 0o777);
        fs.chmodSync(path.join(directory, "inner"), 0o777);
        expect(make(directory).status).toBe(0);
        expect(fs.statSync(directory).mode & 0o777).toBe(0o750);
        expect(fs.statSync(path.join(directory, "inner")).mode & 0o777).toBe(0o777);
    });

    test.each([
        ["a file", (place: string) => fs.writeFileSync(place, "")],
        ["a link to nowhere", (place: string) => fs.symlinkSync("nowhere", place)],
    ])("is not made in place of %s", (_, occupy) => {
        const place = path.join(temporaryFolder(), "data");
        occupy(place);
        const identity = () => [fs.lstatSync(place).ino, fs.lstatSync(place).ctimeMs];
        const before = identity();
        expect(make(place)).toMatchObject({
            status: 18,
            errors: [`${place} is not a directory: move it away, or choose another directory for the data`],
        });
        expect(identity()).toEqual(before);
    });
});

describe("memory", () => {
    const compare = (neededMebibytes: number, wantedMebibytes: number) =>
        new Machine().run(memoryScript({ neededMebibytes, wantedMebibytes }));
    const mebibytes = Math.floor(os.totalmem() / (1 << 20));

    test("that suffices is not worth a word", () => {
        expect(compare(mebibytes, mebibytes)).toMatchObject({ status: 0, lines: [""], errors: [""] });
    });

    test("below the limits is warned of", () => {
        expect(compare(1, mebibytes + 1)).toMatchObject({
            status: 0,
            lines: [expect.stringMatching(/^warning: /)],
            errors: [""],
        });
    });

    test("below the heaps is an error", () => {
        expect(compare(mebibytes + 1, mebibytes + 2)).toMatchObject({
            status: 19,
            errors: [
                `the heaps of the daemons placed here need ${mebibytes + 1} MiB, this machine has ${mebibytes} MiB: ` +
                    "place fewer here, or lower storm:heap or storm:slots",
            ],
        });
    });
});

describe("a volume", () => {
    const found = (tool: string) =>
        spawnSync("bash", ["-c", `PATH="$PATH:/usr/sbin:/sbin"; type -P ${tool}`], { encoding: "utf8" }).stdout.trim();
    const tools = ["blkid", "wipefs", "mkfs.ext4", "dumpe2fs"].map((tool) => [tool, found(tool)] as const);
    const isTried = tools.every(([, place]) => place !== "");
    if (!isTried) {
        console.log("Skipped: formatting volumes, as blkid, wipefs, mkfs.ext4 or dumpe2fs is missing here.");
    }
    const tried = isTried ? describe : describe.skip;

    /**
     * A machine with a file in a device's place, which is read and formatted by the real tools. Mounting is a stand-in.
     * @param parts What is on it, by its offset.
     */
    function volume(...parts: [number, Buffer][]) {
        const machine = new Machine("amazon");
        const device = path.join(machine.root, "device");
        const file = fs.openSync(device, "w");
        fs.ftruncateSync(file, 1 << 30);
        parts.forEach(([offset, bytes]) => fs.writeSync(file, bytes, 0, bytes.length, offset));
        fs.closeSync(file);
        tools.forEach(([tool, place]) => fs.symlinkSync(place, path.join(machine.root, "bin", tool)));
        machine.write("etc/fstab", "");
        for (const tool of ["mount", "mountpoint", "resize2fs", "ls"]) {
            machine.standIn(`bin/${tool}`, "");
        }
        fs.rmSync(path.join(machine.root, "bin/stat"));
        machine.standIn("bin/stat", '[ "$2" = %d ] && echo 1793 || echo 7:1');
        const script = volumeScript({ device, directory: path.join(machine.root, "mounted") });
        const lastWritten = () => fs.statSync(device, { bigint: true }).mtimeNs;
        return { machine, device, mount: () => machine.run(script.replaceAll("[ -b ", "[ -f ")), lastWritten };
    }
    const formatted = "volume /device: was blank, has a file system now";

    tried("that nobody has written to", () => {
        test.each<[string, [number, Buffer][]]>([
            ["zeros", []],
            // As EBS may have it, where volumes are encrypted; also where ext4 has a copy of its superblock.
            ["noise", [0, 128 << 20].map((offset) => [offset, noise(1 << 20)])],
        ])("gets a file system, once, where its blocks are %s", (_, parts) => {
            const { mount, lastWritten } = volume(...parts);
            expect(mount()).toMatchObject({ status: 0, lines: [formatted, "volume /device is mounted at /mounted"] });
            const before = lastWritten();
            expect(mount()).toMatchObject({ status: 0, lines: ["volume /device is mounted at /mounted"] });
            expect(lastWritten()).toBe(before);
        });
    });

    tried("that has something on it is left as it is, and the error says what was found:", () => {
        const both = Buffer.from(signatures.swap);
        signatures.xfs.copy(both);
        test.each<[string, Buffer]>([
            ...Object.entries(signatures),
            // blkid does not decide between these.
            ["swap xfs", both],
        ])("%s", (name, signature) => {
            const { mount, lastWritten } = volume([0, noise(1 << 20)], [0, signature]);
            const before = lastWritten();
            expect(mount()).toMatchObject({
                status: 21,
                errors: expect.arrayContaining([
                    `the volume /device is not blank (${name}) and no ext4: it is left as it is. If nobody needs what is on it, run ` +
                        "wipefs --all /device there and update again",
                ]) as unknown,
            });
            expect(lastWritten()).toBe(before);
        });

        test("ext4 whose superblock is damaged", () => {
            const { machine, device, mount, lastWritten } = volume();
            expect(mount().status).toBe(0);
            fs.writeFileSync(device, Buffer.alloc(4096), { flag: "r+" });
            const before = lastWritten();
            expect(mount()).toMatchObject({
                status: 25,
                errors: [
                    expect.stringMatching(
                        /^the volume \/device had ext4, whose superblock is damaged: .*e2fsck -b 32768/,
                    ),
                ],
            });
            expect(lastWritten()).toBe(before);
            expect(machine.read("etc/fstab").match(/ext4/g)).toHaveLength(1);
        });
    });

    tried("without mkfs.ext4 on the machine", () => {
        const withoutMkfs = () => {
            const made = volume();
            fs.rmSync(path.join(made.machine.root, "bin/mkfs.ext4"));
            return made;
        };

        test("is formatted once e2fsprogs is installed", () => {
            const { machine, mount } = withoutMkfs();
            fs.symlinkSync(found("mkfs.ext4"), path.join(machine.root, "packages/mkfs.ext4"));
            expect(mount()).toMatchObject({
                status: 0,
                lines: [formatted, expect.anything()],
                changes: ["dnf -y install e2fsprogs", "systemctl daemon-reload"],
            });
        });

        test("is an error that shows what the package manager said", () => {
            const { machine, mount } = withoutMkfs();
            machine.standIn("bin/dnf", "echo no network; exit 1");
            expect(mount()).toMatchObject({
                status: 20,
                errors: ["mkfs.ext4 is missing here, and e2fsprogs could not be installed: no network"],
            });
        });
    });
});
