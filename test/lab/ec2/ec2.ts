import { type ChildProcess, spawn } from "child_process";
import * as fs from "fs";
import * as path from "path";
import { AutoScaling, paginateDescribeAutoScalingGroups } from "@aws-sdk/client-auto-scaling";
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
    DescribeAddressesCommand,
    DescribeFlowLogsCommand,
    DescribeInternetGatewaysCommand,
    DescribeKeyPairsCommand,
    DescribeNatGatewaysCommand,
    DescribeRouteTablesCommand,
    DescribeSubnetsCommand,
    DescribeVpcEndpointsCommand,
    DescribeVpcsCommand,
    EC2Client,
    type Instance,
    ModifyInstanceAttributeCommand,
    paginateDescribeLaunchTemplates,
    paginateDescribeNetworkInterfaces,
    paginateDescribeSecurityGroups,
    paginateDescribeVolumes,
    RegisterImageCommand,
    StartInstancesCommand,
    StopInstancesCommand,
    TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { IAMClient, ListInstanceProfilesCommand, ListRolesCommand } from "@aws-sdk/client-iam";
import { ListHostedZonesCommand, ListResourceRecordSetsCommand, Route53Client } from "@aws-sdk/client-route-53";
import { all } from "../../../scripts/cloud/kind";
import type { HostOptions, LabHost } from "../host";
import type { Lab } from "../lab";
import { run, script } from "../run";
import { act } from "./action";
import { Volumes } from "./volumes";
import { keyOf, readCloud, readInstances, userDataOf, type WantedMachine } from "./wanted";

/** What an emulated EC2 is like. */
export interface Ec2Options {
    /** The region that the machines are in. */
    region: string;
    /** Subnet of the public addresses, a /24 that nothing else has: `10.78.0.0/24`. */
    publicSubnet: string;
    /**
     * What an instance is like, by its tag `Name`, beside what EC2 says of it; undefined: there is no machine behind it. Without this
     * option there are no machines at all, and nothing reads what EC2 has: a thousand instances cost moto seconds to describe.
     */
    host?: (name: string) => HostOptions | undefined;
}

/** Milliseconds between two looks at what EC2 has: moto answers slowly. */
const interval = 3000;

/**
 * EC2 as a lab can be it, a stand-in: moto answers as AWS does, and each instance that it has is a host of the lab, at the
 * instance's private address and, from this machine, at its public address alone; with its key pair, its user data, its volumes,
 * and its security groups as firewall. The lab's name server knows what Route 53's zones have. It ends with the lab.
 */
export class Ec2 {
    /** What programs find it and its account by. */
    readonly environment: Record<string, string>;
    private readonly client: EC2Client;
    private readonly autoScaling: AutoScaling;
    private readonly route53: Route53Client;
    private readonly iam: IAMClient;
    private readonly logs: CloudWatchLogsClient;
    private readonly volumes: Volumes;
    private readonly applied = new Map<string, string>();
    private readonly busy = new Set<string>();
    private isStopped = false;
    private watching = Promise.resolve();

    private constructor(
        private readonly lab: Lab,
        private readonly server: ChildProcess,
        private readonly options: Ec2Options,
    ) {
        const url = `http://${lab.gateway}:5000`;
        this.environment = {
            AWS_ENDPOINT_URL: url,
            AWS_ACCESS_KEY_ID: callers.programs,
            AWS_SECRET_ACCESS_KEY: "test",
        };
        const account = {
            region: options.region,
            endpoint: url,
            credentials: { accessKeyId: observer, secretAccessKey: "test" },
        };
        this.client = new EC2Client(account);
        this.autoScaling = new AutoScaling(account);
        this.route53 = new Route53Client(account);
        this.iam = new IAMClient(account);
        this.logs = new CloudWatchLogsClient(account);
        this.volumes = new Volumes(path.join(lab.folder, "volumes"));
    }

    /** Starts it in a lab, which is to have no other hosts. */
    static async start(lab: Lab, options: Ec2Options): Promise<Ec2> {
        const moto = await script("pypi.sh", ["moto"]);
        // In the process namespace of the lab's services, it ends with them.
        const services = fs.readFileSync(path.join(lab.folder, "services/init"), "utf8").split(" ")[0] as string;
        const server = spawn(
            "nsenter",
            [
                "--target",
                services,
                "--pid",
                `${moto}/bin/python`,
                path.join(__dirname, "server.py"),
                "-H",
                lab.gateway,
                "-p",
                "5000",
            ],
            {
                env: {
                    ...process.env,
                    PUBLIC_SUBNET: options.publicSubnet,
                    MOTO_ENABLE_RECORDING: "yes",
                    MOTO_RECORDER_FILEPATH: path.join(lab.folder, "calls"),
                },
                stdio: [
                    "ignore",
                    fs.openSync(path.join(lab.folder, "moto.log"), "a"),
                    fs.openSync(path.join(lab.folder, "moto.log"), "a"),
                ],
            },
        );
        // Set before there is any machine: what is dialled there never leaves this one.
        await run("ip", ["route", "add", options.publicSubnet, "dev", `lab-${lab.name}`]);
        // The metadata service; the rule goes with the lab's others.
        const metadata = ["-i", `lab-${lab.name}`, "-d", "169.254.169.254", "-p", "tcp", "--dport", "80"];
        const target = ["-j", "DNAT", "--to-destination", `${lab.gateway}:5000`];
        await run("iptables", ["--wait", "--table", "nat", "-I", "PREROUTING", ...metadata, ...target]);
        const ec2 = new Ec2(lab, server, options);
        await ec2.untilItAnswers();
        ec2.watching = options.host ? ec2.watch(options.host) : ec2.watching;
        return ec2;
    }

    /** The instances that are not terminated, by the tag `Name`; those of auto scaling groups by their id. */
    async instances(): Promise<Record<string, Instance>> {
        const there = await readInstances(this.client);
        return Object.fromEntries(there.map((instance) => [keyOf(instance), instance]));
    }

    /**
     * Calls an action of EC2 Auto Scaling, as somebody does in AWS's console:
     * `scale("SetDesiredCapacity", { AutoScalingGroupName: "fleet", DesiredCapacity: 2 })`.
     * @throws Error whose message begins with AWS's name of the error.
     */
    scale(action: string, parameters: Record<string, unknown> = {}): Promise<unknown> {
        return act(this.autoScaling, action, parameters);
    }

    /**
     * Lets minutes pass for groups, hooks, refreshes and spot notices, and has target tracking look at what was published since the last
     * tick, as if it had been published in each of them. Three minutes above the target scale out, fifteen below it in.
     */
    tick(minutes = 1): Promise<void> {
        return this.ask("tick", { minutes });
    }

    /** Does what a scheduled action of a group does when its time has come. */
    fireScheduledAction(group: string, name: string): Promise<void> {
        return this.ask("scheduled-action", { group_name: group, name });
    }

    /** Gives a spot instance the notice that EC2 terminates it in two minutes. */
    interruptSpot(instance: string): Promise<void> {
        return this.ask("spot-interruption", { instance });
    }

    /** The machine of the instance that has this tag `Name`, or, in an auto scaling group, this id. */
    async host(name: string): Promise<LabHost> {
        const host = this.lab.hosts[await this.idOf(name)];
        if (!host) {
            throw new Error(`no machine ${name} is there yet`);
        }
        return host;
    }

    /** Stops the instance that has this tag `Name`, as somebody does in EC2's console. */
    async stopInstance(name: string): Promise<void> {
        await this.client.send(new StopInstancesCommand({ InstanceIds: [await this.idOf(name)] }));
    }

    /** Starts the instance that has this tag `Name`; its public address is another, if it has one. */
    async startInstance(name: string): Promise<void> {
        await this.client.send(new StartInstancesCommand({ InstanceIds: [await this.idOf(name)] }));
    }

    /** Terminates the instance that has this tag `Name`. */
    async terminateInstance(name: string): Promise<void> {
        await this.client.send(new TerminateInstancesCommand({ InstanceIds: [await this.idOf(name)] }));
    }

    /** Terminates the instance that has this tag `Name`, though it is protected from that, as docs/aws.md says. */
    async terminateProtectedInstance(name: string): Promise<void> {
        const InstanceId = await this.idOf(name);
        await this.client.send(
            new ModifyInstanceAttributeCommand({ InstanceId, DisableApiTermination: { Value: false } }),
        );
        await this.client.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
    }

    /** Registers a machine image, and gives its id. Machines of all images are the same. */
    async registerImage(name: string): Promise<string> {
        const { ImageId = "" } = await this.client.send(
            new RegisterImageCommand({ Name: name, RootDeviceName: "/dev/xvda" }),
        );
        return ImageId;
    }

    /** What was called so far, each once, `ec2:RunInstances`: by programs that have `environment`, or by instances, as their role. */
    calls(by: "programs" | "instances" = "programs"): string[] {
        const recorded = fs.readFileSync(path.join(this.lab.folder, "calls"), "utf8").trim().split("\n");
        const called = recorded.map((line) => {
            type Call = Record<"body" | "method" | "url", string> & { headers: Record<string, string | undefined> };
            const { headers, body, method, url } = JSON.parse(line) as Call;
            const [, key = "", service = ""] =
                /Credential=([^/]+)\/\d+\/[^/]+\/([^/]+)\//.exec(headers.Authorization ?? "") ?? [];
            const action =
                // Systems Manager's is in a header: `AmazonSSM.GetParameter`.
                headers["X-Amz-Target"]?.split(".")[1] ??
                new URLSearchParams(Buffer.from(body, "base64").toString()).get("Action") ??
                route53Action(method, url);
            // Policies name CloudWatch otherwise than signatures do.
            const prefix = service === "monitoring" ? "cloudwatch" : service;
            return key === callers[by] && service !== "" ? `${prefix}:${action}` : "";
        });
        return [...new Set(called)].filter(Boolean).sort();
    }

    /**
     * What there is, of those kinds that a stack can leave behind: ids, and names of roles, instance profiles, log groups and auto
     * scaling groups.
     */
    async resources(): Promise<string[]> {
        const { client } = this;
        const [
            volumes,
            interfaces,
            addresses,
            keys,
            groups,
            subnets,
            tables,
            gateways,
            nats,
            endpoints,
            flowLogs,
            vpcs,
            templates,
            scalingGroups,
        ] = await Promise.all([
            all(paginateDescribeVolumes({ client }, {}), ({ Volumes }) => Volumes),
            all(paginateDescribeNetworkInterfaces({ client }, {}), ({ NetworkInterfaces }) => NetworkInterfaces),
            client.send(new DescribeAddressesCommand()),
            client.send(new DescribeKeyPairsCommand()),
            all(paginateDescribeSecurityGroups({ client }, {}), ({ SecurityGroups }) => SecurityGroups),
            client.send(new DescribeSubnetsCommand()),
            client.send(new DescribeRouteTablesCommand()),
            client.send(new DescribeInternetGatewaysCommand()),
            client.send(new DescribeNatGatewaysCommand()),
            client.send(new DescribeVpcEndpointsCommand()),
            client.send(new DescribeFlowLogsCommand()),
            client.send(new DescribeVpcsCommand()),
            all(paginateDescribeLaunchTemplates({ client }, {}), ({ LaunchTemplates }) => LaunchTemplates),
            all(paginateDescribeAutoScalingGroups({ client: this.autoScaling }, {}), (page) => page.AutoScalingGroups),
        ]);
        const there: (string | undefined)[] = [
            ...Object.values(await this.instances()).map(({ InstanceId }) => InstanceId),
            ...volumes.map(({ VolumeId }) => VolumeId),
            // Unlike EC2, moto keeps those that it made with an instance or a NAT gateway.
            ...interfaces
                .filter(({ Description = "" }) => !["", "Primary network interface"].includes(Description))
                .map(({ NetworkInterfaceId }) => NetworkInterfaceId),
            ...(addresses.Addresses ?? []).map(({ AllocationId }) => AllocationId),
            ...(keys.KeyPairs ?? []).map(({ KeyPairId }) => KeyPairId),
            ...groups.map(({ GroupId }) => GroupId),
            ...(subnets.Subnets ?? []).map(({ SubnetId }) => SubnetId),
            ...(tables.RouteTables ?? []).map(({ RouteTableId }) => RouteTableId),
            ...(gateways.InternetGateways ?? []).map(({ InternetGatewayId }) => InternetGatewayId),
            ...(nats.NatGateways ?? [])
                .filter(({ State }) => State !== "deleted")
                .map(({ NatGatewayId }) => NatGatewayId),
            ...(endpoints.VpcEndpoints ?? [])
                // moto keeps them, deleted.
                .filter(({ State }) => State?.toLowerCase() !== "deleted")
                .map(({ VpcEndpointId }) => VpcEndpointId),
            ...(flowLogs.FlowLogs ?? []).map(({ FlowLogId }) => FlowLogId),
            ...(vpcs.Vpcs ?? []).map(({ VpcId }) => VpcId),
            ...templates.map(({ LaunchTemplateId }) => LaunchTemplateId),
            ...scalingGroups.map(({ AutoScalingGroupName }) => AutoScalingGroupName),
            ...((await this.route53.send(new ListHostedZonesCommand({}))).HostedZones ?? []).map(({ Id }) => Id),
            ...((await this.iam.send(new ListRolesCommand())).Roles ?? []).map(({ RoleName }) => RoleName),
            ...((await this.iam.send(new ListInstanceProfilesCommand())).InstanceProfiles ?? []).map(
                ({ InstanceProfileName }) => InstanceProfileName,
            ),
            ...((await this.logs.send(new DescribeLogGroupsCommand())).logGroups ?? []).map(
                ({ logGroupName }) => logGroupName,
            ),
        ];
        return there.filter((id) => id !== undefined);
    }

    /** Stops to follow what EC2 says; the rest of it ends with the lab. */
    async stop(): Promise<void> {
        this.isStopped = true;
        await this.watching;
        this.client.destroy();
        this.autoScaling.destroy();
        this.route53.destroy();
        this.iam.destroy();
        this.logs.destroy();
    }

    private async ask(path: string, body: Record<string, unknown>): Promise<void> {
        const answer = await fetch(`${this.environment.AWS_ENDPOINT_URL}/lab/${path}`, {
            method: "POST",
            body: JSON.stringify(body),
        });
        if (!answer.ok) {
            throw new Error(`${path}: ${await answer.text()}`);
        }
    }

    private async idOf(name: string): Promise<string> {
        const { InstanceId } = (await this.instances())[name] ?? {};
        if (InstanceId === undefined) {
            throw new Error(`EC2 has no instance ${name}`);
        }
        return InstanceId;
    }

    private async untilItAnswers(): Promise<void> {
        const deadline = Date.now() + 60_000;
        while (
            !(await this.instances().then(
                () => true,
                () => false,
            ))
        ) {
            if (Date.now() > deadline || this.server.exitCode !== null) {
                const log = fs.readFileSync(path.join(this.lab.folder, "moto.log"), "utf8");
                throw new Error(`moto does not answer: ${log.slice(-2000)}`);
            }
            await new Promise((resolve) => setTimeout(resolve, 200));
        }
    }

    private async watch(hostOf: (name: string) => HostOptions | undefined): Promise<void> {
        while (!this.isStopped) {
            try {
                const wanted = await readCloud(this.client);
                const names = await readNames(this.route53);
                this.change("Route 53", JSON.stringify(names), () => Promise.resolve(this.lab.setNames(names)));
                for (const id of Object.keys(this.lab.hosts).filter((host) => !wanted[host])) {
                    this.change(id, "gone", () => this.lab.removeHost(id));
                }
                for (const machine of Object.values(wanted)) {
                    this.change(machine.id, JSON.stringify(machine), () => this.apply(machine, hostOf(machine.name)));
                }
            } catch (error) {
                process.stderr.write(`lab: EC2: ${(error as Error).message}\n`);
            }
            await new Promise((resolve) => setTimeout(resolve, interval));
        }
        while (this.busy.size > 0) {
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
    }

    /** Starts to change a machine, if it is not as it should be and not being changed. */
    private change(id: string, wanted: string, how: () => Promise<void>): void {
        if (this.busy.has(id) || this.applied.get(id) === wanted) {
            return;
        }
        this.busy.add(id);
        void how()
            .then(() => this.applied.set(id, wanted))
            .catch((error: Error) => process.stderr.write(`lab: EC2: ${id}: ${error.message}\n`))
            .finally(() => this.busy.delete(id));
    }

    private async apply(
        { id, address, publicAddress, isOn, firewall, publicKey, volumes }: WantedMachine,
        like: HostOptions | undefined,
    ): Promise<void> {
        if (!like) {
            return;
        }
        const devices = await Promise.all(volumes.map((volume) => this.volumes.device(volume)));
        const host = this.lab.hosts[id];
        if (!host && isOn) {
            if (Object.values(this.lab.hosts).some((other) => other.address === address)) {
                throw new Error(`${address} is not free yet`);
            }
            const authorizedKeys = `${publicKey}\n`;
            const userData = await userDataOf(this.client, id);
            const options = {
                ...like,
                address,
                publicAddress,
                firewall,
                authorizedKeys,
                userData,
                devices,
            };
            await this.lab.addHost(id, { ...options, behindBastion: true });
        } else if (host) {
            await host.firewall(firewall);
            await host.setDevices(devices);
            if (host.isOn && !isOn) {
                await host.powerOff();
            } else if (!host.isOn && isOn) {
                await host.powerOn();
            }
            await host.changePublicAddress(publicAddress);
        }
    }
}

/** Access key id by which the calls of this class are told from others. */
const observer = "lab";

/** Access key ids of others: of `environment`, and of those that the metadata service gives. */
const callers = { programs: "test", instances: "instance" };

/** What Route 53's zones have: addresses by name. */
async function readNames(client: Route53Client): Promise<Record<string, string>> {
    const { HostedZones = [] } = await client.send(new ListHostedZonesCommand({}));
    const sets = await Promise.all(
        HostedZones.map(({ Id }) => client.send(new ListResourceRecordSetsCommand({ HostedZoneId: Id }))),
    );
    const records = sets
        .flatMap(({ ResourceRecordSets = [] }) => ResourceRecordSets)
        .filter(({ Type }) => Type === "A");
    return Object.fromEntries(
        records.map(({ Name = "", ResourceRecords = [] }) => [
            Name.replace(/\.$/, ""),
            ResourceRecords[0]?.Value ?? "",
        ]),
    );
}

/** The action of Route 53's that a call asks for: unlike EC2's, it is not named in it. */
function route53Action(method: string, url: string): string {
    const asked = new URL(url).pathname.replace(/^\/2013-04-01\//, "").replace(/\/$/, "");
    const actions: [string, RegExp, string][] = [
        ["POST", /^hostedzone$/, "CreateHostedZone"],
        ["GET", /^hostedzone\/[^/]+$/, "GetHostedZone"],
        ["DELETE", /^hostedzone\/[^/]+$/, "DeleteHostedZone"],
        ["POST", /^hostedzone\/[^/]+\/rrset$/, "ChangeResourceRecordSets"],
        ["GET", /^hostedzone\/[^/]+\/rrset$/, "ListResourceRecordSets"],
        ["POST", /^hostedzone\/[^/]+\/associatevpc$/, "AssociateVPCWithHostedZone"],
        ["POST", /^hostedzone\/[^/]+\/disassociatevpc$/, "DisassociateVPCFromHostedZone"],
        ["GET", /^change\/[^/]+$/, "GetChange"],
        ["GET", /^tags\/hostedzone\/[^/]+$/, "ListTagsForResource"],
        ["POST", /^tags\/hostedzone\/[^/]+$/, "ChangeTagsForResource"],
    ];
    return actions.find(([by, pattern]) => by === method && pattern.test(asked))?.[2] ?? `${method} ${asked}`;
}
