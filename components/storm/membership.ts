import { isDeepStrictEqual } from "util";
import * as pulumi from "@pulumi/pulumi";
import { type ContainerAt, dialFrom, run, stop } from "../hosts/container";
import { lackingAfter } from "../hosts/lacking";
import { stateOf } from "./leader";

/** A member of the ensemble, and where its container is. */
export interface Member extends ContainerAt {
    /** The daemon's name. */
    daemon: string;
    /** The address at which it serves clients. */
    address: string;
    /** TCP port there. */
    port: number;
    /** Whether its machine is gone, so that nothing runs there any more. */
    isLost: boolean;
}

/** Arguments of {@link Membership}. */
export interface MembershipArgs {
    /** Names of the members. */
    daemons: string[];
    /** The members. */
    members: pulumi.Input<Member[]>;
    /** Names of those that may leave. */
    mayLeave: string[];
    /** Seconds that those that stay have to join the ensemble before others are stopped. */
    seconds: number;
}

type Inputs = pulumi.Unwrap<MembershipArgs>;

const provider: pulumi.dynamic.ResourceProvider<Inputs, Inputs> = {
    async check(olds: Partial<Inputs>, news) {
        const leaving = (olds.daemons ?? []).filter((daemon) => !news.daemons.includes(daemon) && !news.mayLeave.includes(daemon));
        const reason =
            `storm:zookeepers is ${news.daemons.length}, and without ${leaving.join(", ")} the ensemble survives fewer failures. ` +
            `Set it to ${olds.daemons?.length} again, or, to have the ensemble shrink, add ${leaving.join(", ")} to storm:mayLeave`;
        return { inputs: news, failures: leaving.length > 0 ? [{ property: "daemons", reason }] : [] };
    },
    async create(inputs) {
        return { id: "membership", outs: inputs };
    },
    async diff(_id, olds, news) {
        return { changes: !isDeepStrictEqual([olds.daemons, olds.members], [news.daemons, news.members]) };
    },
    async update(_id, olds, news) {
        const leaving = olds.members.filter(({ daemon }) => !news.daemons.includes(daemon));
        if (leaving.length > 0) {
            await letGo(leaving, olds.members.filter((member) => !leaving.includes(member)), news);
        }
        return { outs: news };
    },
};

/**
 * Stops members that leave, so that nothing is lost: a write is acknowledged once a majority has it. While more members than a
 * majority serve, those that leave stop one by one; once just a majority does, each of it has every write, and the others can go.
 */
async function letGo(leaving: Member[], staying: Member[], { seconds }: Inputs): Promise<void> {
    const majority = Math.floor((leaving.length + staying.length) / 2) + 1;
    const apart = () => those(staying, async (member) => !(await serves(member)));
    if ((await apart()).length > 0) {
        // An update that ended midway may have stopped those without whom there is no majority.
        await Promise.all(leaving.filter(({ isLost }) => !isLost).map(({ ssh, container }) => run(ssh, ["docker", "start", container]).catch(() => undefined)));
    }
    for (;;) {
        const lacking = await lackingAfter(seconds, async () => names(await apart()) || undefined);
        if (lacking !== undefined) {
            throw new Error(`${names(leaving)} did not leave, as ${lacking} had not joined the ensemble within ${seconds} s. Mend that, and run this again.`);
        }
        const others = await those(leaving, serves);
        if (staying.length + others.length <= majority) {
            break;
        }
        await Promise.all(others.slice(-1).map((last) => halt(last)));
    }
    await Promise.all(leaving.map(halt));
}

async function halt(member: Member): Promise<void> {
    const problem = member.isLost ? undefined : await stop(member);
    if (problem !== undefined && (await stateOf(member)) !== "stopped") {
        throw new Error(`${member.daemon} could not be stopped: ${problem}`);
    }
}

/** Whether a member has joined the ensemble, with a majority of it. */
function serves(member: Member): Promise<boolean> {
    const asked = dialFrom(member)(member.address, member.port, Buffer.from("srvr"), "all");
    return asked.then((answer) => /^Mode: /m.test(String(answer)), () => false);
}

async function those(members: Member[], condition: (member: Member) => Promise<boolean>): Promise<Member[]> {
    const hold = await Promise.all(members.map(condition));
    return members.filter((_, index) => hold[index]);
}

function names(members: Member[]): string {
    return members.map(({ daemon }) => daemon).join(", ");
}

/**
 * Who the members of the ensemble are. Those that leave have to be among those that may, and are stopped before the others are told:
 * else these would go on without what those alone have, and clients write to both.
 */
export class Membership extends pulumi.dynamic.Resource {
    constructor(name: string, args: MembershipArgs, opts: pulumi.CustomResourceOptions) {
        super(provider, name, args, opts, "storm", "Membership");
    }
}
