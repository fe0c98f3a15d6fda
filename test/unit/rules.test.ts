import { spawnSync } from "child_process";
import * as fs from "fs";
import * as path from "path";
import { parse } from "yaml";

interface Rule {
    alert: string;
    expr: string;
    labels: Record<string, string>;
    annotations: Record<string, string>;
}

interface RuleTests {
    tests: { alert_rule_test?: { alertname: string; exp_alerts: unknown[] }[] }[];
}

const rulesFile = "components/monitoring/rules.yml";
const folder = "test/unit/rules";
const testFiles = fs.readdirSync(folder).map((name) => path.join(folder, name));
const read = (file: string) => fs.readFileSync(file, "utf8");
const rules = (parse(read(rulesFile)) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
const names = rules.map(({ alert }) => alert);

jest.setTimeout(120_000);

/** Prometheus' image has promtool. */
const listed = spawnSync("docker", ["image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "prom/prometheus"], {
    encoding: "utf8",
});
const [image = ""] = (listed.stdout ?? "").split("\n");
const inImage = [
    "run",
    "--rm",
    "--network",
    "none",
    "--volume",
    `${process.cwd()}:/checkout:ro`,
    "--workdir",
    "/checkout",
];
const promtool = (...args: string[]) => {
    const command = [...inImage, "--entrypoint", "promtool", image, ...args];
    const { status, stdout, stderr } = spawnSync("docker", command, { encoding: "utf8" });
    return { status, output: stdout + stderr };
};
const isThere = image !== "";
if (!isThere) {
    console.log(
        `Skipped: promtool's tests of ${rulesFile}. prom/prometheus, which has promtool, is not in this machine's Docker.`,
    );
}

(isThere ? describe : describe.skip)("promtool", () => {
    test("accepts the rules", () => {
        expect(promtool("check", "rules", rulesFile)).toMatchObject({ status: 0 });
    });

    test.each(testFiles)("%s", (file) => {
        const { status, output } = promtool("test", "rules", file);
        expect(status === 0 ? "" : output).toBe("");
    });
});

test("each alert has a case in which it fires, and one in which it is silent", () => {
    const cases = testFiles
        .flatMap((file) => (parse(read(file)) as RuleTests).tests)
        .flatMap((each) => each.alert_rule_test ?? []);
    const namesOf = (fires: boolean) =>
        new Set(cases.filter(({ exp_alerts }) => exp_alerts.length > 0 === fires).map(({ alertname }) => alertname));
    expect([...namesOf(true)].sort()).toEqual([...names].sort());
    expect([...namesOf(false)].sort()).toEqual([...names].sort());
});

test("the documentation has each alert once, with its severity", () => {
    const rows = [...read("docs/monitoring.md").matchAll(/^\| `([A-Z]\w+)` \| (\w+) \|/gm)];
    expect(rows.map(([, name, severity]) => [name, severity])).toEqual(
        rules.map(({ alert, labels }) => [alert, labels.severity]),
    );
});

describe.each(rules)("$alert", ({ alert, expr, labels, annotations }) => {
    test("has a name, a severity and annotations of the usual form", () => {
        expect(alert).toMatch(/^(Storm|ZooKeeper)([A-Z][a-z]+)+$/);
        expect(labels).toEqual({ severity: expect.stringMatching(/^(critical|warning)$/) as string });
        expect(Object.keys(annotations)).toEqual(["summary", "runbook"]);
        expect(annotations.summary).toMatch(/\.$/);
        // The rule's own labels: without `cluster` an alert of one stack could be taken for another's.
        expect(annotations.summary).toContain("$labels.cluster");
    });

    test("is computed over 3 minutes or more, in which Nimbus has new counts", () => {
        const minutes = [...expr.matchAll(/\[(\d+)([md])\]/g)].map(
            ([, count, unit]) => Number(count) * (unit === "d" ? 1440 : 1),
        );
        expect(minutes).toHaveLength([...expr.matchAll(/\[/g)].length);
        expect(Math.min(3, ...minutes)).toBe(3);
    });

    test("has a runbook whose commands exist, for the stack of the alert", () => {
        const makefile = read("Makefile");
        const commands = [...(annotations.runbook ?? "").matchAll(/`(make [^`]*)`/g)].map(
            ([, command = ""]) => command,
        );
        expect(commands).not.toEqual([]);
        for (const command of commands) {
            const [, target = "", rest = ""] = /^make ([a-z]+) (.*)$/.exec(command) ?? [];
            expect(makefile).toMatch(new RegExp(`^(\\w+ )*${target}( \\w+)*:`, "m"));
            const recipe = new RegExp(`^${target}:\\n((?:\\t.*\\n)+)`, "m").exec(makefile)?.[1] ?? "";
            const variables = [...rest.matchAll(/(?:^| )([A-Z]+)=/g)].map(([, variable = ""]) => variable);
            // STACK is exported to all of them.
            expect(variables.at(-1)).toBe("STACK");
            expect(variables.slice(0, -1).filter((variable) => !recipe.includes(`$(${variable})`))).toEqual([]);
        }
    });
});
