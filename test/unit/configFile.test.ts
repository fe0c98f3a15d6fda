import { createHash } from "crypto";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { kinds } from "../../provider/kinds";
import { configFile } from "../../provider/kinds/configFile";
import { unknown } from "../../provider/kind";
import { StormProvider } from "../../provider/provider";
import type { Inputs } from "../../provider/schema";

jest.setTimeout(60_000);

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-config-file-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** A stand-in for Docker: a volume is a folder, and a container writes what it reads into a file there. */
const docker = `#!/bin/bash
cd ${folder}
case "$1 $2" in
    "volume create") mkdir -p "volumes/\${@: -1}" ;;
    "volume ls") ls volumes ;;
    "volume rm") rm -r "volumes/$3" ;;
    run*) while [ "$1" != --volume ]; do shift; done; cat >"volumes/\${2%%:*}/$(basename "\${@: -1}")" ;;
esac`;
fs.writeFileSync(path.join(folder, "docker"), docker, { mode: 0o755 });
const ssh = ["env", `PATH=${folder}:${process.env.PATH}`, "sh", "-c"];

const program = path.join(folder, "program.js");
const bytes = Buffer.from([0x2f, 0x2f, 0xff, 0x0a]);
fs.writeFileSync(program, bytes);
const sha256 = createHash("sha256").update(bytes).digest("hex");

function inputs(changes: Partial<Inputs<"ConfigFile">>): Inputs<"ConfigFile"> {
    return {
        ...{ volume: "program-1", labels: {}, file: "program.js", directory: "/program", image: "node", owner: 1000 },
        ...{ ssh, ...changes },
    };
}
const written = (volume: string) => fs.readFileSync(path.join(folder, "volumes", volume, "program.js"));

test("a file has what is given, or what the file has that is named", async () => {
    await configFile.create?.(inputs({ content: "text", volume: "text-1" }));
    expect(written("text-1").toString()).toBe("text");
    await configFile.create?.(inputs({ content: "", volume: "empty-1" }));
    expect(written("empty-1").length).toBe(0);
    await configFile.create?.(inputs({ source: program, sha256 }));
    expect(written("program-1")).toEqual(bytes);
});

test("a named file that has another content is refused before anything is created", async () => {
    const other = createHash("sha256").update("other").digest("hex");
    await expect(configFile.create?.(inputs({ source: program, sha256: other, volume: "other-1" }))).rejects.toThrow(
        `${program} has another content than the one whose SHA-256 is ${other}: it changed meanwhile`,
    );
    expect(fs.existsSync(path.join(folder, "volumes", "other-1"))).toBe(false);
});

describe("the provider", () => {
    const provider = new StormProvider("1.0.0", kinds);
    const urn = "urn:pulumi:a::b::storm:index:ConfigFile::c";
    const checked = async (changes: Partial<Inputs<"ConfigFile">>) =>
        (await provider.check(urn, {}, inputs(changes))).failures;
    const content = { property: "content", reason: "must be given, or else source and sha256, and not both" };
    const hash = { property: "sha256", reason: "must be given with source, and only with it" };

    test.each<[string, Partial<Inputs<"ConfigFile">>, object[]]>([
        ["its content", { content: "" }, []],
        ["a file and its hash", { source: program, sha256 }, []],
        ["a hash that is not known yet", { source: program, sha256: unknown }, []],
        ["neither", {}, [content]],
        ["both", { content: "a", source: program, sha256 }, [content]],
        ["a file without its hash", { source: program }, [hash]],
        ["a hash alone", { content: "a", sha256 }, [hash]],
    ])("is given %s", async (_, changes, failures) => expect(await checked(changes)).toEqual(failures));

    test("replaces a file for another hash, and not for another path", async () => {
        const olds = inputs({ source: "/one/program.js", sha256 });
        const differences = (changes: object) => provider.diff("", urn, olds, { ...olds, ...changes });
        expect(await differences({ source: "/other/program.js" })).toMatchObject({ changes: false, replaces: [] });
        expect(await differences({ sha256: "0".repeat(64) })).toMatchObject({ changes: true, replaces: ["sha256"] });
    });
});
