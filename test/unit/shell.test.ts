import { execFileSync, spawnSync } from "child_process";
import { createHash } from "crypto";
import * as fs from "fs";
import * as path from "path";
import { dataDirectoryScript, dockerEngineScript, memoryScript } from "../../components/hosts/docker/dockerEngine";
import { volumeScript } from "../../components/hosts/ssh/volume";
import { dataGuard } from "../../components/storm/daemons/dataGuard";
import { nimbusWithLogviewer, withLogviewer } from "../../components/storm/daemons/logviewer";
import { activateScript, launchScript, proposeScript } from "../../provider/machines/launchKey";
import { quote, shellFile } from "../../provider/machines/shell";
import { args, mirror, temporaryFolder } from "./machineFixture";

/** The words of a command line, as a shell reads them. */
function words(line: string, shell = "sh"): string[] {
    return execFileSync(shell, ["-c", `printf '%s\\0' ${line}`], { encoding: "utf8" })
        .split("\0")
        .slice(0, -1);
}

/** The scripts within a command line: what runs as the user who is logged in, and what runs as root. */
const scriptsIn = (line: string) => words(line).filter((word) => /^(\n|#!)/.test(word));

/**
 * Codes with several meanings, in volume.sh and bridgeAddress.sh. Their text is in the triggers of commands of existing stacks, which
 * another code would run again.
 */
const former = ["20", "22"];

test("an exit code of a script on a machine has one meaning, but for two that existing stacks have", () => {
    const texts = fs
        .readdirSync("components", { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".sh"))
        .map((file) => fs.readFileSync(path.join("components", file), "utf8"));
    const codes = texts.flatMap((text) => [...text.matchAll(/\bfail (\d+) "/g)].map(([, code]) => code));
    expect(codes.length).toBeGreaterThan(10);
    const repeated = codes.filter((code, index) => codes.indexOf(code) !== index);
    expect([...new Set(repeated)].sort()).toEqual(former);
});

describe("quote", () => {
    const nasty = [
        "",
        "plain",
        "two words",
        "it's",
        "''",
        '"$HOME" `id` $(id)',
        "a\\'b\\",
        "\\\\",
        "\n\ttab\n",
        "!! ~ * ? {a,b}",
        "-n",
        "#;&|<>",
        "ä€😀",
    ];
    test.each(["sh", "bash"])("gives %s back what went in", (shell) => {
        expect(words(nasty.map(quote).join(" "), shell)).toEqual(nasty);
    });
    test("survives being quoted twice", () => {
        expect(words(words(nasty.map(quote).map(quote).join(" ")).join(" "))).toEqual(nasty);
    });
});

describe("a file with a script", () => {
    const files: Record<string, string> = {
        "outer.sh":
            "# shellcheck shell=sh\n# About it.\n\n# A comment.\n. ./inner.sh\n. /etc/os-release\necho $& end\n",
        "inner.sh": "# shellcheck shell=sh\nsay 'inner $& text'\n",
        "program.sh": "#!/bin/sh\n# A comment.\ntrue\n",
    };
    let folder: string;
    beforeAll(() => {
        folder = temporaryFolder();
        Object.entries(files).forEach(([name, text]) => fs.writeFileSync(path.join(folder, name), text));
    });

    test("is read without the comments that it begins with, and with the files that it reads", () => {
        expect(shellFile(folder, "outer.sh")).toBe(
            "\n\n# A comment.\nsay 'inner $& text'\n. /etc/os-release\necho $& end\n",
        );
    });
    test("keeps its first line where that names the shell", () => {
        expect(shellFile(folder, "program.sh")).toBe(files["program.sh"]);
    });
});

test.each([
    ["dataGuard(1)", dataGuard(1), "7d01d21a03eb3cfc"],
    ["dataGuard(2)", dataGuard(2), "5137e4167b42f29c"],
    ["nimbusWithLogviewer", nimbusWithLogviewer, "1ffc727cabfa37c2"],
    ["withLogviewer", withLogviewer, "352bf44d2c3fa7a5"],
    ["launchScript", launchScript("a key"), "4572125bf41ea244"],
])(
    "the text of %s is as ever: another one would replace the containers or instances of existing stacks",
    (_, text, hash) => {
        expect(createHash("sha256").update(text).digest("hex").slice(0, 16)).toBe(hash);
    },
);

describe("a script", () => {
    const scripts: [string, string][] = [
        ["dockerEngineScript", dockerEngineScript({ ...args, registryMirror: mirror })],
        ["dataDirectoryScript", dataDirectoryScript({ path: "/var/lib/storm/supervisor-1", uid: 1000 })],
        ["memoryScript", memoryScript({ neededMebibytes: 3000, wantedMebibytes: 4000 })],
        ["volumeScript", volumeScript({ device: "/dev/disk/by-id/nvme-1", directory: "/var/lib/storm" })],
        ["proposeScript", proposeScript],
        ["activateScript", activateScript],
        ["launchScript", quote(launchScript("the private key"))],
    ];
    test.each(scripts)("%s is as reviewed", (_, line) => {
        expect(scriptsIn(line).join("---")).toMatchSnapshot();
    });
    // The files by themselves, as lint reads them, do not show which variables are set before them.
    test.each(scripts)("%s passes shellcheck as POSIX shell", (_, line) => {
        for (const script of scriptsIn(line)) {
            const { stdout, error } = spawnSync("shellcheck", ["--shell=sh", "-"], { input: script, encoding: "utf8" });
            expect(error ?? stdout).toBe("");
        }
    });
    test("takes nasty values as what they are", () => {
        const evil = "'; touch /tmp/evil; echo \\ \"$(id)\"\n'";
        const [, script] = scriptsIn(dockerEngineScript({ ...args, minimumVersion: evil, registryMirror: evil }));
        const values = script!.slice(0, script!.indexOf("\nlog="));
        const shown = execFileSync("sh", ["-c", `${values}\nprintf '%s\\0' "$minimum" "$wanted"`, "sh", "root"], {
            encoding: "utf8",
        });
        const [minimum, wanted] = shown.split("\0");
        expect(minimum).toBe(evil);
        expect(JSON.parse(wanted!)).toMatchObject({ "registry-mirrors": [evil] });
    });
});
