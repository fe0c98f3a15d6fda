import type { Connect } from "../machines/container";
import { clusterSummary } from "../nimbus/client";
import type { ReadyCheck, ZooKeeperCheck } from "../schema";
import { messageOf } from "../waiting";

/** A daemon's container, as a check sees it. */
export interface Probe {
    /** Connects from within the container. */
    connect: Connect;
    /** What a URL answers to the container. */
    get: (url: string) => Promise<string>;
    /** Seconds for which the container has run. */
    age: () => Promise<number>;
}

/** What a daemon is still missing to be ready; undefined: it is ready. */
export async function check(wanted: ReadyCheck, { connect, get, age }: Probe): Promise<string | undefined> {
    try {
        switch (wanted.kind) {
            case "zookeeper":
                return await checkZooKeeper(wanted, connect);
            case "nimbus":
                return await checkNimbus(wanted, connect, age);
            case "supervisor":
                return (
                    (await checkSupervisor(wanted, connect, age)) ??
                    (wanted.logviewerPort === undefined
                        ? undefined
                        : await checkPort("its logviewer", wanted.address, wanted.logviewerPort, connect))
                );
            case "port":
                return await checkPort("it", wanted.address, wanted.port, connect);
            case "http":
                return await get(wanted.url).then(
                    () => undefined,
                    (error: Error) => `it does not answer at ${wanted.url}: ${error.message}`,
                );
        }
    } catch (error) {
        return messageOf(error);
    }
}

/**
 * A member of a new ensemble cannot serve before a majority runs, so it passes if it answers. It must have joined the ensemble
 * if enough members answer for a quorum, or if it and the members before it are a majority: otherwise a growing ensemble
 * could get a majority of members that start empty.
 */
async function checkZooKeeper(
    { members, member, port, closed }: ZooKeeperCheck,
    connect: Connect,
): Promise<string | undefined> {
    const asked = (address: string) => connect(address, port, Buffer.from("srvr"), "all").then(String, () => "");
    const reached = (address: string, peersPort: number) =>
        connect(address, peersPort, Buffer.alloc(0), "none").then(
            () => "reached",
            () => "",
        );
    const own = await asked(closed?.address ?? (members[member] as string));
    if (own === "") {
        return `it does not answer on port ${port}`;
    }
    if (/^Mode: /m.test(own)) {
        return undefined;
    }
    // The others are asked only if needed: one that does not run yet answers after seconds.
    const missing = "it has not joined the ensemble";
    if (member + 1 > members.length / 2) {
        return missing;
    }
    const others = members.filter((_, index) => index !== member);
    const answers = await Promise.all(
        others.map((address) => (closed ? reached(address, closed.peersPort) : asked(address))),
    );
    const answering = 1 + answers.filter((answer) => answer !== "").length;
    return answering > members.length / 2
        ? `${missing}, of which ${answering} of ${members.length} members answer`
        : undefined;
}

async function checkNimbus(
    { address, port, tls }: Extract<ReadyCheck, { kind: "nimbus" }>,
    connect: Connect,
    age: Probe["age"],
): Promise<string | undefined> {
    const { nimbuses } = await clusterSummary(connect, address, port, tls);
    if (!isRegistered(address, nimbuses, await age())) {
        return "it is not registered with ZooKeeper";
    }
    return nimbuses.some(({ leader }) => leader) ? undefined : "no Nimbus leads";
}

async function checkSupervisor(
    { address, nimbuses, nimbusPort, tls }: Extract<ReadyCheck, { kind: "supervisor" }>,
    connect: Connect,
    age: Probe["age"],
): Promise<string | undefined> {
    const asked = nimbuses.map((nimbus) => clusterSummary(connect, nimbus, nimbusPort, tls));
    const summaries = await Promise.allSettled(asked);
    const known = summaries.flatMap((summary) => (summary.status === "fulfilled" ? summary.value.supervisors : []));
    if (isRegistered(address, known, await age())) {
        return undefined;
    }
    const failures = summaries.flatMap((summary) => (summary.status === "rejected" ? [String(summary.reason)] : []));
    return ["no Nimbus knows it", ...failures].join("; ");
}

function checkPort(who: string, address: string, port: number, connect: Connect): Promise<string | undefined> {
    return connect(address, port, Buffer.alloc(0), "none").then(
        () => undefined,
        (error: Error) => `${who} does not answer on port ${port}: ${error.message}`,
    );
}

/** A killed daemon stays registered until its session expires: a registration older than the container is not this daemon's. */
function isRegistered(address: string, registered: { host: string; uptime: number }[], age: number): boolean {
    return registered.some(({ host, uptime }) => host === address && uptime <= age + 1);
}
