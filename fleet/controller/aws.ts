import {
    AutoScalingClient,
    CompleteLifecycleActionCommand,
    DescribeAutoScalingGroupsCommand,
    RecordLifecycleActionHeartbeatCommand,
    SetDesiredCapacityCommand,
} from "@aws-sdk/client-auto-scaling";
import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { CreateTagsCommand, EC2Client, type Instance, paginateDescribeInstances } from "@aws-sdk/client-ec2";
import { demandMetric, drainTag, hooks } from "../names";
import type { Configuration } from "./configuration";
import type { Group } from "./decisions";

/** What the controller asks of AWS. Each throws an error where it is refused, or not answered. */
export interface Aws {
    /** The group and its instances; undefined: there is no such group. */
    describeGroup(): Promise<Group | undefined>;
    /** Publishes the demand, in percent. */
    publish(percent: number): Promise<void>;
    /** Sets how many machines the group is to have. */
    setDesired(desired: number): Promise<void>;
    /** Tells an instance that waits because of a hook to go on. */
    proceed(hook: keyof typeof hooks, instance: string): Promise<void>;
    /** Lets an instance that waits because of a hook wait longer. */
    heartbeat(hook: keyof typeof hooks, instance: string): Promise<void>;
    /** Tags an instance, whose supervisor then stops. */
    beginDrain(instance: string): Promise<void>;
}

/** Milliseconds. The SDK tries three times. */
const timeouts = { connectionTimeout: 5000, requestTimeout: 10_000, throwOnRequestTimeout: true };

/** AWS as the SDK reaches it: credentials are those of the machine's role, or of the environment in tests. */
export function connectToAws({ region, group, cluster }: Pick<Configuration, "region" | "group" | "cluster">): Aws {
    const options = { region, requestHandler: timeouts };
    const autoScaling = new AutoScalingClient(options);
    const cloudWatch = new CloudWatchClient(options);
    const ec2 = new EC2Client(options);
    const action = (hook: keyof typeof hooks, instance: string) => ({
        ...{ AutoScalingGroupName: group, LifecycleHookName: hooks[hook], InstanceId: instance },
    });
    return {
        async describeGroup() {
            const names = { AutoScalingGroupNames: [group] };
            const { AutoScalingGroups } = await autoScaling.send(new DescribeAutoScalingGroupsCommand(names));
            const [described] = AutoScalingGroups ?? [];
            if (!described) {
                return undefined;
            }
            const instances = described.Instances?.length ? await instancesOf(ec2, group) : [];
            const running = instances.filter(({ State }) => State?.Name === "pending" || State?.Name === "running");
            return {
                desired: described.DesiredCapacity ?? 0,
                min: described.MinSize ?? 0,
                max: described.MaxSize ?? 0,
                machines: (described.Instances ?? []).map(({ InstanceId: id = "", LifecycleState: state = "" }) => {
                    const instance = running.find(({ InstanceId }) => InstanceId === id);
                    return {
                        ...{
                            id,
                            state,
                            address: instance?.PrivateIpAddress,
                            launched: instance?.LaunchTime?.getTime(),
                        },
                        isDraining: instance?.Tags?.some(({ Key }) => Key === drainTag) ?? false,
                    };
                }),
            };
        },
        async publish(percent) {
            const { namespace, name, dimension, unit } = demandMetric;
            const dimensions = { Dimensions: [{ Name: dimension, Value: cluster }] };
            const datum = { MetricName: name, ...dimensions, Unit: unit, Value: percent };
            await cloudWatch.send(new PutMetricDataCommand({ Namespace: namespace, MetricData: [datum] }));
        },
        async setDesired(desired) {
            const capacity = { AutoScalingGroupName: group, DesiredCapacity: desired };
            await autoScaling.send(new SetDesiredCapacityCommand(capacity));
        },
        async proceed(hook, instance) {
            const completed = { ...action(hook, instance), LifecycleActionResult: "CONTINUE" };
            await autoScaling.send(new CompleteLifecycleActionCommand(completed));
        },
        async heartbeat(hook, instance) {
            await autoScaling.send(new RecordLifecycleActionHeartbeatCommand(action(hook, instance)));
        },
        async beginDrain(instance) {
            const tags = { Resources: [instance], Tags: [{ Key: drainTag, Value: "now" }] };
            await ec2.send(new CreateTagsCommand(tags));
        },
    };
}

/** The group's instances, by the tag that AWS gives them: one that is asked for by its id, and is gone, would be an error. */
async function instancesOf(client: EC2Client, group: string): Promise<Instance[]> {
    const filters = { Filters: [{ Name: "tag:aws:autoscaling:groupName", Values: [group] }] };
    const found: Instance[] = [];
    for await (const { Reservations } of paginateDescribeInstances({ client }, filters)) {
        found.push(...(Reservations ?? []).flatMap(({ Instances }) => Instances ?? []));
    }
    return found;
}
