/** The setting `autoscale`: between which numbers of supervisors `make autoscale` chooses. */
import { isDeepStrictEqual } from "util";
import { z } from "zod";
import { ofKind, parseDaemonName } from "../components/daemonRef";
import { reservesResources } from "../components/storm/spec/scheduler";
import { localSupervisors } from "../components/targets/localAddresses";
import type { Problem, Valid } from "./rules";
import { count } from "./values";

const supervisors = count(1, 10000);

const keys = z.strictObject(
    {
        min: supervisors.default(1),
        max: supervisors,
        step: supervisors.default(2),
        headroom: count(0, 40).default(20),
    },
    { error: "must be a map of min, max, step and headroom" },
);

/** The setting by itself. Empty: there is none. */
export const autoscale = z.preprocess((given) => (isDeepStrictEqual(given, {}) ? undefined : given), keys.optional());

/** What the settings say of it: numbers of supervisors, and `headroom`, a share of the slots in percent. */
export type Autoscale = z.infer<typeof keys>;

/** Tells what of the setting does not agree with itself, and with other settings. */
export function autoscaleProblems(
    { autoscale: given, target, subnet, hosts, stormYaml = {} }: Valid,
    problem: Problem,
): void {
    if (given === undefined) {
        return;
    }
    const { min, max } = given;
    if (min > max) {
        problem(["autoscale", "min"], `is above storm:autoscale.max, which is ${max}`);
    }
    if (reservesResources(stormYaml)) {
        problem(
            ["autoscale"],
            "counts slots, and ResourceAwareScheduler in storm:stormYaml goes by memory and CPU: remove one of the two",
        );
    }
    if (target === "local" && subnet !== undefined && max > localSupervisors(subnet)) {
        problem(
            ["autoscale", "max"],
            `is above the ${localSupervisors(subnet)} supervisors that storm:subnet has addresses for: lower it, or give a larger subnet, such as a /16`,
        );
    }
    if (target === "hosts" && hosts) {
        placeProblems(given, hosts, problem);
    }
}

/** What is scaled is on spare machines. A supervisor that is listed has to exist always. */
function placeProblems({ min, max }: Autoscale, hosts: NonNullable<Valid["hosts"]>, problem: Problem): void {
    const daemons = hosts.flatMap((host) => host.daemons.flatMap((name) => parseDaemonName(name) ?? []));
    const listed = ofKind(daemons, "supervisor");
    const last = listed.at(-1);
    if (last && min < last.index) {
        problem(
            ["autoscale", "min"],
            `is below ${last.name}, which storm:hosts lists: raise it, or give that machine \`spare: true\` in place of the supervisor`,
        );
    }
    const spares = hosts.filter(({ spare }) => spare).length;
    if (max > listed.length + spares) {
        problem(
            ["autoscale", "max"],
            `is above the ${listed.length + spares} supervisors that storm:hosts has places for: lower it, or add machines with \`spare: true\``,
        );
    }
}
