import type { Dial } from "../../hosts/container";
import { clusterSummary } from "../nimbusClient";

/** What has to hold before a daemon is ready; addresses are those, or the names, that others dial. */
export type ReadyCheck =
    | ZooKeeperCheck
    /** It is registered, and one Nimbus leads. */
    | { kind: "nimbus"; address: string; port: number }
    /** A Nimbus knows the supervisor, and its logviewer, where there is one, accepts connections. */
    | { kind: "supervisor"; address: string; nimbuses: string[]; nimbusPort: number; logviewerPort?: number }
    /** It accepts connections. */
    | { kind: "port"; address: string; port: number };

/** A member answers and, where enough members answer for a quorum, has joined it. */
export interface ZooKeeperCheck {
    kind: "zookeeper";
    port: number;
    /** What all members are dialled by. */
    members: string[];
    /** Its own place among them. */
    member: number;
    /** Where others cannot dial that port: where it listens itself, and a port at which they can. */
    closed?: { address: string; peersPort: number };
}

/** A daemon's container, as a check sees it. */
export interface Probe {
    /** Dials from within the container. */
    dial: Dial;
    /** Seconds for which the container has run. */
    age: () => Promise<number>;
}

/** Tells what a daemon still lacks to be ready; undefined when it is. */
export async function check(wanted: ReadyCheck, { dial, age }: Probe): Promise<string | undefined> {
    try {
        switch (wanted.kind) {
            case "zookeeper":
                return await checkZooKeeper(wanted, dial);
            case "nimbus":
                return await checkNimbus(wanted.address, wanted.port, dial, age);
            case "supervisor":
                return (
                    (await checkSupervisor(wanted.address, wanted.nimbuses, wanted.nimbusPort, dial, age)) ??
                    (wanted.logviewerPort === undefined ? undefined : await checkPort("its logviewer", wanted.address, wanted.logviewerPort, dial))
                );
            case "port":
                return await checkPort("it", wanted.address, wanted.port, dial);
        }
    } catch (error) {
        return error instanceof Error ? error.message : String(error);
    }
}

/**
 * A member of a new ensemble cannot serve before a majority is there, and the next is made only after it: so it
 * passes when it answers. It has to have joined where enough members answer for a quorum, and where those up to it are a
 * majority: else an ensemble that grows could have one of members that start empty, without those that have its data.
 */
async function checkZooKeeper({ members, member, port, closed }: ZooKeeperCheck, dial: Dial): Promise<string | undefined> {
    const asked = (address: string) => dial(address, port, Buffer.from("srvr"), "all").then(String, () => "");
    const reached = (address: string, peersPort: number) => dial(address, peersPort, Buffer.alloc(0), "none").then(() => "reached", () => "");
    const own = await asked(closed?.address ?? (members[member] as string));
    if (own === "") {
        return `it does not answer on port ${port}`;
    }
    if (/^Mode: /m.test(own)) {
        return undefined;
    }
    // The others are not asked without need: one that is not there yet takes seconds to tell so.
    const lacking = "it has not joined the ensemble";
    if (member + 1 > members.length / 2) {
        return lacking;
    }
    const others = members.filter((_, index) => index !== member);
    const answers = await Promise.all(others.map((address) => (closed ? reached(address, closed.peersPort) : asked(address))));
    const answering = 1 + answers.filter((answer) => answer !== "").length;
    return answering > members.length / 2 ? `${lacking}, of which ${answering} of ${members.length} members answer` : undefined;
}

async function checkNimbus(address: string, port: number, dial: Dial, age: Probe["age"]): Promise<string | undefined> {
    const { nimbuses } = await clusterSummary(dial, address, port);
    if (!isRegistered(address, nimbuses, await age())) {
        return "it is not registered with ZooKeeper";
    }
    return nimbuses.some(({ leader }) => leader) ? undefined : "no Nimbus leads";
}

async function checkSupervisor(
    address: string,
    nimbuses: string[],
    port: number,
    dial: Dial,
    age: Probe["age"],
): Promise<string | undefined> {
    const summaries = await Promise.allSettled(nimbuses.map((nimbus) => clusterSummary(dial, nimbus, port)));
    const known = summaries.flatMap((summary) => (summary.status === "fulfilled" ? summary.value.supervisors : []));
    if (isRegistered(address, known, await age())) {
        return undefined;
    }
    const failures = summaries.flatMap((summary) => (summary.status === "rejected" ? [String(summary.reason)] : []));
    return ["no Nimbus knows it", ...failures].join("; ");
}

function checkPort(who: string, address: string, port: number, dial: Dial): Promise<string | undefined> {
    return dial(address, port, Buffer.alloc(0), "none").then(
        () => undefined,
        (error: Error) => `${who} does not answer on port ${port}: ${error.message}`,
    );
}

/** A daemon that was killed stays registered until its session expires: what says to be older than its container is not it. */
function isRegistered(address: string, registered: { host: string; uptime: number }[], age: number): boolean {
    return registered.some(({ host, uptime }) => host === address && uptime <= age + 1);
}
