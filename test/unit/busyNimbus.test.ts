// A stand-in for a busy Nimbus: it does what a request asks, and closes the connection without an answer the first time.
import * as net from "net";
import { submission } from "../../provider/kinds/submission";
import { fields, replyFields } from "../../provider/nimbus/fields";
import { ssh } from "./dockerStandIn";
import { framed, write } from "./nimbusReply";

jest.setTimeout(60_000);

let server: net.Server;
let port: number;
/** Statuses of the topologies by name. */
let topologies: Record<string, string>;
let killed: string[];
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
        return JSON.stringify({ "pulumi.owner": "us", "topology.message.timeout.secs": 30 });
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

test.each(["getClusterInfo", "getTopologyConf", "killTopologyWithOpts"])(
    "a topology is killed once, though %s is not answered at first",
    async (method) => {
        topologies = { words: "ACTIVE", other: "ACTIVE" };
        killed = [];
        unanswered.add(method);
        const nimbus = { container: "nimbus-1", ssh, address: "127.0.0.1", port };
        await submission.delete?.({
            ...{ topology: "words", sha256: "", mainClass: "", arguments: [], configuration: [], parallelism: {} },
            ...{ seconds: 20, owner: "us", nimbuses: [nimbus], client: { ...nimbus, seeds: [] }, image: "storm" },
            ...{ supervisors: [], content: "", drift: "", shortfall: "" },
        });
        expect([killed, Object.keys(topologies), unanswered.size]).toEqual([["words"], ["other"], 0]);
    },
);
