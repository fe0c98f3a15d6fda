import { createHash } from "crypto";
import * as dns from "dns-packet";
import type { Kind } from "../kind";
import { connectOn, describe, putFile } from "../machines/container";
import { type Inputs as Of, schema } from "../schema";
import { messageOf, waitUntil } from "../waiting";

type Inputs = Of<"DnsRecords">;

/** Gives a DNS server its records. */
export const dnsRecords: Kind<Inputs> = {
    inputs: schema.DnsRecords,
    id: ({ container }) => container,
    async create(inputs) {
        await serve(inputs);
        return {};
    },
    // To a refresh, a server that does not answer with them has none.
    read: async (state) => ((await missing(state)) === undefined ? state : undefined),
    async update(_olds, news) {
        await serve(news);
        return {};
    },
};

async function serve(inputs: Inputs): Promise<void> {
    const { container, file, seconds } = inputs;
    await putFile(inputs, file, zoneFile(inputs));
    const problem = await waitUntil(`the records of ${container}`, () => missing(inputs), { seconds });
    if (problem !== undefined) {
        throw new Error(
            `${container} did not serve its records within ${seconds} s: ${problem}\n${await describe(inputs, [])}`,
        );
    }
}

/** What is missing until a server answers with the records; undefined: nothing. */
async function missing({ ssh, server, zone, addresses }: Inputs): Promise<string | undefined> {
    try {
        const question = { type: "SOA" as const, name: zone };
        // Over TCP a message has its length before it, in two bytes.
        const reply = await connectOn(ssh)(
            server,
            53,
            dns.streamEncode({ type: "query", id: 1, questions: [question] }),
            2,
        );
        const { answers = [] } = dns.decode(reply);
        const served = answers.map((answer) => (answer.type === "SOA" ? answer.data.serial : undefined));
        return served.includes(serialOf(addresses)) ? undefined : "it answers with other records";
    } catch (error) {
        return messageOf(error);
    }
}

/** The serial of records: the server reads its file again when that has another one. */
function serialOf(addresses: Record<string, string>): number {
    const sorted = Object.entries(addresses).sort(([a], [b]) => (a < b ? -1 : 1));
    return createHash("sha256").update(JSON.stringify(sorted)).digest().readUInt32BE();
}

/** Records as a zone file (RFC 1035). The SOA record is last, so that the server loads no file that is only half written. */
export function zoneFile({
    zone,
    addresses,
    recordSeconds,
}: Pick<Inputs, "zone" | "addresses" | "recordSeconds">): string {
    const records = Object.entries(addresses).map(([name, address]) => `${name} A ${address}`);
    const soa = `@ SOA ${zone}. hostmaster.${zone}. ${serialOf(addresses)} 3600 600 86400 ${recordSeconds}`;
    return [`$ORIGIN ${zone}.`, `$TTL ${recordSeconds}`, ...records, soa, ""].join("\n");
}
