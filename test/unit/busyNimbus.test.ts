// A stand-in for a busy Nimbus: it does what a request asks, and closes the connection without an answer the first time.
import { createHash } from "crypto";
import * as net from "net";
import * as log from "@pulumi/pulumi/log";
import { stormYaml } from "../../components/storm/spec/stormConfig";
import { drain } from "../../provider/kinds/drain";
import { kill } from "../../provider/kinds/kill";
import { submission } from "../../provider/kinds/submission";
import { fields, replyFields } from "../../provider/nimbus/fields";
import { storePassword, stormKeyStore, stormTrustStore } from "../../provider/nimbus/tlsFiles";
import { contentsOf } from "../../provider/topologies/files";
import { contentOf, type Inputs } from "../../provider/topologies/onCluster";
import { submit } from "../../provider/topologies/submit";
import { setStorm, ssh, words, writeFile } from "./dockerStandIn";
import { framed, write } from "./nimbusReply";

jest.setTimeout(60_000);

let server: net.Server;
let port: number;
/** Statuses of the topologies by name. */
let topologies: Record<string, string>;
let killed: string[];
/** What each of them says that it was submitted from. */
let content = "";
const unanswered = new Set<string>();

function carryOut(method: string, words: string): unknown {
    const { ClusterSummary, NimbusSummary, TopologySummary } = fields;
    if (method === "getClusterInfo") {
        const listed = Object.entries(topologies);
        // A topology that is being killed is listed once more, and has ended then.
        topologies = Object.fromEntries(listed.filter(([, status]) => status !== "KILLED"));
        return {
            [ClusterSummary.nimbuses]: [
                { [NimbusSummary.host]: "127.0.0.1", [NimbusSummary.port]: port, [NimbusSummary.isLeader]: true },
            ],
            [ClusterSummary.topologies]: listed.map(([name, status]) => ({
                [TopologySummary.id]: `${name}-1`,
                [TopologySummary.name]: name,
                [TopologySummary.status]: status,
            })),
        };
    }
    if (method === "getTopologyConf") {
        return JSON.stringify({ "pulumi.owner": "us", "pulumi.content": content, "topology.message.timeout.secs": 30 });
    }
    if (method === "getNimbusConf") {
        return "{}";
    }
    if (method === "getTopologyInfo") {
        return { [fields.TopologyInfo.status]: "ACTIVE" };
    }
    const name = Object.keys(topologies).find((each) => words.includes(each));
    if (method === "killTopologyWithOpts" && name !== undefined) {
        killed.push(name);
        topologies[name] = "KILLED";
    }
    return undefined;
}

beforeAll(async () => {
    server = net.createServer((socket) => {
        socket.once("data", (data) => {
            const method = data.toString("latin1", 12, 12 + data.readInt32BE(8));
            const result = carryOut(method, data.toString("latin1"));
            if (unanswered.delete(method)) {
                socket.destroy();
            } else {
                socket.end(framed((out) => result !== undefined && write(out, replyFields.result, result)));
            }
        });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ({ port } = server.address() as net.AddressInfo);
});
afterAll(() => server.close());

beforeEach(() => {
    topologies = { words: "ACTIVE", other: "ACTIVE" };
    killed = [];
});

const nimbus = () => ({ container: "nimbus-1", ssh, address: "127.0.0.1", port });
function inputs(changes: Partial<Inputs> = {}): Inputs {
    return {
        ...{
            topology: "words",
            sha256: "",
            mainClass: "a.Main",
            arguments: ["words"],
            configuration: [],
            parallelism: {},
        },
        ...{ seconds: 20, owner: "us", nimbuses: [nimbus()], client: { container: "nimbus-1", ssh, seeds: [], port } },
        ...{ image: "storm", supervisors: [], ...changes },
    };
}

describe.each(["getClusterInfo", "getTopologyConf", "killTopologyWithOpts"])(
    "%s is not answered at first:",
    (method) => {
        beforeEach(() => unanswered.add(method));
        afterEach(() => expect(unanswered.size).toBe(0));

        test("a topology is killed once all the same", async () => {
            await submission.delete?.({ ...inputs(), content: "", drift: "", shortfall: "" });
            expect([killed, Object.keys(topologies)]).toEqual([["words"], ["other"]]);
        });
        test("what a main class has submitted under another name is found, and killed, all the same", async () => {
            setStorm("echo done");
            topologies = { other: "ACTIVE" };
            content = contentOf(inputs());
            await expect(submit(inputs())).rejects.toThrow(
                'a.Main has not submitted topology words: it submitted other instead, which was killed. Is the name among its arguments, ["words"]?\ndone',
            );
            expect([killed, Object.keys(topologies)]).toEqual([["other"], []]);
        });
    },
);

test.each(["getClusterInfo", "getTopologyInfo"])(
    "a supervisor that is removed is asked about once more, if %s is not answered at first",
    async (method) => {
        unanswered.add(method);
        const supervisor = { daemon: "supervisor-1", container: "supervisor-1", ssh, address: "10.0.0.1" };
        await drain.delete?.({ ...supervisor, nimbuses: [nimbus()], seconds: 20 });
        expect([killed, unanswered.size]).toEqual([[], 0]);
    },
);

test("files are where the main class runs, under their own paths, beside the settings of its client", async () => {
    const files = contentsOf(["./package.json", "test/unit/nimbusReply.ts"]) ?? {};
    setStorm(
        'cat "$STORM_CONF_DIR/storm.yaml"; sha256sum $(find . -type f | sort) | sed "s, \\./,,"; echo "$@"; exit 1',
    );
    const lines = [
        ...["nimbus.seeds: []", `nimbus.thrift.port: ${port}`],
        ...Object.entries(files).map(([file, sha256]) => `${sha256} ${file}`),
    ];
    await expect(submit(inputs({ files }))).rejects.toThrow(
        `a.Main has not submitted topology words:\n${lines.join("\n")}\njar -c pulumi.owner="us"`,
    );
});

test("where Nimbus speaks TLS, its certificates are where the main class runs too, and in no command line", async () => {
    writeFile(
        "/conf/storm.yaml",
        stormYaml({
            "nimbus.thrift.client.use.tls": true,
            "nimbus.thrift.tls.port": 1,
            "nimbus.thrift.tls.client.keystore.path": stormKeyStore,
            "nimbus.thrift.tls.client.truststore.path": stormTrustStore,
            "nimbus.thrift.tls.client.truststore.password": storePassword,
        }),
    );
    writeFile(stormKeyStore, "THE-KEY");
    writeFile(stormTrustStore, "an authority");
    const files = contentsOf(["./package.json"]) ?? {};
    setStorm(`cat "$STORM_CONF_DIR/storm.yaml"; find . -type f
        for key in keystore truststore; do
            sha256sum <"$(sed -n "s/^nimbus.thrift.tls.client.$key.path: //p" "$STORM_CONF_DIR/storm.yaml")"
        done; exit 1`);
    const hash = (content: string) => createHash("sha256").update(content).digest("hex");
    const tls = { certificate: "none", key: "none", authority: "none" };
    const submitting = submit(inputs({ files, nimbuses: [{ ...nimbus(), tls }] }));
    const printed = await submitting.catch((error: Error) => error.message);
    expect(String(printed).replace(/ \S*(\/certificates\/)/g, " <tmp>$1")).toBe(
        [
            "a.Main has not submitted topology words:",
            ...["storm.local.dir: /data", "storm.log.dir: /logs", "nimbus.thrift.client.use.tls: true"],
            "nimbus.thrift.tls.client.keystore.path: <tmp>/certificates/storm.p12",
            "nimbus.thrift.tls.client.truststore.path: <tmp>/certificates/storm-trust.jks",
            "nimbus.thrift.tls.client.truststore.password: changeit",
            ...["nimbus.seeds: []", `nimbus.thrift.tls.port: ${port}`, "./package.json"],
            ...["THE-KEY", "an authority"].map((content) => `${hash(content)}  -`),
        ].join("\n"),
    );
    expect(words()).toContain(":/certificates");
    expect(words()).not.toContain("THE-KEY");
});

describe("a topology of a cluster that is removed", () => {
    const warn = jest.spyOn(log, "warn").mockResolvedValue();
    beforeEach(() => warn.mockClear());
    const state = { topology: "words", owner: "us", owners: ["us"], seconds: 20 };

    test.each([
        ["no Nimbus has a container", { container: "gone", ssh }, "no Nimbus runs"],
        [
            "no machine of a Nimbus can be reached",
            { container: "nimbus-1", ssh: ["false"] },
            "No Nimbus accepts changes",
        ],
    ])("is left with a warning, if %s", async (_, at, why) => {
        await kill.delete?.({ ...state, nimbuses: [{ ...nimbus(), ...at }] });
        expect(warn.mock.calls).toEqual([
            [
                expect.stringContaining(
                    `topology words is not killed, and runs again if the cluster is created again on the same data: ${why}`,
                ),
            ],
        ]);
    });
    test("is left, if somebody else has submitted it", async () => {
        await kill.delete?.({ ...state, owners: ["them"], nimbuses: [nimbus()] });
        expect([killed, warn.mock.calls]).toEqual([[], []]);
    });
    test("is killed, though its stack had another name when it was submitted", async () => {
        const olds = { ...state, owner: "us", nimbuses: [nimbus()] };
        const { owners } = (await kill.update?.(olds, { ...olds, owner: "renamed" })) ?? { owners: [] };
        await kill.delete?.({ ...olds, owner: "renamed", owners });
        expect([killed, warn.mock.calls]).toEqual([["words"], []]);
    });
});

test("a topology that leaves a cluster without a Nimbus stays in the stack", async () => {
    const nimbuses = [{ ...nimbus(), ssh: ["false"] }];
    await expect(
        submission.delete?.({ ...inputs({ nimbuses }), content: "", drift: "", shortfall: "" }),
    ).rejects.toThrow(
        /^topology words cannot be killed. No Nimbus accepts changes[^]*removes the whole cluster without Nimbus/,
    );
});
