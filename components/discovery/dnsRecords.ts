import { createHash } from "crypto";
import { Readable } from "stream";
import * as pulumi from "@pulumi/pulumi";
import * as dns from "dns-packet";
import { describe, dialOn, run } from "../hosts/container";
import { lackingAfter } from "../hosts/lacking";
import { recordSeconds } from "./names";

/** Arguments of {@link DnsRecords}. */
export interface DnsRecordsArgs {
    /** The server's container. */
    container: string;
    /** Its id: another container has no records. */
    containerId: pulumi.Input<string>;
    /** The file that the server reads them from, in its container. */
    file: string;
    /** The domain of the names. */
    zone: string;
    /** IPv4 address by name, without the domain. */
    addresses: pulumi.Input<Record<string, string>>;
    /** The address that the server listens at, on port 53. */
    server: pulumi.Input<string>;
    /** Seconds that it has to answer with them. */
    seconds: number;
    /** The `ssh` command line that logs in on its machine; default: it is this one. */
    ssh?: pulumi.Input<string[]>;
}

type Inputs = pulumi.Unwrap<DnsRecordsArgs> & { __provider?: string };

/** Puts standard input into a file of a container, whose image has no shell. */
const put = 'f=$(mktemp) && cat >"$f" && chmod 644 "$f" && docker cp "$f" "$0:$1"; status=$?; rm -f "$f"; exit "$status"';

const provider: pulumi.dynamic.ResourceProvider<Inputs, Inputs> = {
    async create(inputs) {
        await serve(inputs);
        return { id: inputs.container, outs: inputs };
    },
    async read(id, inputs) {
        // To a refresh, a server that does not answer with them has none.
        return (await missing(inputs as Inputs)) === undefined ? { id, props: inputs } : { id: "" };
    },
    async update(_id, _olds, news) {
        await serve(news);
        return { outs: news };
    },
};

async function serve(inputs: Inputs): Promise<void> {
    const { ssh, container, file, zone, addresses, seconds } = inputs;
    await run(ssh, ["sh", "-c", put, container, file], { input: Readable.from([zoneFile(zone, addresses)]) });
    const lacks = await lackingAfter(seconds, () => missing(inputs));
    if (lacks !== undefined) {
        throw new Error(`${container} did not serve its records within ${seconds} s: ${lacks}\n${await describe(inputs, [])}`);
    }
}

/** What a server lacks to answer with the records; undefined: nothing. */
async function missing({ ssh, server, zone, addresses }: Inputs): Promise<string | undefined> {
    try {
        const question = { type: "SOA" as const, name: zone };
        // Over TCP a message has its length before it, in two bytes.
        const reply = await dialOn(ssh)(server, 53, dns.streamEncode({ type: "query", id: 1, questions: [question] }), 2);
        const { answers = [] } = dns.decode(reply);
        const served = answers.map((answer) => (answer.type === "SOA" ? answer.data.serial : undefined));
        return served.includes(serialOf(addresses)) ? undefined : "it answers with other records";
    } catch (error) {
        return (error as Error).message;
    }
}

/** The serial of records: the server reads its file again when that has another one. */
function serialOf(addresses: Record<string, string>): number {
    const sorted = Object.entries(addresses).sort(([a], [b]) => (a < b ? -1 : 1));
    return createHash("sha256").update(JSON.stringify(sorted)).digest().readUInt32BE();
}

/** Records as a zone file (RFC 1035). What says that it is one comes last, so that the server takes no file that is half there. */
export function zoneFile(zone: string, addresses: Record<string, string>): string {
    const records = Object.entries(addresses).map(([name, address]) => `${name} A ${address}`);
    const soa = `@ SOA ${zone}. hostmaster.${zone}. ${serialOf(addresses)} 3600 600 86400 ${recordSeconds}`;
    return [`$ORIGIN ${zone}.`, `$TTL ${recordSeconds}`, ...records, soa, ""].join("\n");
}

/** The records of a DNS server. Other records take the place of those before while it runs. */
export class DnsRecords extends pulumi.dynamic.Resource {
    constructor(name: string, args: DnsRecordsArgs, opts: pulumi.CustomResourceOptions) {
        super(provider, name, args, opts, "storm", "DnsRecords");
    }
}
