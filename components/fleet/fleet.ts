import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { controllerBundle } from "../../fleet/bundle";
import { demandMetric, hooks } from "../../fleet/names";
import { FleetReady } from "../../provider/resources";
import { fleetGroupName } from "../hosts/ec2/fleetControl";
import type { FleetMachines } from "../hosts/ec2/fleetMachines";
import type { StormCluster } from "../storm/stormCluster";
import type { TopologyCluster } from "../storm/topology/topology";
import { Controller } from "./controller";
import { fleetDaemon, fleetMachine } from "./fleetMachine";
import {
    controllerImage,
    drainSeconds,
    type FleetBounds,
    fleetDefaults,
    launchSeconds,
    refreshPercentages,
} from "./spec";
import { fleetScript, type MachineContent, userData } from "./userData";

/** Arguments of {@link Fleet}. */
export interface FleetArgs extends FleetBounds {
    /** The cluster that its machines are supervisors of; without `security`. Its `stormYaml` must not be secret: user data is not. */
    cluster: StormCluster;
    /** What its machines are launched with: the target's `fleetMachines`. */
    machines: FleetMachines;
    /**
     * Image of its controllers, as the official `node`, of version 18 or newer.
     * @default {@link controllerImage}
     */
    image?: string;
    /**
     * How many machines are drained at once.
     * @default 1
     */
    batch?: number;
}

/** Seconds in which a machine counts for the metric after it has joined: the metric is published each minute. */
const warmupSeconds = 60;

/**
 * Supervisors in an auto scaling group, without a resource for each: as many as topologies want slots for, within bounds. A machine joins
 * once Nimbus lists its supervisor, and leaves once its work runs elsewhere. A change of what machines are replaces them, by turns.
 */
export class Fleet extends pulumi.ComponentResource implements TopologyCluster {
    /** Name of the auto scaling group. */
    readonly groupName: pulumi.Output<string>;
    /**
     * How topologies are submitted to the cluster: after the fleet is ready.
     * @internal
     */
    readonly submitting: TopologyCluster["submitting"];

    constructor(name: string, args: FleetArgs, opts?: pulumi.ComponentResourceOptions) {
        const { owner, logging, registryMirror } = args.machines;
        const { supervising } = args.cluster;
        const { content, wiring } = fleetMachine({ supervising, owner, logging, registryMirror });
        super("storm:fleet:Fleet", name, { wiring: [wiring] }, opts);
        const { cluster, machines, min, max, spot, onDemandBase, target, schedule } = { ...fleetDefaults, ...args };
        const { clusterName, nimbus, ready, discovery } = cluster.watched;
        const group = fleetGroupName(clusterName);
        const options = { parent: this, ...(machines.provider && { provider: machines.provider }) };

        const program = controllerBundle();
        const controllers = nimbus.daemons.map(
            (beside) =>
                new Controller(
                    `${name}-controller-${beside.name}`,
                    {
                        ...{ clusterName, nimbus, discovery, beside, program, group },
                        region: machines.region,
                        endpointUrl: machines.endpointUrl,
                        host: beside.host,
                        image: args.image ?? controllerImage,
                        owner: `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}/`,
                        target,
                        batch: args.batch ?? 1,
                    },
                    { parent: this },
                ),
        );
        const template = this.template(name, args, content, options);
        const bounded = (key: "min" | "max") => schedule.some((entry) => entry[key] !== undefined);
        const tags = { ...machines.tags, Name: group, "storm:daemon": fleetDaemon };
        const scaling = new aws.autoscaling.Group(
            `${name}-group`,
            {
                name: group,
                minSize: min,
                maxSize: max,
                vpcZoneIdentifiers: machines.subnetIds,
                mixedInstancesPolicy: {
                    launchTemplate: {
                        launchTemplateSpecification: {
                            launchTemplateId: template.id,
                            // `$Latest` would be the same text for another template, and replace no machine.
                            version: template.latestVersion.apply(String),
                        },
                        overrides: machines.instanceTypes.map((instanceType) => ({ instanceType })),
                    },
                    instancesDistribution: {
                        onDemandAllocationStrategy: "prioritized",
                        onDemandBaseCapacity: spot ? onDemandBase : 0,
                        onDemandPercentageAboveBaseCapacity: spot ? 0 : 100,
                        spotAllocationStrategy: "price-capacity-optimized",
                    },
                },
                capacityRebalance: spot,
                defaultInstanceWarmup: warmupSeconds,
                healthCheckType: "EC2",
                initialLifecycleHooks: [
                    {
                        name: hooks.launching,
                        lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
                        heartbeatTimeout: launchSeconds,
                        defaultResult: "ABANDON",
                    },
                    {
                        name: hooks.terminating,
                        lifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
                        heartbeatTimeout: drainSeconds,
                        defaultResult: "CONTINUE",
                    },
                ],
                instanceRefresh: {
                    strategy: "Rolling",
                    preferences: { ...refreshPercentages, skipMatching: true },
                },
                // The gate waits, and says what it waits for.
                waitForCapacityTimeout: "0",
                tags: Object.entries(tags).map(([key, value]) => ({ key, value, propagateAtLaunch: true })),
            },
            {
                ...options,
                // They are the group's own. With a schedule, so are the bounds that it changes: `make up` refreshes.
                ignoreChanges: [
                    "desiredCapacity",
                    ...(bounded("min") ? ["minSize"] : []),
                    ...(bounded("max") ? ["maxSize"] : []),
                ],
                // It goes before them, as they drain its machines, one batch after the other.
                dependsOn: [
                    ...controllers.map(({ container }) => container),
                    ...ready,
                    cluster.submitting.shutdown,
                    ...machines.after,
                ],
                // For as long as AWS lets machines wait, one batch after the other.
                customTimeouts: { delete: "9h" },
            },
        );
        new aws.autoscaling.Policy(
            `${name}-demand`,
            {
                autoscalingGroupName: scaling.name,
                policyType: "TargetTrackingScaling",
                targetTrackingConfiguration: {
                    targetValue: target,
                    disableScaleIn: false,
                    customizedMetricSpecification: {
                        namespace: demandMetric.namespace,
                        metricName: demandMetric.name,
                        metricDimensions: [{ name: demandMetric.dimension, value: clusterName }],
                        statistic: "Average",
                        unit: demandMetric.unit,
                    },
                },
            },
            options,
        );
        for (const entry of schedule) {
            new aws.autoscaling.Schedule(
                `${name}-schedule-${entry.name}`,
                {
                    autoscalingGroupName: scaling.name,
                    scheduledActionName: entry.name,
                    recurrence: entry.cron,
                    timeZone: entry.timeZone ?? "UTC",
                    // The provider takes what is not set for 0.
                    minSize: entry.min ?? -1,
                    maxSize: entry.max ?? -1,
                    desiredCapacity: entry.desired ?? -1,
                },
                {
                    ...options,
                    // The provider would keep the time of the next run, by the old cron, and AWS refuses one that is over
                    // (https://github.com/hashicorp/terraform-provider-aws/issues/38983).
                    replaceOnChanges: ["recurrence", "timeZone", "minSize", "maxSize", "desiredCapacity"],
                    deleteBeforeReplace: true,
                },
            );
        }
        const joined = new FleetReady(
            `${name}-ready`,
            {
                group: scaling.name,
                region: machines.region,
                profile: machines.profile,
                version: template.latestVersion.apply(String),
                instanceTypes: machines.instanceTypes,
                triggers: [min, max, spot, onDemandBase].map(String),
                refresh: refreshPercentages,
                nimbuses: nimbus.containers,
                controllers: pulumi.all(controllers.map(({ location }) => location)),
                // Until a machine that does not join is given up, and what that says has been seen.
                seconds: launchSeconds + drainSeconds,
            },
            { parent: this, dependsOn: [scaling] },
        );
        this.groupName = scaling.name;
        this.submitting = cluster.submitting.withFleet(joined, launchSeconds);
        this.registerOutputs({ groupName: this.groupName });
    }

    /** What a machine is. Another version replaces all machines, by turns. */
    private template(
        name: string,
        { cluster, machines }: FleetArgs,
        content: pulumi.Output<MachineContent>,
        options: pulumi.CustomResourceOptions,
    ) {
        const { tags } = machines;
        return new aws.ec2.LaunchTemplate(
            `${name}-template`,
            {
                imageId: machines.ami,
                keyName: machines.keyName,
                iamInstanceProfile: { name: machines.instanceProfile },
                metadataOptions: {
                    httpEndpoint: "enabled",
                    httpTokens: "required",
                    httpPutResponseHopLimit: 1,
                    // By a tag a machine learns that its turn has come.
                    instanceMetadataTags: "enabled",
                },
                networkInterfaces: [
                    {
                        deviceIndex: 0,
                        associatePublicIpAddress: String(machines.isPublic),
                        securityGroups: machines.securityGroupIds,
                        deleteOnTermination: "true",
                    },
                ],
                blockDeviceMappings: [
                    {
                        deviceName: machines.rootDevice,
                        ebs: {
                            encrypted: "true",
                            volumeType: "gp3",
                            volumeSize: machines.rootGibibytes,
                            deleteOnTermination: "true",
                        },
                    },
                ],
                tagSpecifications: [
                    { resourceType: "volume", tags: { ...tags, Name: fleetGroupName(cluster.watched.clusterName) } },
                ],
                userData: content.apply((known) => userData(fleetScript(known))),
                tags,
            },
            options,
        );
    }
}
