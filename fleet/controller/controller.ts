import type { Connect } from "../../provider/machines/container";
import { rebalanceTopology } from "../../provider/nimbus/client";
import type { Leader } from "../../provider/nimbus/leader";
import { leaderAmong, Leaderless } from "../../provider/nimbus/leading";
import { messageOf } from "../../provider/waiting";
import type { Aws } from "./aws";
import type { Configuration } from "./configuration";
import { type Action, type Cluster, decide, type Group, type Memory, newMemory } from "./decisions";
import { Journal } from "./journal";
import { describeCluster } from "./nimbus";

/** What the controller works with. */
export interface Means {
    aws: Aws;
    /** By which it calls Nimbus. */
    connect: Connect;
    /** Writes a line of its log. */
    write: (line: string) => void;
}

/**
 * Asks Nimbus and AWS, decides, and acts, round after round. It acts while the Nimbus beside it leads. While nobody leads each controller
 * lets machines wait that are being launched or terminated, and does nothing else.
 */
export class Controller {
    private memory: Memory | undefined;
    private published: number | undefined;
    private readonly journal: Journal;
    /** What was said in this round. */
    private said: string[] = [];

    constructor(
        private readonly configuration: Configuration,
        private readonly means: Means,
    ) {
        this.journal = new Journal(means.write);
    }

    /**
     * One round. What fails is logged, and is tried again in the next round.
     * @param now In milliseconds.
     */
    async round(now: number): Promise<void> {
        this.said = [];
        await this.act(now);
        this.journal.keep(this.said);
    }

    private async act(now: number): Promise<void> {
        const { own } = this.configuration;
        const leader = await this.leader(now);
        if (leader && leader.nimbus.address !== own) {
            this.memory = undefined;
            this.say("leader", `${leader.nimbus.address}; the controller beside it acts`, now);
            return;
        }
        const memory = (this.memory ??= newMemory(now));
        if (leader) {
            this.say("leader", `${own}, beside this controller, which acts`, now);
        }
        const group = await this.attempt("describe the group", now, () => this.means.aws.describeGroup());
        if (!group) {
            return;
        }
        const cluster = leader && (await this.cluster(leader, group, now));
        const seen = { now, group, supervisors: leader?.summary.supervisors, cluster };
        for (const { about, line, actions } of decide(seen, memory, this.configuration)) {
            this.say(about, line, now);
            for (const action of actions) {
                await this.attempt(`${action.kind} for ${about}`, now, () => this.perform(action, memory, group, now));
            }
        }
    }

    /** The leader; undefined: nobody leads. */
    private async leader(now: number): Promise<Leader | undefined> {
        const { own, nimbuses } = this.configuration;
        const { connect } = this.means;
        const first = nimbuses.filter(({ address }) => address === own);
        const asked = [...first, ...nimbuses.filter(({ address }) => address !== own)];
        try {
            const leader = await leaderAmong(asked.map((nimbus) => ({ ...nimbus, name: nimbus.address, connect })));
            if (this.memory) {
                Object.assign(this.memory, { silentSince: undefined, leaderlessSince: undefined });
            }
            return leader;
        } catch (error) {
            const isSilent = error instanceof Leaderless && error.isSilent;
            const memory = (this.memory ??= newMemory(now));
            memory.leaderlessSince ??= now;
            memory.silentSince = isSilent ? (memory.silentSince ?? now) : undefined;
            this.say("leader", `nobody. ${messageOf(error)}`, now);
            return undefined;
        }
    }

    private async cluster({ nimbus, summary }: Leader, { machines }: Group, now: number): Promise<Cluster | undefined> {
        const isLeft = machines.some(({ state }) => state === "Terminating:Wait");
        return this.attempt("describe the topologies", now, () => describeCluster(nimbus, summary, isLeft));
    }

    private async perform(action: Action, memory: Memory, group: Group, now: number): Promise<void> {
        const { aws, connect } = this.means;
        switch (action.kind) {
            case "publish": {
                const minute = Math.floor(now / 60_000);
                if (this.published !== minute) {
                    await aws.publish(action.percent);
                    this.published = minute;
                }
                return;
            }
            case "launch":
                return aws.setDesired(action.desired);
            case "admit":
            case "release": {
                await aws.proceed(action.kind === "admit" ? "launching" : "terminating", action.machine);
                const state = group.machines.find(({ id }) => id === action.machine)?.state ?? "";
                memory.proceeding.set(action.machine, state);
                return;
            }
            case "begin":
                await aws.beginDrain(action.machine);
                memory.drains.set(action.machine, action.drain);
                return;
            case "heartbeat":
                await aws.heartbeat(action.hook, action.machine);
                memory.heartbeats.set(action.machine, now);
                return;
            case "rebalance": {
                const { own: address, nimbuses } = this.configuration;
                const port = nimbuses.find((nimbus) => nimbus.address === address)?.port ?? 0;
                await rebalanceTopology({ connect, address, port }, action.topology, {});
                memory.due.delete(action.id);
            }
        }
    }

    /** What `act` returns; undefined, with its reason in the log, where it fails. */
    private async attempt<T>(what: string, now: number, act: () => Promise<T>): Promise<T | undefined> {
        try {
            return await act();
        } catch (error) {
            this.say(`failed to ${what}`, `${messageOf(error)}; it is tried again`, now);
            return undefined;
        }
    }

    private say(about: string, line: string, now: number): void {
        this.said.push(about);
        this.journal.say(about, line, now);
    }
}
