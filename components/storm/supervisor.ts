import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../discovery/service";
import type { Host } from "../hosts/host";
import { quote } from "../../provider/machines/shell";
import { ports } from "./ports";
import { runs, type StormArgs, StormDaemon } from "./stormDaemon";

/** Arguments of {@link Supervisor}. */
export interface SupervisorArgs extends StormArgs {
    /** The daemon's name: `supervisor-<number>`. */
    daemon: string;
    /** Where it runs. */
    host: Host;
    /** The Nimbus daemons that give it work. */
    nimbus: Service;
    /** What has to be there, beside Nimbus, before the container is made; default: nothing. */
    after?: readonly pulumi.Resource[];
    /** How many workers it may run at once. */
    slots: number;
    /** Whether a logviewer runs beside it. */
    logviewer: boolean;
    /** Java heap of the supervisor, of each worker that sets none of its own, and of the logviewer, in MiB. */
    heap: { supervisor: number; worker: number; logviewer: number };
    /** Memory limit in MiB of the container: supervisor, workers and logviewer. */
    memory: number;
    /** Launch configuration of the cluster beyond addresses, such as `drpc.servers`. */
    launch: pulumi.Input<Record<string, unknown>>;
}

/**
 * Runs supervisor and logviewer side by side, as the logviewer reads and cleans by the supervisor's local state and UI
 * expects both at one address. The container ends with the supervisor; a logviewer that ends is started again, as
 * Storm's ends itself on any error of its cleaning, which must not take the workers along.
 */
export const withLogviewer = `
trap 'kill "$supervisor" 2>/dev/null' TERM INT
storm supervisor "$@" &
supervisor=$!
while :; do storm logviewer "$@"; sleep 5; done &
status=0
while kill -0 "$supervisor" 2>/dev/null; do
  wait "$supervisor"
  status=$?
done
kill $(jobs -p) 2>/dev/null
exit "$status"
`.trim();

/**
 * Workers end with the container. A supervisor that finds their last heartbeats takes them for alive until those are 30 seconds
 * old, and the process that has one's number by then for one to be waited for; without, it starts them again at once.
 */
const forgetWorkers = "rm -rf /data/workers/*/heartbeats/* /data/workers/*/pids/*";

/**
 * A supervisor that others dial by another name than before becomes a new one to Storm: workers elsewhere would go on dialling the
 * old name, as they look a supervisor's up once (WorkerState.refreshConnections).
 */
const forgetAnotherName = (name: string) => `
if [ "$(cat /data/storm-hostname 2>/dev/null)" != ${quote(name)} ]; then
  rm -rf /data/supervisor/isupervisor /data/supervisor/localstate /data/workers /data/workers-users
  echo ${quote(name)} >/data/storm-hostname
fi
`.trim();

/** Storm's default, once a minute, would have everybody wait so long to learn whether a topology runs. */
const workerDefaults = { "executor.metrics.frequency.secs": 10 };

/** A supervisor: it starts and stops the workers of topologies, on its slots. */
export class Supervisor extends StormDaemon {
    constructor(name: string, args: SupervisorArgs, opts?: pulumi.ComponentResourceOptions) {
        const { discovery } = args;
        super(
            name,
            {
                ...args,
                run: "supervisor",
                script: discovery
                    .nameOf(args.daemon, args.host)
                    .apply((own) => [forgetWorkers, forgetAnotherName(own), args.logviewer ? withLogviewer : runs("supervisor")].join("\n")),
                ...(args.logviewer && { beside: ["logviewer"] }),
                stormYaml: pulumi.output(args.stormYaml ?? {}).apply((config) => ({ ...workerDefaults, ...config })),
                launch: pulumi.output(args.launch).apply((launch) => ({
                    "supervisor.slots.ports": Array.from({ length: args.slots }, (_, slot) => ports.firstSlot + slot),
                    ...launch,
                })),
                heaps: {
                    supervisor: args.heap.supervisor,
                    // Storm's default would give a worker 128 MiB for each of its executors, whatever its supervisor has.
                    worker: args.heap.worker,
                    ...(args.logviewer && { logviewer: args.heap.logviewer }),
                },
                dataDirectories: ["/data"],
                check: pulumi
                    .all([discovery.nameOf(args.daemon, args.host), discovery.serversOf(args.nimbus, args)])
                    .apply(([address, nimbuses]) => ({
                        kind: "supervisor" as const,
                        address,
                        nimbuses,
                        nimbusPort: discovery.dialledAt(ports.nimbus),
                        ...(args.logviewer && { logviewerPort: ports.logviewer }),
                    })),
                after: [...args.nimbus.restarted, ...(args.after ?? [])],
                readyAfter: args.nimbus.ready,
            },
            opts,
        );
    }
}
