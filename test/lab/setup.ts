/**
 * What `scripts/setup tests` and `scripts/setup lab` make for labs, once per machine: base trees, images, programs from PyPI; as
 * `setup.ts trees` only what needs no Docker.
 */
import { labMissing, makeSources, makeTrees } from "./lab";
import { script } from "./run";

async function main(): Promise<void> {
    const missing = labMissing();
    // What needs root, as the folder of it all does, but no namespaces, is also for tests without a lab.
    const programs = process.getuid?.() === 0 ? ["moto", "kazoo"] : [];
    const isFirst = process.argv[2] === "trees";
    await Promise.all([
        ...programs.map((program) => script("pypi.sh", [program], { env: { MAKES: "yes" } })),
        ...(missing === undefined ? [isFirst ? makeTrees() : makeSources()] : []),
    ]);
    if (isFirst) {
        return;
    }
    console.log(`setup: simulated data centre: ${missing === undefined ? "ready" : `not here. ${missing}`}`);
}

main().catch((error: Error) => {
    console.error(`setup: simulated data centre: ${error.message}`);
    process.exit(1);
});
