import { info } from "@pulumi/pulumi/log";
import type { Activity, AutoScalingGroup, Instance, InstanceRefresh } from "@aws-sdk/client-auto-scaling";
import type { Kind } from "../kind";
import { describe } from "../machines/container";
import { leaderOf } from "../nimbus/leader";
import { type Inputs as Of, schema } from "../schema";
import { Hopeless, messageOf, orError, waitUntil } from "../waiting";

type Inputs = Of<"FleetReady">;

/** A refresh in one of these states goes on (API reference of EC2 Auto Scaling, InstanceRefresh). */
const ongoing = ["Pending", "InProgress", "Baking", "Cancelling", "RollbackInProgress"];

/** Names of errors of AWS's clients that no waiting ends: who asks has no credentials, or may not ask. */
const refusals =
    /Credentials|AccessDenied|Unauthorized|AuthFailure|InvalidClientTokenId|ExpiredToken|SignatureDoesNotMatch/;

/** Machines that a message names. */
const named = 5;

/** Waits until a fleet has the machines that it wants. What the group does between updates is no drift: it is read as it was. */
export const fleetReady: Kind<Inputs> = {
    inputs: schema.FleetReady,
    id: ({ group }) => group,
    updates: ["group", "version", "instanceTypes", "triggers"],
    async create(inputs) {
        await wait(inputs);
        return {};
    },
    async update(_olds, news) {
        await wait(news);
        return {};
    },
};

/** What a fleet is like at a moment. */
interface Look {
    /** What is missing until it is ready; undefined: nothing. */
    missing: string | undefined;
    /** Machines that are ready. */
    ready: number;
    /** Percent of a refresh that are done. */
    refreshed: number;
    /** Ids of machines that leave. */
    leaving: string[];
    /** The last refresh, where none goes on though machines are outdated. */
    ended?: InstanceRefresh | "none";
}

async function wait(inputs: Inputs): Promise<void> {
    const { group, seconds } = inputs;
    const aws = await connect(inputs);
    const began = Date.now();
    const most = { ready: 0, refreshed: 0, left: 0 };
    const leaving = new Set<string>();
    let begun: string | undefined;
    let [advanced, told] = [began, ""];
    const missing = await waitUntil(
        `the fleet ${group}`,
        orError(async () => {
            const look = await lookAt(inputs, aws).catch((error: Error) => {
                throw refusals.test(error.name)
                    ? new Hopeless(`AWS does not answer about ${group}: ${messageOf(error)}`, "")
                    : error;
            });
            look.leaving.forEach((id) => leaving.add(id));
            const got = { ready: look.ready, refreshed: look.refreshed, left: leaving.size - look.leaving.length };
            for (const key of ["ready", "refreshed", "left"] as const) {
                if (got[key] > most[key]) {
                    most[key] = got[key];
                    advanced = Date.now();
                }
            }
            begun = await refreshAgain(inputs, aws, look, begun);
            if (look.missing !== undefined && look.missing !== told) {
                told = look.missing;
                await info(`fleet ${group}: ${told}`);
            }
            return look.missing;
        }),
        // A refresh of many machines takes hours: what counts is that it gets on.
        { seconds: () => seconds + (advanced - began) / 1000, milliseconds: 5000 },
    );
    if (missing !== undefined) {
        const evidence = await Promise.all([
            aws.lastFailure().catch(messageOf),
            ...inputs.controllers.map((controller) => describe(controller, [])),
        ]);
        const lines = [`The fleet ${group} is not ready, and got no further for ${seconds} s: ${missing}`, ...evidence];
        throw new Error(lines.filter((line) => line !== "").join("\n"));
    }
}

/**
 * Begins a refresh in place of one that has ended too early, once: the group begins one only when its template or types change.
 * @param begun The id of the one that was begun so.
 * @returns The id of the one that was begun so.
 */
async function refreshAgain({ group }: Inputs, aws: Aws, { ended }: Look, begun?: string): Promise<string | undefined> {
    if (ended === undefined) {
        return begun;
    }
    if (begun === undefined) {
        const why = ended === "none" ? "there was no instance refresh" : inState(ended);
        await info(`fleet ${group}: an instance refresh begins, as machines are outdated, and ${why}`);
        return aws.refresh();
    }
    if (ended !== "none" && ended.InstanceRefreshId === begun) {
        throw new Hopeless(
            `machines of the fleet ${group} are outdated, and ${inState(ended)}. ${await aws.lastFailure()}`.trim(),
            "",
        );
    }
    return begun;
}

/** How a refresh has ended. */
function inState({ Status, StatusReason }: InstanceRefresh): string {
    return `the last instance refresh is ${Status}: ${StatusReason || "AWS gives no reason"}`;
}

async function lookAt(inputs: Inputs, aws: Aws): Promise<Look> {
    const { group: name, nimbuses } = inputs;
    const { group, refresh } = await aws.group();
    const { Instances: machines = [], DesiredCapacity: wanted = 0 } = group;
    const percent = refresh?.PercentageComplete ?? 0;
    const isRefreshing = refresh !== undefined && ongoing.includes(refresh.Status ?? "");
    const progress = isRefreshing ? `; instance refresh: ${refresh.Status}, ${percent} %` : "";
    const leaving = machines.filter(({ LifecycleState = "" }) => LifecycleState.startsWith("Terminat"));
    const seen = {
        ...{ ready: 0, refreshed: isRefreshing ? percent : 0 },
        leaving: leaving.map(({ InstanceId = "" }) => InstanceId),
    };
    if (wanted === 0 && machines.length === 0 && !isRefreshing) {
        return { ...seen, missing: undefined };
    }
    const addresses = await aws.addresses();
    const { summary } = await leaderOf(nimbuses);
    const listed = new Set(summary.supervisors.map(({ host }) => host));
    const staying = machines.filter((machine) => !leaving.includes(machine));
    const problems = staying.flatMap((machine) => {
        const address = addresses.get(machine.InstanceId ?? "");
        const problem = machineProblem(machine, inputs, address !== undefined && listed.has(address));
        return problem === undefined ? [] : [`${machine.InstanceId} (${address ?? "no address"}) ${problem}`];
    });
    const ready = staying.length - problems.length;
    const isOutdated = staying.some((machine) => outdated(machine, inputs) !== undefined);
    const ended = isOutdated && !isRefreshing && { ended: refresh ?? ("none" as const) };
    if (ready >= wanted && problems.length === 0 && !isRefreshing) {
        return { ...seen, ready, missing: undefined };
    }
    const more = problems.length > named ? `; and ${problems.length - named} more` : "";
    const list = problems.slice(0, named).join("; ");
    const missing = `${ready} of ${wanted} machines of ${name} are ready${progress}${list ? `; ${list}` : ""}${more}`;
    return { ...seen, ...ended, ready, missing };
}

/** Why a machine is not ready; undefined: it is. */
function machineProblem(machine: Instance, inputs: Inputs, isListed: boolean): string | undefined {
    const { LifecycleState: state = "" } = machine;
    if (state !== "InService") {
        return `is ${state}`;
    }
    return outdated(machine, inputs) ?? (isListed ? undefined : "is not listed by Nimbus");
}

/** What of a machine is not as the group would launch it now; undefined: nothing. */
function outdated({ LaunchTemplate, InstanceType }: Instance, { version, instanceTypes }: Inputs): string | undefined {
    if (LaunchTemplate?.Version !== version) {
        return `is from version ${LaunchTemplate?.Version} of the template, in place of ${version}`;
    }
    return InstanceType === undefined || instanceTypes.includes(InstanceType)
        ? undefined
        : `is of the type ${InstanceType}, in place of ${instanceTypes.join(" or ")}`;
}

/** What AWS is asked about a group. */
interface Aws {
    group(): Promise<{ group: AutoScalingGroup; refresh: InstanceRefresh | undefined }>;
    /** Private addresses of its machines, by their ids. */
    addresses(): Promise<Map<string, string>>;
    /** Begins an instance refresh; its id, or undefined if one goes on already. */
    refresh(): Promise<string | undefined>;
    /** The last activity that has failed, in words; empty: none has. */
    lastFailure(): Promise<string>;
}

/** AWS's clients are loaded when they are used, which costs a second. */
async function connect({ group: name, region, profile, refresh }: Inputs): Promise<Aws> {
    const scaling = await import("@aws-sdk/client-auto-scaling");
    const ec2 = await import("@aws-sdk/client-ec2");
    const options = { region, ...(profile !== undefined && { profile }) };
    const client = new scaling.AutoScalingClient(options);
    const machines = new ec2.EC2Client(options);
    return {
        async group() {
            const { AutoScalingGroups: [group] = [] } = await client.send(
                new scaling.DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }),
            );
            if (!group) {
                throw new Error(`there is no auto scaling group ${name} in ${region}`);
            }
            const { InstanceRefreshes: refreshes = [] } = await client.send(
                new scaling.DescribeInstanceRefreshesCommand({ AutoScalingGroupName: name }),
            );
            return { group, refresh: newest(refreshes) };
        },
        async addresses() {
            const found = new Map<string, string>();
            const filter = { Name: "tag:aws:autoscaling:groupName", Values: [name] };
            for await (const { Reservations = [] } of ec2.paginateDescribeInstances(
                { client: machines },
                { Filters: [filter] },
            )) {
                for (const { InstanceId = "", PrivateIpAddress: address } of Reservations.flatMap(
                    ({ Instances = [] }) => Instances,
                )) {
                    if (address !== undefined) {
                        found.set(InstanceId, address);
                    }
                }
            }
            return found;
        },
        async refresh() {
            const Preferences = {
                MinHealthyPercentage: refresh.minHealthyPercentage,
                MaxHealthyPercentage: refresh.maxHealthyPercentage,
                SkipMatching: true,
            };
            const command = new scaling.StartInstanceRefreshCommand({ AutoScalingGroupName: name, Preferences });
            return client.send(command).then(
                ({ InstanceRefreshId: id }) => id,
                (error: Error) => {
                    if (error instanceof scaling.InstanceRefreshInProgressFault) {
                        return undefined;
                    }
                    throw error;
                },
            );
        },
        async lastFailure() {
            const { Activities: activities = [] } = await client.send(
                new scaling.DescribeScalingActivitiesCommand({ AutoScalingGroupName: name }),
            );
            const failed = activities.find(({ StatusCode = "" }) => ["Failed", "Cancelled"].includes(StatusCode));
            return failed ? `The group's last failed activity: ${inWords(failed)}` : "";
        },
    };
}

/** One that has not begun has no time yet. */
function newest(refreshes: InstanceRefresh[]): InstanceRefresh | undefined {
    const begun = ({ StartTime }: InstanceRefresh) => StartTime?.getTime() ?? Infinity;
    return [...refreshes].sort((one, other) => (begun(one) < begun(other) ? 1 : -1))[0];
}

function inWords({ Description = "", StatusMessage = "", Cause = "" }: Activity): string {
    return [Description, StatusMessage, Cause].filter((text) => text !== "").join(" ");
}
