import type { Tls } from "../machines/connector";
import { messageOf } from "../waiting";
import { byTls, clusterSummary, type NimbusAt } from "./client";
import type { Leader } from "./leader";

/** A Nimbus that is asked who leads. */
export interface Asked extends NimbusAt {
    /** Its name, for messages. */
    name: string;
    tls?: Tls | undefined;
}

/** No Nimbus leads, as far as those that were asked say. */
export class Leaderless extends Error {
    constructor(
        message: string,
        /** Whether none of them has answered. */
        readonly isSilent: boolean,
    ) {
        super(message);
    }
}

/**
 * Asks each Nimbus until one answers and says who leads: only the leader accepts changes.
 * @throws Leaderless with what each has said when none does.
 */
export async function leaderAmong(nimbuses: Asked[]): Promise<Leader> {
    const failures: string[] = [];
    let isSilent = true;
    for (const { name, connect, address, port, tls } of nimbuses) {
        try {
            const summary = await clusterSummary(connect, address, port, tls);
            isSilent = false;
            const leading = summary.nimbuses.find(({ leader }) => leader);
            if (leading && nimbuses.some((each) => each.address === leading.host && each.port === leading.port)) {
                return { nimbus: { connect: byTls(connect, tls), address: leading.host, port: leading.port }, summary };
            }
            // A Nimbus that was renamed leads under its old name until ZooKeeper forgets that name.
            failures.push(
                leading
                    ? `${name}: ${leading.host}:${leading.port} leads, and is none of them`
                    : `${name}: no Nimbus leads`,
            );
        } catch (error) {
            failures.push(`${name}: ${messageOf(error)}`);
        }
    }
    throw new Leaderless(`No Nimbus accepts changes. ${failures.join("; ")}`, isSilent);
}
