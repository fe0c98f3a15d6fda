import { TestStack } from "../e2e/stack";

/** The cluster of the benches on this machine: what all machines' images have, so no Storm UI, logviewers and DRPC. */
export function localCluster(name: string, settings: { supervisors: number; subnet: string }): TestStack {
    return new TestStack(name, {
        zookeepers: 3,
        nimbuses: 1,
        slots: 1,
        ui: false,
        logviewers: false,
        heap: { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 128 },
        ...settings,
    });
}
