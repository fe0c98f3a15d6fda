import * as fs from "fs";
import * as path from "path";
import { defaultHeap } from "../../components/storm/spec/memory";
import { documents } from "../../scripts/docs";
import { runProgram } from "./program";

const read = (file: string) => fs.readFileSync(file, "utf8");
const readme = read("README.md");
const documentsIn = (folder: string) =>
    fs
        .readdirSync(folder)
        .filter((name) => name.endsWith(".md"))
        .map((name) => path.join(folder, name));
const allDocuments = [".", "docs", "airgap", "examples/ec2", "examples/own-hosts", "examples/wordcount"].flatMap(
    documentsIn,
);

test("generated tables are what `npm run docs` writes", () => {
    expect(readme).toContain("| `storm:supervisors` | integer | `2` |");
    expect(read("docs/settings.md")).toContain("| `storm:registryMirror` | string |  |");
    for (const [file, text] of Object.entries(documents())) {
        expect(read(file)).toBe(text);
    }
});

test("the default heaps are the program's", () => {
    const text = Object.entries(defaultHeap)
        .map(([kind, heap]) => `${kind} ${heap}`)
        .join(", ");
    expect(read("docs/settings.md").replace(/\s+/g, " ")).toContain(text);
});

jest.setTimeout(180_000);

test("the picture shows who receives whose address", async () => {
    const counts = { zookeepers: 3, nimbuses: 2, supervisors: 2, drpcs: 2 };
    const { resources } = await runProgram(counts);
    const containers = resources.filter(({ type }) => type === "docker:index/container:Container");
    const kindOf = (name: string) => name.replace(/^storm-|-container$|-\d/g, "");
    const kinds = new Map(
        containers.map(({ name, inputs }) => [
            (inputs.networksAdvanced as { ipv4Address: string }[])[0]?.ipv4Address,
            kindOf(name),
        ]),
    );
    const received = containers.flatMap(({ name, inputs }) => {
        const [{ ipv4Address }] = inputs.networksAdvanced as [{ ipv4Address: string }];
        const addresses = JSON.stringify([inputs.command, inputs.envs]).match(/172\.30\.77\.\d+/g) ?? [];
        return addresses
            .filter((address) => address !== ipv4Address)
            .map((address) => `${kindOf(name)} --> ${kinds.get(address)}`);
    });
    const drawn = [...readme.matchAll(/^ +(\w+ --> \w+)$/gm)].map(([, edge]) => edge);
    expect(drawn.sort()).toEqual([...new Set(received)].sort());
});

test("docs/README.md names every document", () => {
    const named = new Set([...read("docs/README.md").matchAll(/\]\(([^)#]+)\)/g)].map(([, file = ""]) => file));
    expect(
        fs.readdirSync("docs").filter((file) => file.endsWith(".md") && file !== "README.md" && !named.has(file)),
    ).toEqual([]);
});

describe.each(allDocuments)("%s:", (file) => {
    const text = read(file);
    const captured = (pattern: RegExp) => [...new Set([...text.matchAll(pattern)].map(([, word = ""]) => word))];

    test("commands exist", () => {
        const ofMake = captured(/(?:`|^ +)make ([a-z]+)/gm).filter(
            (target) => !new RegExp(`^(\\w+ )*${target}( \\w+)*:`, "m").test(read("Makefile")),
        );
        const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
        const ofNpm = captured(/npm run (?:--silent )?([a-z][a-z0-9:]*)/g).filter((script) => !(script in scripts));
        expect([...ofMake, ...ofNpm]).toEqual([]);
    });

    test("files exist", () => {
        const files = captured(/`((?:components|provider|settings|targets|policy|scripts|test|examples)\/[\w./-]+)`/g);
        expect(files.filter((each) => !fs.existsSync(each) && !each.includes("/target/"))).toEqual([]);
    });

    test("links lead somewhere", () => {
        const broken = captured(/\]\((?!https?:)([^)\s]+)\)/g).filter((link) => {
            const [to = "", anchor] = link.split("#");
            const target = to === "" ? file : path.join(path.dirname(file), to);
            return !fs.existsSync(target) || (anchor !== undefined && !anchors(target).includes(anchor));
        });
        expect(broken).toEqual([]);
    });
});

/** The anchors that GitHub gives to a document's headings. */
function anchors(file: string): string[] {
    return [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
        heading
            .toLowerCase()
            .replace(/[^\w\- ]/g, "")
            .replace(/ /g, "-"),
    );
}
