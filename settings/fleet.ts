/** The setting `fleet`: supervisors in an auto scaling group. */
import { isDeepStrictEqual } from "util";
import { z } from "zod";
import { daemonRef } from "../components/daemonRef";
import type { KnownContainer } from "../components/fleet/dockerCommands";
import { fleetDefaults } from "../components/fleet/spec";
import { compressed, fleetScript, tooLong, userDataLimit } from "../components/fleet/userData";
import { dataGuard } from "../components/storm/daemons/dataGuard";
import { logsToOutput } from "../components/storm/daemons/logsToOutput";
import { withLogviewer } from "../components/storm/daemons/logviewer";
import { reservesResources } from "../components/storm/spec/scheduler";
import { stormYaml } from "../components/storm/spec/stormConfig";
import { fleetTypeProblem, fleetTypes } from "../components/targets/ec2Machine";
import { typeProblem } from "./aws";
import { jvmsOf } from "./memory";
import type { Problem, Valid } from "./rules";
import { count, flag, machineName } from "./values";

const machines = count(0, 10000);

/** A field of a schedule: the least and the most that it takes, and names for numbers from the least on. */
interface Field {
    least: number;
    most: number;
    names?: string[];
}

/** Minute, hour, day of the month, month, day of the week. */
const fields: Field[] = [
    { least: 0, most: 59 },
    { least: 0, most: 23 },
    { least: 1, most: 31 },
    {
        ...{ least: 1, most: 12 },
        names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    },
    { least: 0, most: 7, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

/** A value, or a range of two. */
function isRange(text: string, { least, most, names = [] }: Field): boolean {
    const values = text.split("-").map((value) => {
        const place = names.indexOf(value.toLowerCase());
        return /^\d+$/.test(value) ? Number(value) : place < 0 ? NaN : least + place;
    });
    const [first = NaN, last = first] = values;
    return values.length <= 2 && least <= first && first <= last && last <= most;
}

function isCron(text: string): boolean {
    const given = text.split(" ");
    return (
        given.length === fields.length &&
        fields.every((field, index) => {
            const [values = "", step = "1", ...more] = (given[index] ?? "").split("/");
            return (
                /^[1-9]\d*$/.test(step) &&
                more.length === 0 &&
                (values === "*" || values.split(",").every((value) => isRange(value, field)))
            );
        })
    );
}

function isTimeZone(name: string): boolean {
    try {
        return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
    } catch {
        return false;
    }
}

const entry = z
    .strictObject({
        name: machineName,
        cron: z
            .string()
            .refine(
                isCron,
                "must have five fields (minute, hour, day of the month, month, day of the week), such as `0 7 * * 1-5`",
            ),
        timeZone: z
            .string()
            .refine(isTimeZone, "must be the name of a time zone, such as Europe/Berlin")
            .default("UTC"),
        min: machines.optional(),
        // A group that may have no machine is one that is being deleted.
        max: count(1, 10000).optional(),
        desired: machines.optional(),
    })
    .refine(({ min, max, desired }) => [min, max, desired].some((each) => each !== undefined), {
        error: "changes nothing: give at least one of min, max and desired",
    });

const keys = z.strictObject(
    {
        max: count(1, 10000),
        min: machines.default(fleetDefaults.min),
        instanceTypes: z
            .array(z.string("must be an instance type, such as m7i.large"), {
                error: "must be a list of instance types",
            })
            .min(1, "names no instance type")
            .optional(),
        spot: flag.default(fleetDefaults.spot),
        onDemandBase: machines.default(fleetDefaults.onDemandBase),
        target: count(10, 100).default(fleetDefaults.target),
        schedule: z.array(entry, { error: "must be a list of entries" }).default([]),
    },
    { error: "must be a map, such as { max: 10 }" },
);

/** The setting by itself. Empty: there is none. */
export const fleet = z.preprocess((given) => (isDeepStrictEqual(given, {}) ? undefined : given), keys.optional());

/** What the settings say of it. */
export type FleetSettings = z.infer<typeof keys>;

/**
 * Tells what of the setting does not agree with itself, and with other settings.
 * @param secret Whether a setting is encrypted.
 */
export function fleetProblems(settings: Valid, secret: (key: string) => boolean, problem: Problem): void {
    const { fleet: given, supervisors, aws, target } = settings;
    if (given === undefined) {
        if (supervisors === 0) {
            problem(["supervisors"], "must be a whole number from 1 to 10000");
        }
        return;
    }
    if (target !== "aws") {
        return;
    }
    const { min, max, spot, onDemandBase } = given;
    if (min > max) {
        problem(["fleet", "min"], `is above storm:fleet.max, which is ${max}`);
    }
    if (onDemandBase > 0 && !spot) {
        problem(["fleet", "onDemandBase"], "is for a fleet with `spot: true`: set that, or remove this");
    }
    const types = fleetTypes({ fleet: given, instanceTypes: aws?.instanceTypes });
    for (const [index, type] of types.entries()) {
        const message =
            fleetTypeProblem(type, types) ??
            typeProblem(type, [daemonRef("supervisor")], { ...settings, monitoring: undefined }, jvmsOf(settings)) ??
            (types.indexOf(type) < index ? "is listed twice" : undefined);
        if (message !== undefined) {
            problem(["fleet", "instanceTypes", ...(given.instanceTypes ? [index] : [])], message);
        }
    }
    scheduleProblems(given, problem);
    refusals(settings, secret, problem);
}

function scheduleProblems({ schedule, min, max }: FleetSettings, problem: Problem): void {
    const names = schedule.map(({ name }) => name);
    const times = schedule.map(({ cron, timeZone }) => `${cron} ${timeZone}`);
    const [leasts, mosts] = [schedule.flatMap((each) => each.min ?? []), schedule.flatMap((each) => each.max ?? [])];
    // The bounds that an entry may find, whichever was before: AWS refuses one that contradicts them.
    const least = Math.max(min, ...leasts);
    const most = Math.min(max, ...mosts);
    for (const [index, each] of schedule.entries()) {
        const at = ["fleet", "schedule", index];
        if (names.indexOf(each.name) < index) {
            problem([...at, "name"], "is the name of another entry");
        }
        if (times.indexOf(times[index] ?? "") < index) {
            problem(
                [...at, "cron"],
                "is the time of another entry, and AWS refuses two at the same time: set what both do in one",
            );
        }
        const [from, to] = [each.min ?? least, each.max ?? most];
        if (from > to) {
            problem(
                [...at, each.min === undefined ? "max" : "min"],
                `leaves no number of machines: at least ${from}, and at most ${to}` +
                    (each.min === undefined || each.max === undefined ? ", as may be set then: give both here" : ""),
            );
        } else if (each.desired !== undefined && (each.desired < from || each.desired > to)) {
            problem(
                [...at, "desired"],
                `must be from ${from} to ${to}, the least and the most machines that may be set then`,
            );
        }
    }
}

/** What a fleet cannot have. */
function refusals(settings: Valid, secret: (key: string) => boolean, problem: Problem): void {
    const { security, discovery, allowMajorVersion, slots = 0, supervisors, zooCfg = {}, zookeeperServers } = settings;
    if (security !== undefined && security !== "none") {
        problem(
            ["fleet"],
            "cannot have certificates, as user data, by which its machines start, is not secret: remove storm:security or this",
        );
    }
    if (discovery === "ambassador") {
        problem(
            ["fleet"],
            "is for the discoveries `addresses` and `dns`: set storm:discovery to one of these, or remove this",
        );
    }
    if (reservesResources(settings.stormYaml ?? {})) {
        problem(
            ["fleet"],
            "counts slots, and ResourceAwareScheduler in storm:stormYaml goes by memory and CPU: remove one of the two",
        );
    }
    if (allowMajorVersion !== undefined && allowMajorVersion !== 0) {
        problem(
            ["fleet"],
            "has machines that an update to another major version of Storm cannot stop first: remove it for that update (docs/fleet.md)",
        );
    }
    for (const key of ["stormYaml", "logging"].filter(secret)) {
        problem(
            [key],
            "is encrypted, and would be in user data of storm:fleet's machines, which is not: remove what is secret, or the fleet",
        );
    }
    // A cluster with supervisors of its own counts their workers: connectionLimit.
    if (slots >= 60 && supervisors === 0 && zookeeperServers === undefined && zooCfg.maxClientCnxns === undefined) {
        problem(
            ["zooCfg"],
            `has no maxClientCnxns, and more connections may come from a machine of storm:fleet than ZooKeeper's 60: set it to ${2 * slots + 4}`,
        );
    }
    const bytes = userDataBytes(settings);
    if (bytes > userDataLimit) {
        problem(["fleet"], `${tooLong(bytes)}: shorten storm:stormYaml or the options of storm:logging`);
    }
}

/** A name or an address, at its longest. */
const anyName = "x".repeat(60);

/** The bytes of user data, nearly: with addresses and other names that are not known yet, at their longest. */
function userDataBytes({
    stormYaml: entries = {},
    logging,
    registryMirror,
    slots = 0,
    stormImage = "",
}: Valid): number {
    const values = Array.from({ length: slots + 20 }, () => anyName.slice(0, 20));
    const container: KnownContainer = {
        name: anyName,
        labels: ["cluster", "daemon", "owner"].map((label) => ({ label: `storm.${label}`, value: anyName })),
        image: `${anyName}${stormImage}`,
        command: ["bash", "-c", [dataGuard(2), logging ? logsToOutput : "", withLogviewer].join("\n"), ...values],
        uploads: [{ file: "/conf/storm.yaml", content: stormYaml({ ...entries, [anyName]: anyName.repeat(4) }) }],
        logOpts: logging?.options,
        envs: Array.from({ length: 10 }, () => anyName),
    };
    const directories = [{ path: anyName, uid: 1000 }];
    return compressed(fleetScript({ container, directories, files: [], registryMirror })).length;
}
