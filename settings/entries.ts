/** Entries of Storm's configuration: of every daemon, or of a topology. */
import { configurationProblems, type TellProblem } from "./stormConfiguration";
import { unworkableProblems } from "./unworkable";

/**
 * Tells what is wrong with entries, each by itself.
 * @param decided Keys whose values are decided elsewhere, with where.
 * @param version The major version of Storm, if it is known.
 */
export function entryProblems(
    map: Record<string, unknown>,
    decided: Record<string, string>,
    version: number | undefined,
    problem: TellProblem,
): void {
    const isDecided = (key: string) => decided[key] !== undefined;
    for (const key of Object.keys(map).filter(isDecided)) {
        problem([key], `is set by ${decided[key]}: remove it`);
    }
    const own = Object.fromEntries(Object.entries(map).filter(([key]) => !isDecided(key)));
    configurationProblems(own, version, problem);
    unworkableProblems(own, version, problem);
}
