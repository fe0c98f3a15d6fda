import type * as pulumi from "@pulumi/pulumi";
import { addresses } from "../discovery/addresses";
import type { Service } from "../discovery/service";
import type { Host } from "../hosts/host";
import { ports } from "./ports";
import { type StormArgs, StormDaemon } from "./stormDaemon";

/** Arguments of {@link Ui}. */
export interface UiArgs extends StormArgs {
    /** Where it runs. */
    host: Host;
    /** The Nimbus daemons that it asks. */
    nimbus: Service;
    /** Port of 127.0.0.1 at which it is published; default: it is not. */
    publishedPort?: number;
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
                daemon: "ui",
                run: "ui",
                nimbusSeeds: addresses(args.nimbus),
                heaps: { ui: args.heap },
                publish: args.publishedPort === undefined ? {} : { [args.publishedPort]: ports.ui },
                check: args.host.address.apply((address) => ({ kind: "port" as const, address, port: ports.ui })),
                after: args.nimbus.ready,
            },
            opts,
        );
    }
}
