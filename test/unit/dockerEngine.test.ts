import * as fs from "fs";
import * as path from "path";
import { Machine, mirror, standIns } from "./machineFixture";

const apt =
    "apt-get install -y --no-install-recommends --no-remove -o DPkg::Lock::Timeout=300" +
    " -o DPkg::Options::=--force-confdef -o DPkg::Options::=--force-confold docker.io iptables ca-certificates";
const ce = (vendor: string) => [
    `curl -fsSL --connect-timeout 20 --retry 3 -o /etc/yum.repos.d/docker-ce.repo https://download.docker.com/linux/${vendor}/docker-ce.repo`,
    "dnf -y install docker-ce docker-ce-cli containerd.io",
];
/** A line without what is free on the disk, which differs from one moment to the next. */
const withoutFigures = (text: string) => text.replace(/\d+ MiB/, "");

describe("a machine without Docker", () => {
    test.each([
        ["debian", ["apt-get update", apt]],
        ["trixie", ["apt-get update", `${apt} docker-cli`]],
        ["ubuntu", ["apt-get update", apt]],
        ["amazon", ["dnf -y install docker"]],
        ["rhel", ce("rhel")],
        ["rocky", ce("centos")],
        ["centos", ce("centos")],
        ["fedora", ce("fedora")],
    ] as const)("gets it on %s, configured before it starts", (system, installation) => {
        const machine = new Machine(system);
        machine.standIn(
            "bin/systemctl",
            `cmp -s "$root/etc/docker/daemon.json" "$root/var/lib/storm-docker/daemon.json" && ${standIns.systemctl}`,
        );
        const { status, lines, changes } = machine.make();
        expect(lines).toEqual([
            expect.stringMatching(/^system: \w+ /),
            expect.stringMatching(/^disk: \d+ MiB are free in \/var\/lib\/docker$/),
            "Docker: /etc/docker/daemon.json is written",
            expect.stringMatching(/^Docker: installing docker/),
            "Docker: starting it",
            "Docker 20.10.24 is there",
            "user admin may use Docker in new sessions: it is in the group docker now",
            "sshd: MaxStartups is raised from 10:30:100 to 100:30:200",
        ]);
        expect(changes).toEqual([
            ...installation,
            "systemctl enable --now docker",
            "usermod -aG docker admin",
            "systemctl reload ssh",
        ]);
        expect(JSON.parse(machine.read("etc/docker/daemon.json"))).toEqual({
            "log-driver": "json-file",
            "log-opts": { "max-size": "10m", "max-file": "3" },
            "live-restore": true,
            "registry-mirrors": [],
        });
        for (const each of ["etc/docker", "etc/docker/daemon.json"]) {
            expect([each, fs.statSync(path.join(machine.root, each)).mode & 0o022]).toEqual([each, 0]);
        }
        expect(status).toBe(0);
    });

    test.each(["debian", "trixie", "ubuntu", "amazon", "rhel", "rocky", "centos", "fedora"] as const)(
        "with an ARM processor gets it as with any other, on %s",
        (system) => {
            const machine = new Machine(system);
            machine.standIn("bin/uname", "echo aarch64");
            machine.standIn("bin/arch", "echo aarch64");
            machine.standIn("bin/dpkg", "echo arm64");
            const { status, changes, lines } = machine.make();
            const other = new Machine(system).make();
            expect(changes.join()).toContain(" docker");
            expect({ status, changes, lines: lines.map(withoutFigures) }).toEqual({
                status: 0,
                changes: other.changes,
                lines: other.lines.map(withoutFigures),
            });
        },
    );

    test("has nothing changed by a second run, which says so", () => {
        const machine = new Machine();
        machine.make();
        const { status, lines, changes } = machine.make();
        expect(lines).toEqual([
            "system: Debian GNU/Linux 12 (bookworm)",
            "Docker 20.10.24 is there",
            expect.stringMatching(/^disk: /),
            "Docker: /etc/docker/daemon.json is as wanted",
            "user admin may use Docker",
            "sshd: MaxStartups is 100:30:200",
        ]);
        expect(changes).toEqual([]);
        expect(status).toBe(0);
    });

    test("gets it without systemd", async () => {
        const machine = new Machine();
        fs.rmdirSync(path.join(machine.root, "run/systemd/system"));
        fs.rmSync(path.join(machine.root, "bin/systemctl"));
        const signal = machine.signalOf("run/sshd.pid");
        expect(machine.make()).toMatchObject({
            status: 0,
            changes: ["apt-get update", apt, "service docker start", "usermod -aG docker admin"],
        });
        expect(await signal).toBe("SIGHUP");
    });

    test("waits for apt at work", () => {
        const machine = new Machine();
        machine.write("locked", "");
        expect(machine.make()).toMatchObject({
            status: 0,
            changes: expect.arrayContaining(["apt-get update", "apt-get update", apt]) as string[],
        });
    });

    test("keeps a daemon.json that it has", () => {
        const machine = new Machine();
        fs.mkdirSync(path.join(machine.root, "etc/docker"));
        machine.write("etc/docker/daemon.json", '{ "live-restore": false }');
        const { status, lines } = machine.make({ registryMirror: mirror });
        expect(lines).toContain(
            "Docker: its configuration is not ours and stays as it is; " +
                "/etc/docker/daemon.json does not set: log-driver log-opts registry-mirrors",
        );
        expect(machine.read("etc/docker/daemon.json")).toBe('{ "live-restore": false }\n');
        expect(status).toBe(0);
    });

    test.each(["alpine", "amazon2"] as const)("is told so on %s, where none can be installed", (system) => {
        const { status, errors, changes } = new Machine(system).make();
        expect(errors).toEqual([
            expect.stringMatching(
                /^Docker cannot be installed on (Alpine|Amazon) Linux \S+ from here: install Docker 20.10 or newer by hand$/,
            ),
        ]);
        expect(changes).toEqual([]);
        expect(status).toBe(11);
    });

    test("shows why an installation failed", () => {
        const machine = new Machine("amazon");
        machine.standIn("bin/dnf", 'echo "No match for argument: docker"; exit 1');
        expect(machine.make()).toMatchObject({
            status: 15,
            errors: [
                "No match for argument: docker",
                "Docker could not be installed; the last lines of the package manager are above",
            ],
        });
    });

    test("shows the end of the log of a daemon that does not start", () => {
        const machine = new Machine();
        machine.write("broken", "");
        expect(machine.make()).toMatchObject({
            status: 16,
            errors: ["the end of the log", "Docker was started and does not answer; the end of its log is above"],
        });
    });

    test("is told when its own packages are too old", () => {
        expect(new Machine().make({ minimumVersion: "23.0" })).toMatchObject({ status: 13 });
    });
});

describe("a machine with Docker", () => {
    test.each(["debian", "alpine"] as const)("keeps it as it is, on %s", (system) => {
        const machine = new Machine(system, "26.1.5");
        const { status, lines, changes } = machine.make();
        expect(lines.slice(1, 4)).toEqual([
            "Docker 26.1.5 is there",
            expect.stringMatching(/^disk: /),
            "Docker: its configuration is not ours and stays as it is; " +
                "/etc/docker/daemon.json does not set: log-driver log-opts live-restore",
        ]);
        expect(changes).toEqual(["usermod -aG docker admin", "systemctl reload ssh"]);
        expect(machine.has("etc/docker/daemon.json")).toBe(false);
        expect(status).toBe(0);
    });

    test("that has stopped gets it started", () => {
        const machine = new Machine("debian", "20.10.24");
        fs.rmSync(path.join(machine.root, "running"));
        expect(machine.make()).toMatchObject({
            status: 0,
            changes: expect.arrayContaining(["systemctl enable --now docker"]) as string[],
        });
    });

    test.each([
        ["19.03.5", "20.10", 13],
        ["9.0.0", "20.10", 13],
        ["20.10.24+dfsg1", "20.10", 0],
        ["20.10.9", "20.10.10", 13],
        ["28.0.0-rc.1", "28.0.0", 0],
    ])("%s where %s is the minimum ends with %d", (there, minimumVersion, status) => {
        expect(new Machine("debian", there).make({ minimumVersion }).status).toBe(status);
    });

    test("that is too old is told what to do, and nothing changes", () => {
        expect(new Machine("amazon", "19.03.5").make()).toMatchObject({
            status: 13,
            changes: [],
            errors: [
                "Docker 19.03.5 is too old: 20.10 or newer is needed; upgrade it (dnf upgrade docker), or remove it so that it gets installed",
            ],
        });
    });

    test("that is Podman's is told so", () => {
        const machine = new Machine("rocky", "20.10.24");
        machine.standIn("bin/docker", 'echo "Client: Podman Engine"');
        expect(machine.make()).toMatchObject({ status: 12, changes: [] });
    });

    test("that has too little disk space is told both figures", () => {
        const { status, errors, changes } = new Machine("debian", "20.10.24").make({ freeMebibytes: 999_999_999 });
        expect(errors).toEqual([
            expect.stringMatching(
                /^too little disk space for Docker's data: 999999999 MiB are needed, \d+ MiB are free in \/var\/lib\/docker$/,
            ),
        ]);
        expect(changes).toEqual([]);
        expect(status).toBe(14);
    });

    test("whose SSH user cannot be let in is told so", () => {
        const machine = new Machine("debian", "20.10.24");
        machine.standIn("bin/usermod", "exit 6");
        expect(machine.make()).toMatchObject({
            status: 17,
            errors: [expect.stringMatching(/^user admin may not use Docker: /)],
        });
    });

    test("loads the configuration that was written here when it changes, without a restart", async () => {
        const machine = new Machine();
        machine.make();
        for (const registryMirror of [mirror, undefined]) {
            const signal = machine.signalOf("var/run/docker.pid");
            const { lines, changes } = machine.make({ registryMirror });
            expect(lines).toContain(
                "Docker: /etc/docker/daemon.json has changed and is loaded; log options in it hold from Docker's next start on",
            );
            expect(changes).toEqual([]);
            expect(await signal).toBe("SIGHUP");
            expect(JSON.parse(machine.read("etc/docker/daemon.json"))).toMatchObject({
                "registry-mirrors": registryMirror ? [mirror] : [],
            });
        }
    });

    test("keeps the configuration that was written here and then edited", () => {
        const machine = new Machine();
        machine.make();
        machine.write("etc/docker/daemon.json", "{}");
        expect(machine.make().lines).toContainEqual(expect.stringMatching(/not ours and stays as it is/));
        expect(machine.read("etc/docker/daemon.json")).toBe("{}\n");
    });
});
