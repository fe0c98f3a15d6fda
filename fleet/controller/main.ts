/**
 * The controller of a fleet: beside each Nimbus one such program runs in a container, and the one whose Nimbus leads acts. It publishes
 * the demand for slots, by which AWS sizes the group, puts launched machines in service, drains those that are terminated, and rebalances
 * topologies once machines have joined. Its only argument is its configuration (configuration.ts), as JSON.
 */
import { setTimeout as sleep } from "timers/promises";
import { messageOf } from "../../provider/waiting";
import { connectToAws } from "./aws";
import { type Configuration, parseConfiguration } from "./configuration";
import { Controller } from "./controller";
import { connectByTcp } from "./tcp";

/** Seconds that a Nimbus has to answer. */
const answerSeconds = 10;

async function main(configuration: Configuration): Promise<void> {
    const { cluster, group, seconds } = configuration;
    const write = (line: string) => console.log(line);
    const controller = new Controller(configuration, {
        aws: connectToAws(configuration),
        connect: connectByTcp(answerSeconds),
        write,
    });
    write(`controller of group ${group} for cluster ${cluster}, each ${seconds} s`);
    for (;;) {
        await controller.round(Date.now());
        await sleep(seconds * 1000);
    }
}

// As the first process of a container, it would be sent signals in vain.
for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => process.exit(0));
}
try {
    void main(parseConfiguration(process.argv[2]));
} catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
}
