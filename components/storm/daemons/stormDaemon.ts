import * as pulumi from "@pulumi/pulumi";
import type { Tls } from "../../../provider/machines/connector";
import { launchArguments } from "../../../provider/nimbus/launchArguments";
import type { PlacedDaemon } from "../../discovery/placedDaemon";
import type { Service } from "../../discovery/service";
import { dataGuard } from "./dataGuard";
import { type ClusterArgs, Daemon, type DaemonArgs } from "./daemon";
import type { Ensemble } from "./ensemble";
import { logsToOutput, ownLog4j2 } from "./logsToOutput";
import { type Credentials, jvmOptions } from "../security/credentials";
import { ports } from "../spec/ports";
import { childopts, type StormConfig, stormYaml } from "../spec/stormConfig";

/** What all Storm daemons of a cluster have in common. */
export interface StormArgs extends ClusterArgs {
    /** Image, as the official `storm` has it. */
    image: string;
    /** The ensemble that holds the cluster's state. */
    zookeeper: Ensemble;
    /** Entries of storm.yaml for every Storm daemon; may be secret; default: none. */
    stormYaml?: pulumi.Input<StormConfig>;
    /** How containers get their configuration; default: `arguments`. */
    delivery?: Delivery;
    /** Which scripts the containers run. */
    revision: pulumi.Output<number>;
    /** What a daemon connects, and serves, by TLS with, called once for each; default: nothing. */
    credentials?: (daemon: PlacedDaemon) => Credentials | undefined;
    /** By which Nimbus is asked from within its container, if it is asked by TLS; default: in plain. */
    nimbusTls?: Tls | undefined;
}

/**
 * How containers get their configuration: as `arguments` at launch, beside a storm.yaml for what those cannot carry, or all of
 * it in a `file`, a storm.yaml that is put on the host and mounted.
 */
export type Delivery = "arguments" | "file";

/** Arguments of {@link StormDaemon}. */
export interface StormDaemonArgs
    extends
        StormArgs,
        Pick<
            DaemonArgs,
            "daemon" | "dataDirectories" | "replicas" | "memory" | "published" | "check" | "after" | "readyAfter"
        > {
    /** The command of `storm` that starts it: `nimbus`, `supervisor`, `ui`... */
    run: string;
    /** The Nimbus daemons. */
    nimbus: Pick<Service, "daemons">;
    /** The DRPC servers, if it uses them. */
    drpc?: Pick<Service, "daemons">;
    /** Configuration of this daemon alone that is delivered at launch; default: none. */
    launch?: pulumi.Input<StormConfig>;
    /** Java heap in MiB of each JVM of the daemon's, by the name that its `childopts` go by. */
    heaps: pulumi.Input<Record<string, number>>;
    /** A `bash` script to run, with the launch arguments as its own; default: {@link runs} `run`. */
    script?: pulumi.Input<string>;
    /** Commands of `storm` that the script runs beside; default: none. */
    beside?: string[];
}

const [plainPort, tlsPort] = ["nimbus.thrift.port", "nimbus.thrift.tls.port"];

/** The script that runs a command of `storm`, with the script's own arguments. */
export function runs(command: string): string {
    return `exec storm ${command} "$@"`;
}

/** The arguments of the daemon that a daemon of Storm is: what it receives from what it depends on. */
export function stormDaemonArgs(args: StormDaemonArgs): DaemonArgs {
    const { daemon, discovery } = args;
    const zookeeper = args.zookeeper.resolve(daemon);
    const nimbus = discovery.resolve(args.nimbus, daemon);
    const drpc = args.drpc && discovery.resolve(args.drpc, daemon);
    const configuration = pulumi
        .all([zookeeper.servers, nimbus.servers, drpc?.servers, discovery.advertise(daemon).host, args.launch ?? {}])
        .apply(([zookeepers, nimbuses, drpcs, host, launch]): StormConfig => ({
            "storm.zookeeper.servers": zookeepers,
            "storm.zookeeper.port": zookeeper.port,
            "nimbus.seeds": nimbuses,
            ...(nimbus.port !== ports.nimbus && { [args.nimbusTls ? tlsPort : plainPort]: nimbus.port }),
            // Without it, a daemon would advertise its container's id, which others cannot connect to.
            "storm.local.hostname": host,
            ...launch,
            ...(drpcs && { "drpc.servers": drpcs }),
        }));
    const credentials = args.credentials?.(daemon);
    const jvms = {
        options: [discovery.jvmOptions, credentials && jvmOptions].filter(Boolean).join(" "),
        image: args.image,
    };
    // Storm logs to files: without more, a log driver would get next to nothing of it.
    const isLogged = daemon.host.docker.logging !== undefined;
    const entries = pulumi
        .all([args.stormYaml ?? {}, args.heaps, args.revision])
        .apply(([config, heaps, revision]) => ({
            ...(isLogged && { "storm.log4j2.conf.dir": ownLog4j2 }),
            ...credentials?.config,
            ...config,
            ...childopts({ ...jvms, heaps, revision }, config),
        }));
    const { script = runs(args.run) } = args;
    const start = pulumi
        .all([script, args.revision])
        .apply(([text, revision]) => [
            "bash",
            "-c",
            [...(args.dataDirectories ? [dataGuard(revision)] : []), ...(isLogged ? [logsToOutput] : []), text].join(
                "\n",
            ),
            "storm",
        ]);
    const delivered: Pick<DaemonArgs, "command" | "mounted" | "files"> =
        args.delivery === "file"
            ? {
                  command: start,
                  mounted: {
                      directory: "/conf",
                      file: "storm.yaml",
                      content: pulumi
                          .all([entries, configuration])
                          .apply(([own, wired]) => stormYaml({ ...own, ...wired })),
                  },
              }
            : {
                  command: pulumi
                      .all([start, configuration])
                      .apply(([words, config]) => [...words, ...launchArguments(config)]),
                  files: { "/conf/storm.yaml": entries.apply(stormYaml) },
              };
    return {
        ...args,
        ...delivered,
        ...(credentials && {
            files: { ...delivered.files, ...credentials.files },
            encodedFiles: credentials.encodedFiles,
        }),
        receives: [...zookeeper.peers, ...nimbus.peers, ...(drpc?.peers ?? [])],
        logFiles: [args.run, ...(args.beside ?? [])].map((each) => `/logs/${each}.log`),
    };
}

/** A daemon of Storm, configured by what it depends on. */
export class StormDaemon extends Daemon {
    constructor(name: string, args: StormDaemonArgs, opts?: pulumi.ComponentResourceOptions) {
        super(name, stormDaemonArgs(args), opts);
    }
}
