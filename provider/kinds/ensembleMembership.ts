import type { Kind } from "../kind";
import { run } from "../machines/command";
import { connectFrom, stateOf, stop } from "../machines/container";
import { type Inputs as Of, schema } from "../schema";
import { waitUntil } from "../waiting";

type Inputs = Of<"EnsembleMembership">;
type Member = Inputs["members"][number];

/** Refuses members that leave, unless they may, and stops these before the others receive the new list. */
export const ensembleMembership: Kind<Inputs> = {
    inputs: schema.EnsembleMembership,
    id: () => "membership",
    updates: ["daemons", "members"],
    refuses({ daemons, mayLeave }, olds) {
        const leaving = (olds.daemons ?? []).filter(
            (daemon) => !daemons.includes(daemon) && !mayLeave.includes(daemon),
        );
        const reason =
            `zookeepers is ${daemons.length}, and without ${leaving.join(", ")} the ensemble survives fewer failures. ` +
            `Set it to ${olds.daemons?.length} again, or, to let the ensemble shrink, add ${leaving.join(", ")} to mayLeave`;
        return leaving.length > 0 ? [{ property: "daemons", reason }] : [];
    },
    async update(olds, news) {
        const leaving = olds.members.filter(({ daemon }) => !news.daemons.includes(daemon));
        if (leaving.length > 0) {
            await letGo(
                leaving,
                olds.members.filter((member) => !leaving.includes(member)),
                news,
            );
        }
        return {};
    },
};

/**
 * Stops leaving members so that nothing is lost: a write is acknowledged once a majority has it. While more members than a
 * majority serve, leaving members stop one by one. Once only a majority serves, each of its members has every write, and the rest
 * of the leaving members can stop.
 */
async function letGo(leaving: Member[], staying: Member[], { seconds }: Inputs): Promise<void> {
    const majority = Math.floor((leaving.length + staying.length) / 2) + 1;
    const apart = () => those(staying, async (member) => !(await serves(member)));
    if ((await apart()).length > 0) {
        // An interrupted update may have stopped members that the majority needs.
        await Promise.all(
            leaving
                .filter(({ isLost }) => !isLost)
                .map(({ ssh, container }) => run(ssh, ["docker", "start", container]).catch(() => undefined)),
        );
    }
    for (;;) {
        const missing = await waitUntil(names(staying), async () => names(await apart()) || undefined, { seconds });
        if (missing !== undefined) {
            throw new Error(
                `${names(leaving)} did not leave, as ${missing} had not joined the ensemble within ${seconds} s. Repair that, and run this again.`,
            );
        }
        const others = await those(leaving, serves);
        if (others.length === 0 || staying.length + others.length <= majority) {
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
    const asked = connectFrom(member)(member.address, member.port, Buffer.from("srvr"), "all");
    return asked.then(
        (answer) => /^Mode: /m.test(String(answer)),
        () => false,
    );
}

async function those(members: Member[], condition: (member: Member) => Promise<boolean>): Promise<Member[]> {
    const hold = await Promise.all(members.map(condition));
    return members.filter((_, index) => hold[index]);
}

function names(members: Member[]): string {
    return members.map(({ daemon }) => daemon).join(", ");
}
