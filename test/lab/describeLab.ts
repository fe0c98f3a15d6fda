import { labMissing } from "./lab";

/** A group of tests that need a lab; where none can run, they are skipped, and the reason is printed. */
export function describeLab(name: string, tests: () => void): void {
    const reason = labMissing();
    if (reason !== undefined) {
        console.log(`Skipped: ${name}. ${reason}`);
    }
    (reason === undefined ? describe : describe.skip)(name, tests);
}
