import * as fs from "fs";
import { defaultHeap } from "../../components/storm/memory";
import { documents } from "../../scripts/docs";
import { runProgram } from "./program";

const readme = fs.readFileSync("README.md", "utf8");

test("generated tables are what `npm run docs` writes", () => {
    expect(readme).toContain("| `storm:supervisors` | integer | `2` |");
    for (const [file, text] of Object.entries(documents())) {
        expect(fs.readFileSync(file, "utf8")).toBe(text);
    }
});

test("the default heaps are the program's", () => {
    const text = Object.entries(defaultHeap).map(([kind, heap]) => `${kind} ${heap}`).join(", ");
    expect(readme.replace(/\s+/g, " ")).toContain(text);
});

jest.setTimeout(180_000);

test("the picture shows who is told whose address", async () => {
    const counts = { zookeepers: 3, nimbuses: 2, supervisors: 2, drpcs: 2 };
    const { resources } = await runProgram(counts);
    const containers = resources.filter(({ type }) => type === "docker:index/container:Container");
    const kindOf = (name: string) => name.replace(/^storm-|-container$|-\d/g, "");
    const kinds = new Map(
        containers.map(({ name, inputs }) => [(inputs.networksAdvanced as { ipv4Address: string }[])[0]?.ipv4Address, kindOf(name)]),
    );
    const told = containers.flatMap(({ name, inputs }) => {
        const [{ ipv4Address }] = inputs.networksAdvanced as [{ ipv4Address: string }];
        const addresses = JSON.stringify([inputs.command, inputs.envs]).match(/172\.30\.77\.\d+/g) ?? [];
        return addresses.filter((address) => address !== ipv4Address).map((address) => `${kindOf(name)} --> ${kinds.get(address)}`);
    });
    const drawn = [...readme.matchAll(/^ +(\w+ --> \w+)$/gm)].map(([, edge]) => edge);
    expect(drawn.sort()).toEqual([...new Set(told)].sort());
});

test("every command of make that it names is there", () => {
    const targets = fs.readFileSync("Makefile", "utf8");
    const named = new Set([...readme.matchAll(/\bmake ([a-z]+)\b(?! adds)/g)].map(([, target]) => target as string));
    for (const target of named) {
        expect(targets).toMatch(new RegExp(`^(\\w+ )*${target}( \\w+)*:`, "m"));
    }
});
