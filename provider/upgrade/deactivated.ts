/** The topologies that a change of Storm's major version has deactivated, as Nimbus's data has them until they are active again. */
import { run } from "../machines/command";
import type { ContainerAt } from "../machines/container";
import { messageOf } from "../waiting";
import { within } from "./cluster";

/** Where each Nimbus has their names, one on each line. It is part of the copy of its data, too. */
const file = "/data/topologies-to-activate";

/** Their names; undefined: no change is under way. */
export async function deactivated(nimbuses: ContainerAt[]): Promise<string[] | undefined> {
    const lists = await Promise.all(nimbuses.map(listOn));
    return lists.every((list) => list === undefined) ? undefined : [...new Set(lists.flatMap((list) => list ?? []))];
}

/** Whether a change is under way; where Nimbus's containers cannot be asked, none is. */
export function isUnderWay(nimbuses: ContainerAt[]): Promise<boolean> {
    return deactivated(nimbuses).then(
        (names) => names !== undefined,
        () => false,
    );
}

async function listOn({ container, ssh }: ContainerAt): Promise<string[] | undefined> {
    // Unlike exec, cp works on a container that does not run. Some versions of tar take nothing for an archive, so cp is asked before.
    const read = 'docker cp "$0:$1" - >/dev/null && docker cp "$0:$1" - | tar -xOf -';
    const command = ["sh", "-c", read, container, file];
    try {
        return String(await run(ssh, command))
            .split("\n")
            .filter(Boolean);
    } catch (error) {
        if (/Could not find the file|No such container/i.test(messageOf(error))) {
            return undefined;
        }
        throw error;
    }
}

/** Keeps their names with the data of each Nimbus, whether it runs or not. */
export async function remember(nimbuses: ContainerAt[], names: string[]): Promise<void> {
    const write = 'file=$1; shift; printf "%s\\n" "$@" >"$file.new" && mv "$file.new" "$file"';
    await Promise.all(nimbuses.map((nimbus) => within(nimbus, write, [file, ...names])));
}

/** Ends the change: they are active again. */
export async function forget(nimbuses: ContainerAt[]): Promise<void> {
    await Promise.all(nimbuses.map((nimbus) => within(nimbus, 'rm -f "$1"', [file])));
}
