import { createHash } from "crypto";
import * as fs from "fs";
import * as pulumi from "@pulumi/pulumi";
import { isUrl } from "../../../provider/jars";
import { launchArguments } from "../../../provider/nimbus/launchArguments";
import type { SpreadBounds } from "../../../provider/nimbus/running";
import { Kill, Submission } from "../../../provider/resources";
import type { TopologyAutoscale } from "../../../provider/topologies/autoscale";
import { startProblems, topologyAutoscale } from "../../../provider/topologies/autoscaleProblems";
import { contentsOf, fileProblems } from "../../../provider/topologies/files";
import { tolerant } from "../spec/jvmOptions";
import type { StormConfig } from "../spec/stormConfig";
import type { Submitting } from "./submitting";

/** A cluster that topologies are submitted to, such as a {@link StormCluster}. */
export interface TopologyCluster {
    /**
     * How they are submitted to it.
     * @internal
     */
    readonly submitting: Submitting;
}

/** Arguments of {@link Topology}. */
export interface TopologyArgs {
    /** The cluster that it runs on, such as a {@link StormCluster}. */
    cluster: TopologyCluster;
    /** Its name on the cluster: letters, digits, `-` and `_`. */
    name: string;
    /** Its jar: a path, or a URL from which the machine that runs Pulumi downloads it. */
    jar: string;
    /** The SHA-256 of the jar's content, in hexadecimal digits; a path may do without, a URL may not. */
    sha256?: string;
    /** The class whose `main` submits it. */
    mainClass: string;
    /** Arguments of that; default: the topology's name. */
    arguments?: string[];
    /**
     * Files that `arguments` name: paths relative to the working directory, within it; default: none. The main class finds them under
     * the same paths. They may have 10 MiB together. Another content is another topology, as another jar is.
     */
    files?: string[];
    /**
     * Worker processes; default: what the jar says. Another number rebalances. It has no effect with Storm's ResourceAwareScheduler, which
     * goes by memory and CPU.
     */
    workers?: number;
    /**
     * Entries of its configuration, over those that the jar sets; default: none. Do not put secrets in: Storm UI shows
     * them, and they are on a command line, as the arguments are.
     */
    configuration?: StormConfig;
    /**
     * Executors by component, where they are to be others than the jar says; no more than the component has tasks. Other numbers
     * rebalance.
     */
    parallelism?: Record<string, number>;
    /**
     * Between which numbers its workers and executors vary; default: they do not. `workers` and `parallelism` are then where it starts, and
     * an update leaves the numbers that it finds within bounds. The program itself changes none: `make autoscale` does.
     */
    autoscale?: TopologyAutoscale;
    /** Seconds for which it is deactivated before it is killed, so that what is under way ends; default: its message timeout. */
    killSeconds?: number;
    /** Seconds for which it is deactivated before it is rebalanced; default: its message timeout. */
    rebalanceSeconds?: number;
    /**
     * Seconds that it has to be running, beyond those for which it is deactivated; past it the update fails. Default: those of the
     * cluster's daemons.
     */
    readySeconds?: number;
}

/**
 * A topology. It is submitted when it is created, rebalanced when workers, parallelism or supervisors change, killed and submitted
 * again when its jar's or files' content, class, arguments or configuration change, and killed when it is deleted.
 */
export class Topology extends pulumi.ComponentResource {
    /** Its name on the cluster, once it is running. */
    readonly topologyName: pulumi.Output<string>;

    /**
     * @throws pulumi.InputPropertyError when the jar cannot be read, or is a URL without `sha256`.
     * @throws pulumi.InputPropertiesError when `files` or `autoscale` are not what they must be, `arguments` name a file that is not among
     *     the files, or it starts out of the bounds of `autoscale`.
     */
    constructor(name: string, args: TopologyArgs, opts?: pulumi.ComponentResourceOptions) {
        super("storm:storm:Topology", name, {}, opts);
        const { submitting } = args.cluster;
        const sha256 = args.sha256 ?? contentHash(args.jar);
        const { name: topology, mainClass, workers, killSeconds, rebalanceSeconds } = args;
        const words = args.arguments ?? [topology];
        refuse([...fileProblems(args.files ?? [], words), ...autoscaleProblems(args)]);
        const files = contentsOf(args.files ?? []);
        const { nimbuses, image, supervisors, after } = submitting;
        const seconds = args.readySeconds ?? submitting.seconds;
        const owner = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}/${name}`;
        const client = pulumi
            .all([submitting.client, submitting.seeds])
            .apply(([at, seeds]) => ({ ...at, seeds, port: submitting.port }));
        const kill = new Kill(
            `${name}-kill`,
            { topology, owner, killSeconds, seconds, nimbuses },
            { parent: this, dependsOn: after },
        );
        const submission = new Submission(
            `${name}-submission`,
            {
                topology,
                sha256,
                mainClass,
                // The scheduler does not go by it then, so that it would be missing for ever.
                workers: workers && submitting.reserves.apply((reserves) => (reserves ? undefined : workers)),
                killSeconds,
                rebalanceSeconds,
                nimbuses,
                client,
                image,
                supervisors,
                arguments: words,
                files,
                configuration: launchArguments(
                    Object.fromEntries(Object.entries(tolerant(args.configuration ?? {}, image)).sort()),
                ),
                parallelism: args.parallelism ?? {},
                bounds: args.autoscale && bounds(args.autoscale, submitting.reserves),
                seconds,
                owner,
            },
            {
                parent: this,
                // With the whole cluster it is left to its `kill`, which also does without a Nimbus.
                deletedWith: submitting.shutdown,
                dependsOn: [...after, submitting.jar(args.jar, sha256), kill],
            },
        );
        submission.shortfall.apply((said) =>
            said ? pulumi.log.warn(`topology ${topology}: ${said}`, submission) : undefined,
        );
        this.topologyName = submission.id;
        this.registerOutputs({ topologyName: this.topologyName });
    }
}

/** @throws pulumi.InputPropertiesError with all that is wrong. */
function refuse(problems: { path: readonly (string | number | undefined)[]; message: string }[]): void {
    if (problems.length > 0) {
        const errors = problems.map(({ path, message: reason }) => ({ propertyPath: propertyPath(path), reason }));
        const message = errors.map(({ propertyPath, reason }) => `${propertyPath} ${reason}`).join("\n");
        throw new pulumi.InputPropertiesError({ message, errors });
    }
}

function propertyPath(path: readonly (string | number | undefined)[]): string {
    return path
        .filter((each) => each !== undefined)
        .reduce<string>((at, each) => (typeof each === "number" ? `${at}[${each}]` : at ? `${at}.${each}` : each), "");
}

function autoscaleProblems({ autoscale, ...start }: TopologyArgs): { path: (string | number)[]; message: string }[] {
    if (!autoscale) {
        return [];
    }
    const { error } = topologyAutoscale.safeParse(autoscale);
    const problems = (error?.issues ?? []).map(({ path, message }) => ({
        ...{ path: ["autoscale", ...(path as (string | number)[])], message },
    }));
    return [...problems, ...startProblems(start, autoscale)];
}

/** What a topology's workers and executors are within; workers are not counted where the scheduler goes by memory and CPU. */
function bounds({ workers, executors }: SpreadBounds, reserves: pulumi.Output<boolean>): pulumi.Output<SpreadBounds> {
    return reserves.apply((is) => ({ ...(workers && !is && { workers }), ...(executors && { executors }) }));
}

function contentHash(jar: string): string {
    if (isUrl(jar)) {
        throw new pulumi.InputPropertyError({ propertyPath: "sha256", reason: `is missing: ${jar} is a URL` });
    }
    try {
        return createHash("sha256").update(fs.readFileSync(jar)).digest("hex");
    } catch (error) {
        throw new pulumi.InputPropertyError({
            propertyPath: "jar",
            reason: `(${jar}) cannot be read: ${(error as NodeJS.ErrnoException).code}`,
        });
    }
}
