// A stand-in for Nimbus, of a cluster whose state a test sets: it answers many calls on one connection, as Nimbus does.
import * as net from "net";
import * as thrift from "thrift";
import { fields, replyFields } from "../../provider/nimbus/fields";
import { Double, framed, write } from "./nimbusReply";

const { ClusterSummary, NimbusSummary, SupervisorSummary } = fields;

/** A call: its method, and for a topology's page the topology's id, the window, and whether Storm's own components are in it. */
export interface Call {
    method: string;
    id?: string;
    window?: string;
    system?: boolean;
}

/** No answer, while the connection stays open. */
export const hangs = Symbol("hangs");

/** No answer: the connection is closed. */
export const closes = Symbol("closes");

/** A declared exception of a call, by its field number: of getTopologyPageInfo 1 is NotAliveException. */
export class Raised {
    constructor(
        readonly number: number,
        readonly message: string,
    ) {}
}

/** An answer: a result as `write` takes it, an exception, a frame as it is, or none. */
export type Answer = object | Raised | Buffer | typeof hangs | typeof closes;

/**
 * Starts the stand-in on a free port of 127.0.0.1.
 * @returns Its port, the calls that it has had, and what stops it.
 */
export async function startStandIn(
    answer: (call: Call) => Answer | Promise<Answer>,
): Promise<{ port: number; calls: Call[]; stop: () => void }> {
    const calls: Call[] = [];
    const sockets = new Set<net.Socket>();
    const server = net.createServer((socket) => {
        sockets.add(socket);
        // A client that gives up resets the connection.
        socket.on("error", () => undefined);
        let received = Buffer.alloc(0);
        let answered = Promise.resolve();
        socket.on("data", (data) => {
            received = Buffer.concat([received, data]);
            while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
                const call = callOf(received.subarray(4));
                received = received.subarray(4 + received.readInt32BE(0));
                calls.push(call);
                answered = answered.then(async () => {
                    const given = await answer(call);
                    if (given === closes) {
                        socket.destroy();
                    } else if (given !== hangs) {
                        socket.write(given instanceof Buffer ? given : framedAnswer(given));
                    }
                });
            }
        });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const stop = () => {
        server.close();
        sockets.forEach((socket) => socket.destroy());
    };
    return { port: (server.address() as net.AddressInfo).port, calls, stop };
}

/** A reply with a result or an exception, as it goes over the connection. */
export function framedAnswer(given: object): Buffer {
    return framed((out) =>
        given instanceof Raised
            ? write(out, given.number, { [replyFields.exceptionMessage]: given.message })
            : write(out, replyFields.result, given),
    );
}

function callOf(request: Buffer): Call {
    const protocol = new thrift.TBinaryProtocol(new thrift.TFramedTransport(request));
    const call: Call = { method: protocol.readMessageBegin().fname };
    for (;;) {
        const { ftype, fid } = protocol.readFieldBegin();
        if (ftype === thrift.Thrift.Type.STOP) {
            return call;
        }
        if (ftype === thrift.Thrift.Type.BOOL) {
            call.system = protocol.readBool();
        } else if (ftype === thrift.Thrift.Type.STRING) {
            call[fid === 1 ? "id" : "window"] = protocol.readString().toString();
        } else {
            protocol.skip(ftype);
        }
    }
}

/** A cluster's state: what a test sets of it. */
export interface ClusterState {
    nimbuses: { host: string; port: number; tlsPort?: number; uptime?: number; leader?: boolean }[];
    supervisors?: { host: string; uptime?: number; slots?: number; used?: number }[];
    topologies?: { id: string; name?: string; status?: string; workers?: number }[];
}

/** ClusterSummary, with all that 2.8.3 writes into it, or as 1.2.4 does. */
export function clusterSummary(
    { nimbuses, supervisors = [], topologies = [] }: ClusterState,
    version = "2.8.3",
): object {
    const resources = new Map([["memory.mb", new Double(3072)]]);
    const isOne = version.startsWith("1.");
    return {
        [ClusterSummary.supervisors]: supervisors.map(({ host, uptime = 100, slots = 4, used = 0 }, index) => ({
            [SupervisorSummary.host]: host,
            [SupervisorSummary.uptimeSeconds]: uptime,
            [SupervisorSummary.workers]: slots,
            [SupervisorSummary.usedWorkers]: used,
            5: `supervisor-id-${index}`,
            6: version,
            7: resources,
            ...(!isOne && { 12: false, 13: resources }),
        })),
        ...(isOne && { 2: 0 }),
        [ClusterSummary.topologies]: topologies.map(({ id, name = id, status = "ACTIVE", workers = 2 }) => ({
            ...{ 1: id, 2: name, 3: 12, 4: 10, 5: workers, 6: 1234, 7: status },
            ...(!isOne && { 8: version, 527: resources, 528: resources }),
            515: 1,
        })),
        [ClusterSummary.nimbuses]: nimbuses.map(({ host, port, tlsPort, uptime = 1000, leader = false }) => ({
            [NimbusSummary.host]: host,
            [NimbusSummary.port]: port,
            [NimbusSummary.uptimeSeconds]: uptime,
            [NimbusSummary.isLeader]: leader,
            5: version,
            ...(tlsPort !== undefined && { [NimbusSummary.tlsPort]: tlsPort }),
        })),
    };
}

/** Counts of a component, or of a topology; default: 0. `null`: Storm has no entry for it. */
export interface Counts {
    emitted?: number;
    transferred?: number;
    acked?: number | null;
    failed?: number | null;
    executed?: number;
}

/** A topology's page: what a test sets of it. */
export interface PageState {
    counts?: Counts;
    /** By id. `latency`, in ms: a spout's complete latency, a bolt's execute latency; half of that is its process latency. */
    components?: Record<
        string,
        { type: "spout" | "bolt"; counts?: Counts; latency?: number; capacity?: number; errorAt?: number }
    >;
    workers?: { host: string; port: number; uptime: number }[];
    /** Workers that have sent heartbeats; default: all. */
    reporting?: number;
    configuration?: Record<string, unknown>;
    completeLatency?: number;
}

/** TopologyPageInfo with one window, with all that 2.8.3 writes into it, or as 1.2.4 does. */
export function topologyPage(id: string, window: string, state: PageState, version = "2.8.3"): object {
    const { counts = {}, components = {}, workers = [], configuration = {}, completeLatency } = state;
    const isOne = version.startsWith("1.");
    const of = (type: string) => {
        const those = Object.entries(components).filter(([, component]) => component.type === type);
        return new Map(
            those.map(([name, { counts: of = {}, latency = 0, capacity = 0, errorAt }]) => [
                name,
                {
                    1: type === "bolt" ? 1 : 2,
                    2: { 1: 3, 2: 4, ...countFields(of), 7: new Map([["cpu.pcore.percent", new Double(10)]]) },
                    3:
                        type === "bolt"
                            ? {
                                  1: {
                                      1: new Double(latency),
                                      2: new Double(latency / 2),
                                      3: BigInt(of.executed ?? 0),
                                      4: new Double(capacity),
                                  },
                              }
                            : { 2: { 1: new Double(latency) } },
                    ...(errorAt !== undefined && {
                        4: { 1: "java.lang.RuntimeException", 2: errorAt, 3: "10.0.0.9", 4: 6700 },
                    }),
                },
            ]),
        );
    };
    const inWindow = (value: unknown) => new Map([[window, value]]);
    const [spouts, bolts] = [of("spout"), of("bolt")];
    return {
        ...{ 1: id, 2: "the name", 3: 1234, 4: "ACTIVE", 5: 12, 6: state.reporting ?? workers.length, 7: 10 },
        8: JSON.stringify(configuration),
        ...(spouts.size > 0 && { 9: spouts }),
        ...(bolts.size > 0 && { 10: bolts }),
        12: {
            1: inWindow(BigInt(counts.emitted ?? 0)),
            2: inWindow(BigInt(counts.transferred ?? 0)),
            ...(completeLatency !== undefined && { 3: inWindow(new Double(completeLatency)) }),
            4: counts.acked === null ? new Map() : inWindow(BigInt(counts.acked ?? 0)),
            5: counts.failed === null ? new Map() : inWindow(BigInt(counts.failed ?? 0)),
        },
        15: 1,
        16: workers.map(({ host, port, uptime }, index) => ({
            ...{ 1: `supervisor-id-${index}`, 2: host, 3: port, 4: id, 5: "the name", 6: 5 },
            7: new Map([
                ["words", 2n],
                ["count", 3n],
            ]),
            ...{ 9: uptime, 524: new Double(768), 525: new Double(0), 526: new Double(0) },
            ...(!isOne && { 527: "storm" }),
        })),
        ...(!isOne && { 17: version, 527: new Double(0), 535: new Map([["memory.mb", new Double(1)]]) }),
    };
}

function countFields({ emitted = 0, transferred = 0, acked = 0, failed = 0 }: Counts): object {
    return {
        ...{ 3: BigInt(emitted), 4: BigInt(transferred) },
        ...(acked !== null && { 5: BigInt(acked) }),
        ...(failed !== null && { 6: BigInt(failed) }),
    };
}
