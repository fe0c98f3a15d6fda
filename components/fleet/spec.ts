/** What a fleet is: numbers and names that its component and the stack's settings share. */

/** A change of a fleet's bounds by the clock. */
export interface FleetSchedule {
    /** Its name among those of the fleet. */
    name: string;
    /** When: minute, hour, day of the month, month, day of the week, such as `0 7 * * 1-5`. */
    cron: string;
    /**
     * The time zone of `cron`, by its name in the IANA's database, such as `Europe/Berlin`.
     * @default UTC
     */
    timeZone?: string;
    /**
     * The least machines from then on.
     * @default as before
     */
    min?: number;
    /**
     * The most machines from then on.
     * @default as before
     */
    max?: number;
    /**
     * Machines then, until demand changes it.
     * @default as before, within the bounds
     */
    desired?: number;
}

/** What of a fleet its user decides. */
export interface FleetBounds {
    /**
     * The least machines. If an entry of `schedule` has a `min`, this one counts only when the group is created.
     * @default 0
     */
    min?: number;
    /** The most machines. If an entry of `schedule` has a `max`, this one counts only when the group is created. */
    max: number;
    /**
     * Whether machines are spot instances.
     * @default false
     */
    spot?: boolean;
    /**
     * With `spot`, how many machines, the first ones, are on demand all the same.
     * @default 0
     */
    onDemandBase?: number;
    /**
     * Percent of the slots that topologies want, which the fleet aims at.
     * @default 80
     */
    target?: number;
    /**
     * Changes of the bounds by the clock.
     * @default none
     */
    schedule?: readonly FleetSchedule[];
}

/** Defaults of a fleet. */
export const fleetDefaults = { min: 0, spot: false, onDemandBase: 0, target: 80, schedule: [] } as const;

/** Image of the fleet's controllers, by default: an official one, of a version with long-term support. */
export const controllerImage = "node:24.21.0-slim";

/**
 * Seconds that a machine has, from its launch until Nimbus lists it; then it is terminated, and another one is launched. A change of this
 * or of `drainSeconds` reaches new groups alone, as AWS's provider sets the hooks of a group when it creates it.
 */
export const launchSeconds = 900;

/** Seconds for which a machine that is to be terminated waits for a controller that says nothing. */
export const drainSeconds = 300;

/** How machines are replaced, in percent of those that the group wants: a new one comes before an old one goes. */
export const refreshPercentages = { minHealthyPercentage: 100, maxHealthyPercentage: 110 };

/** Seconds between two rounds of a controller. */
export const roundSeconds = 20;

/** Seconds that pass between two rebalances of topologies. */
export const cooldownSeconds = 300;

/** The memory limit in MiB of a controller. */
export const controllerMemory = 256;

/** How many machines the group may want at most. */
export function mostWanted({ max, schedule = [] }: FleetBounds): number {
    return Math.max(max, ...schedule.map((entry) => entry.max ?? 0));
}

/** How many machines there are at most at once: a refresh launches one in ten, at least one, before it terminates others. */
export function mostMachines(bounds: FleetBounds): number {
    const most = mostWanted(bounds);
    return most + Math.max(1, Math.ceil(most / 10));
}
