/** What `scripts/setup tests` and `scripts/setup lab` make for labs, once per machine: base trees, images, programs from PyPI. */
import { labMissing, makeSources } from "./lab";
import { script } from "./run";

async function main(): Promise<void> {
    const missing = labMissing();
    // What needs root, as the folder of it all does, but no namespaces, is also for tests without a lab.
    const programs = process.getuid?.() === 0 ? ["moto", "kazoo"] : [];
    await Promise.all([
        ...programs.map((program) => script("pypi.sh", [program], { env: { MAKES: "yes" } })),
        ...(missing === undefined ? [makeSources()] : []),
    ]);
    console.log(`setup: simulated data centre: ${missing === undefined ? "ready" : `not here. ${missing}`}`);
}

main().catch((error: Error) => {
    console.error(`setup: simulated data centre: ${error.message}`);
    process.exit(1);
});
