import { spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { logsToOutput, ownLog4j2 } from "../../components/storm/daemons/logsToOutput";
import { stackFile } from "./awsFixture";
import { onHosts } from "./hostsFixture";
import { type Declared, madeAfter, revealed, type Run, runProgram } from "./program";

jest.setTimeout(180_000);

const containers = (run: Run) => run.resources.filter(({ type }) => type === "docker:index/container:Container");
const syslog = { driver: "syslog", options: { "syslog-address": "udp://10.0.0.9:514", mode: "non-blocking" } };
const withDns = {
    ...onHosts,
    hosts: onHosts.hosts.map((host) => ({
        ...host,
        daemons: [...host.daemons, ...({ d: ["dns-1"], e: ["dns-2"] }[host.name] ?? [])],
    })),
};

describe.each([
    ["local", "addresses", { drpcs: 1 }, 5, 0],
    ["local", "ambassador", {}, 4, 3],
    ["hosts", "dns", withDns, 5, 2],
    ["hosts", "ambassador", onHosts, 5, 13],
    ["aws", "ambassador", stackFile("dev"), 4, 5],
])("on %s, with %s", (_target, discovery, settings, ofStorm, ofDiscovery) => {
    let run: Run;
    beforeAll(async () => (run = await runProgram({ ...settings, discovery, logging: syslog })));

    test("every container has the driver", () => {
        const zookeepers = containers(run).filter(({ name }) => name.startsWith("storm-zookeeper"));
        expect(containers(run)).toHaveLength(ofStorm + zookeepers.length + ofDiscovery);
        for (const { inputs } of containers(run)) {
            expect([inputs.logDriver, inputs.logOpts]).toEqual([syslog.driver, syslog.options]);
        }
    });

    test("Storm's daemons write their logs to their containers' output", () => {
        const file = ({ inputs }: Declared) => JSON.stringify(revealed(inputs.uploads));
        const told = containers(run).filter((one) => file(one).includes(`storm.log4j2.conf.dir: ${ownLog4j2}`));
        const prepared = containers(run).filter(({ inputs }) =>
            JSON.stringify(inputs.command ?? []).includes("log4j2/*.xml"),
        );
        expect(told).toHaveLength(ofStorm);
        expect(prepared).toEqual(told);
    });
});

test("by default logs are json-file, rotated, and Storm's are in files alone", async () => {
    const run = await runProgram();
    for (const { inputs } of containers(run)) {
        expect([inputs.logDriver, inputs.logOpts]).toEqual(["json-file", { "max-size": "10m", "max-file": "3" }]);
        expect(JSON.stringify([inputs.command, inputs.uploads])).not.toContain("log4j2");
    }
});

test("json-file is rotated whatever its options, and a user's own log4j2 files stay", async () => {
    const logging = { options: { "max-size": "50m", compress: true } };
    const run = await runProgram({ logging, stormYaml: { "storm.log4j2.conf.dir": "/conf/log4j2" } });
    const { inputs } = run.get("storm-nimbus-1-container");
    expect(inputs).toMatchObject({
        logDriver: "json-file",
        logOpts: { "max-size": "50m", "max-file": "3", compress: "true" },
        uploads: [{ content: expect.stringContaining("storm.log4j2.conf.dir: /conf/log4j2\n") as string }],
    });
});

test("options that are secret stay so", async () => {
    const options = { "splunk-url": "https://splunk:8088", "splunk-token": "hunter2", mode: "blocking" };
    const { resources } = await runProgram({ logging: { driver: "splunk", options } }, { secret: ["logging"] });
    const plain = resources.filter(({ inputs }) => /hunter2/.test(JSON.stringify({ ...inputs, logOpts: {} })));
    expect(plain.map(({ name }) => name)).toEqual([]);
    const having = resources.filter(({ inputs }) => /hunter2/.test(JSON.stringify(inputs)));
    expect(having).toHaveLength(5);
    for (const { inputs } of having) {
        expect(inputs.logDriver).toBe("splunk");
        // Pulumi's mark of a secret on the wire.
        expect(inputs.logOpts).toMatchObject({
            "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        });
        expect(revealed(inputs.logOpts)).toEqual(options);
    }
});

describe("on aws", () => {
    const policies = (run: Run) =>
        run.resources.filter(
            ({ type, name }) => type === "aws:iam/rolePolicy:RolePolicy" && name.startsWith("host-profile"),
        );

    test("instances may write to the log group of awslogs, by a policy that exists before their profile, and create it if that is asked for", async () => {
        const run = await runProgram({
            ...stackFile("dev"),
            logging: {
                driver: "awslogs",
                options: { "awslogs-group": "storm-dev", "awslogs-create-group": true, mode: "blocking" },
            },
        });
        const { policy } = run.get("host-profile-logs").inputs;
        expect(JSON.parse(policy as string)).toMatchObject({
            Statement: [
                {
                    Action: ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
                    Resource: "arn:aws:logs:*:*:log-group:storm-dev:*",
                },
            ],
        });
        expect(madeAfter(run.get("host-profile", "aws:"), run)).toContain("host-profile-logs");
    });

    test("they may not with any other driver", async () => {
        const run = await runProgram({ ...stackFile("dev"), logging: syslog });
        expect(policies(run).map(({ name }) => name)).toEqual(["host-profile-session-manager"]);
    });
});

describe("log4j2 files", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-log4j2-"));
    const written = (file: string) => fs.readFileSync(path.join(folder, "own", file), "utf8");
    const original = `<configuration>
    <appenders>
        <RollingFile name="A1"/>
    </appenders>
    <loggers>
        <Logger name="other" level="info" additivity="false"><AppenderRef ref="A1"/></Logger>
        <root level="info"> <!-- We log everything -->
            <appender-ref ref="A1"/>
        </root>
    </loggers>
</configuration>
`;

    beforeAll(() => {
        for (const each of ["bin", "log4j2", "links"]) {
            fs.mkdirSync(path.join(folder, each));
        }
        fs.writeFileSync(path.join(folder, "bin", "storm"), "#!/bin/sh\n", { mode: 0o755 });
        fs.symlinkSync("../bin/storm", path.join(folder, "links", "storm"));
        fs.writeFileSync(path.join(folder, "log4j2", "cluster.xml"), original);
        fs.writeFileSync(path.join(folder, "log4j2", "worker.xml"), original);
        const script = logsToOutput.replaceAll(ownLog4j2, path.join(folder, "own"));
        const env = { ...process.env, PATH: `${path.join(folder, "links")}:${process.env.PATH}` };
        expect(spawnSync("bash", ["-ec", script], { env, encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
    });

    test.each([
        [
            "cluster.xml",
            `<Console name="output"><PatternLayout charset="UTF-8" pattern="\${sys:logfile.name} \${pattern}"/></Console>`,
        ],
        [
            "worker.xml",
            `<File name="output" fileName="/proc/1/fd/1"><PatternLayout charset="UTF-8" pattern="\${sys:storm.id}:\${sys:worker.port} \${pattern}"/></File>`,
        ],
    ])("%s are Storm's, with one appender more, of the root logger", (file, appender) => {
        expect(written(file)).toBe(
            original
                .replace("<appenders>", () => `<appenders>${appender}`)
                .replace('<root level="info">', '<root level="info"><AppenderRef ref="output"/>'),
        );
    });
});
