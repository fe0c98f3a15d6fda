import type * as pulumi from "@pulumi/pulumi";
import type { PlacedDaemon } from "../../discovery/placedDaemon";
import type { Service } from "../../discovery/service";
import { type StormArgs, StormDaemon } from "./stormDaemon";

/** Arguments of {@link Ui}. */
export interface UiArgs extends StormArgs {
    /** The daemon, on its host. */
    daemon: PlacedDaemon;
    /** The Nimbus daemons that it asks. */
    nimbus: Service;
    /** TCP port at which it listens, and is reached unless a reverse proxy is in front of it. */
    port: number;
    /** Java heap in MiB. */
    heap: number;
    /** Memory limit in MiB. */
    memory: number;
}

/** Storm UI: the web page and REST API of the cluster. */
export class Ui extends StormDaemon {
    constructor(name: string, args: UiArgs, opts?: pulumi.ComponentResourceOptions) {
        super(
            name,
            {
                ...args,
                run: "ui",
                heaps: { ui: args.heap },
                // The one server of Storm's that can be bound to an address.
                ...(!args.nimbusTls && {
                    launch: args.daemon.host.address.apply((address) => ({ "ui.host": address, "ui.port": args.port })),
                }),
                // By TLS, a reverse proxy is in front of it.
                published: args.nimbusTls ? [] : [args.port],
                check: args.daemon.host.address.apply((address) => ({
                    kind: "port" as const,
                    address,
                    port: args.port,
                })),
                after: args.nimbus.restarted,
                readyAfter: args.nimbus.ready,
            },
            opts,
        );
    }
}
