import { execFileSync } from "child_process";
import * as fs from "fs";
import * as path from "path";

jest.setTimeout(120_000);

interface Packed {
    files: { path: string }[];
}

let files: string[];
beforeAll(() => {
    const [{ files: packed }] = JSON.parse(
        execFileSync("npm", ["pack", "--dry-run", "--json", "--silent"], { encoding: "utf8" }),
    ) as [Packed];
    files = packed.map((file) => file.path);
});

const sourcesIn = (folder: string) =>
    fs
        .readdirSync(folder, { recursive: true, encoding: "utf8" })
        .map((file) => path.join(folder, file))
        .filter((file) => fs.statSync(file).isFile());
const sources = ["components", "fleet", "provider"].flatMap(sourcesIn);

test("the package has the components, the fleet's controller and the provider with their types, and nothing else of this repository", () => {
    const built = sources.flatMap((file) =>
        file.endsWith(".ts") ? [file.replace(/ts$/, "js"), file.replace(/ts$/, "d.ts")] : [file],
    );
    expect(files.sort()).toEqual(
        [...built.map((file) => `dist/${file}`), "CHANGELOG.md", "LICENSE", "README.md", "package.json"].sort(),
    );
});

test("what package.json names is in it", () => {
    const {
        main,
        types,
        exports: entries,
    } = JSON.parse(fs.readFileSync("package.json", "utf8")) as {
        main: string;
        types: string;
        exports: Record<string, string | Record<string, string>>;
    };
    const named = Object.values(entries).flatMap((entry) =>
        typeof entry === "string" ? [entry] : Object.values(entry),
    );
    const wanted = [main, types, ...named.filter((file) => !file.includes("*"))];
    expect(wanted.filter((file) => !files.includes(path.normalize(file)))).toEqual([]);
});

test("the package depends on all that it imports", () => {
    const { dependencies, peerDependencies } = JSON.parse(fs.readFileSync("package.json", "utf8")) as Record<
        string,
        Record<string, string>
    >;
    const imported = sources
        .filter((file) => file.endsWith(".ts"))
        .flatMap((file) => {
            const text = fs.readFileSync(file, "utf8");
            return [...text.matchAll(/ from "([^."][^"]*)"/g)].map(([, name = ""]) => name);
        });
    const ofNode = [
        "child_process",
        "crypto",
        "fs",
        "net",
        "os",
        "path",
        "readline",
        "stream",
        "timers",
        "util",
        "zlib",
    ];
    const ofPackages = imported.filter((name) => !ofNode.includes(name.split("/")[0] ?? ""));
    const packages = new Set(ofPackages.map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0]));
    const given = Object.keys({ ...dependencies, ...peerDependencies });
    expect([...packages].sort()).toEqual(given.sort());
});

test("the version is the newest in CHANGELOG.md, and the one that the examples install", () => {
    const { version } = JSON.parse(fs.readFileSync("package.json", "utf8")) as { version: string };
    expect(/^## (?!\[Unreleased\])\[?([\d.]+)/m.exec(fs.readFileSync("CHANGELOG.md", "utf8"))?.[1]).toBe(version);
    for (const example of ["own-hosts", "ec2"]) {
        expect(fs.readFileSync(`examples/${example}/package.json`, "utf8")).toContain(
            `file:../../storm-on-docker-${version}.tgz`,
        );
    }
});
