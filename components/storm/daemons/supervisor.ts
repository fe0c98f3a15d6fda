import * as pulumi from "@pulumi/pulumi";
import type { PlacedDaemon } from "../../discovery/placedDaemon";
import type { Service } from "../../discovery/service";
import { quote, shellFile } from "../../../provider/machines/shell";
import { ports } from "../spec/ports";
import { reservesResources } from "../spec/scheduler";
import { withLogviewer } from "./logviewer";
import { runs, type StormArgs, StormDaemon, type StormDaemonArgs } from "./stormDaemon";

/** Arguments of {@link Supervisor}. */
export interface SupervisorArgs extends StormArgs {
    /** The daemon, on its host. */
    daemon: PlacedDaemon;
    /** The Nimbus daemons that give it work. */
    nimbus: Service;
    /** What has to be there, beside Nimbus, before the container is made; default: nothing. */
    after?: readonly pulumi.Resource[];
    /** How many workers it may run at once. */
    slots: number;
    /** Whether a logviewer runs beside it. */
    logviewer: boolean;
    /** TCP port at which that one listens. */
    logviewerPort: number;
    /** Java heap of the supervisor, of each worker that sets none of its own, and of the logviewer, in MiB. */
    heap: { supervisor: number; worker: number; logviewer: number };
    /** Memory limit in MiB of the container: supervisor, workers and logviewer. */
    memory: number;
    /** The DRPC servers that its workers use. */
    drpc?: Pick<Service, "daemons">;
}

/** What all supervisors of a cluster are given. */
export type Supervising = Omit<SupervisorArgs, "daemon" | "after">;

/**
 * Workers end with the container. A supervisor that finds their last heartbeats takes them for alive until those are 30 seconds
 * old, and the process that has one's number by then for one to be waited for; without, it starts them again at once.
 */
const forgetWorkers = "rm -rf /data/workers/*/heartbeats/* /data/workers/*/pids/*";

/**
 * A supervisor that others dial by another name than before becomes a new one to Storm: workers elsewhere would go on dialling the
 * old name, as they look a supervisor's up once (WorkerState.refreshConnections).
 */
const forgetAnotherName = (name: string) => forgetScript.replaceAll("NAME", () => quote(name));
const forgetScript = shellFile(__dirname, "forgetAnotherName.sh").trim();

/** Storm's default, once a minute, would have everybody wait so long to learn whether a topology runs. */
const workerDefaults = { "executor.metrics.frequency.secs": 10 };

/** The arguments of the daemon of Storm that a supervisor is. */
export function supervisorArgs(args: SupervisorArgs): StormDaemonArgs {
    const { daemon, discovery } = args;
    const advertised = discovery.advertise(daemon);
    const nimbus = discovery.resolve(args.nimbus, daemon);
    return {
        ...args,
        run: "supervisor",
        script: advertised.host.apply((own) =>
            [forgetWorkers, forgetAnotherName(own), args.logviewer ? withLogviewer : runs("supervisor")].join("\n"),
        ),
        ...(args.logviewer && { beside: ["logviewer"] }),
        stormYaml: pulumi.output(args.stormYaml ?? {}).apply((config) => ({
            ...workerDefaults,
            // In place of Storm's 4 GiB: the workers' part of the container's limit.
            ...(reservesResources(config) && {
                "supervisor.memory.capacity.mb": args.slots * args.heap.worker,
            }),
            ...config,
        })),
        launch: {
            "supervisor.slots.ports": Array.from({ length: args.slots }, (_, slot) => ports.firstSlot + slot),
        },
        heaps: {
            supervisor: args.heap.supervisor,
            // Storm's default would give a worker 128 MiB for each of its executors, whatever its supervisor has.
            worker: args.heap.worker,
            ...(args.logviewer && { logviewer: args.heap.logviewer }),
        },
        dataDirectories: ["/data"],
        check: pulumi.all([advertised.host, nimbus.servers]).apply(([address, nimbuses]) => ({
            kind: "supervisor" as const,
            address,
            nimbuses,
            nimbusPort: nimbus.port,
            tls: args.nimbusTls,
            ...(args.logviewer && { logviewerPort: args.logviewerPort }),
        })),
        after: [...args.nimbus.restarted, ...(args.after ?? [])],
        readyAfter: args.nimbus.ready,
    };
}

/** A supervisor: it starts and stops the workers of topologies, on its slots. */
export class Supervisor extends StormDaemon {
    constructor(name: string, args: SupervisorArgs, opts?: pulumi.ComponentResourceOptions) {
        super(name, supervisorArgs(args), opts);
    }
}
