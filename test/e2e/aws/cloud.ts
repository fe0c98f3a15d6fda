/** What the tests of the target `aws` have in common: a lab that is EC2, and a stack on it. */
import * as fs from "fs";
import * as yaml from "yaml";
import { Ec2 } from "../../lab/ec2/ec2";
import type { HostOptions } from "../../lab/host";
import { Lab, type LabHost } from "../../lab/lab";
import { type ClusterSummary } from "../../../provider/nimbus/client";
import { containersOn, counted, heap, summaryBy } from "../hosts/fleet";
import { machineSettings, TestStack } from "../stack";
import { untilCounting } from "../wordcount";

/** What a cloud of a test is like. */
export interface CloudOptions {
    /** Of the lab. */
    name: string;
    /** The third number of its addresses, private and public ones. */
    number: number;
    /** The committed stack file whose settings the stack has: `dev`. */
    stackFile: string;
    /** Settings that are to differ. */
    changes: Record<string, unknown>;
    /** What its machines are like, by their tag `Name`. */
    host: (name: string) => HostOptions;
}

/** An instance with several daemons, as in `storm:aws.instances`. */
export interface SharedInstance {
    name: string;
    type: string;
    daemons: string[];
}

/** An emulated EC2 and a stack of this program's on it, with settings of a committed stack file, scaled down to this machine. */
export class Cloud {
    private constructor(
        readonly lab: Lab,
        readonly ec2: Ec2,
        readonly stack: TestStack,
        /** What EC2 and IAM had before the stack. */
        private readonly before: string[],
        /** The settings `storm:aws`. */
        public aws: Record<string, unknown>,
    ) {}

    static async create({ name, number, stackFile, changes, host }: CloudOptions): Promise<Cloud> {
        type StackFile = { config: { "aws:region": string; "storm:aws": Record<string, unknown> } };
        const { config } = yaml.parse(fs.readFileSync(`Pulumi.${stackFile}.yaml`, "utf8")) as StackFile;
        const subnet = `10.77.${number}.0/24`;
        const lab = await Lab.create({ name, subnet });
        const ec2 = await Ec2.start(lab, { region: config["aws:region"], publicSubnet: `10.78.${number}.0/24`, host });
        const outside = [`${lab.gateway}/32`];
        const { instances = [] } = config["storm:aws"] as { instances?: SharedInstance[] };
        const hasUi = machineSettings()["storm:ui"] !== false;
        const aws = {
            ...config["storm:aws"],
            instances: instances.map((instance) => ({
                ...instance,
                daemons: instance.daemons.filter((daemon) => hasUi || daemon !== "ui"),
            })),
            ami: await ec2.registerImage("first"),
            publicKey: fs.readFileSync(`${lab.keyFile}.pub`, "utf8").trim(),
            from: { ssh: outside, ui: outside },
            cidr: subnet,
        };
        const stack = new TestStack(`e2e-${name}`, {
            // The images of this machine, which may have been built here, not those that a digest in the stack file means.
            ...Object.fromEntries(
                Object.entries(config).map(([key, value]) => [
                    key,
                    typeof value === "string" ? value.replace(/@sha256:.*/, "") : value,
                ]),
            ),
            ...machineSettings(),
            aws,
            ssh: { user: "storm", keyFile: lab.keyFile },
            heap,
            slots: 1,
            registryMirror: `http://${lab.registry}`,
            ...changes,
        });
        Object.assign(stack.environment, ec2.environment);
        return new Cloud(lab, ec2, stack, await ec2.resources(), aws);
    }

    /** Changes keys of `storm:aws`. */
    setAws(changes: Record<string, unknown>): void {
        this.aws = { ...this.aws, ...changes };
        this.stack.set({ aws: this.aws });
    }

    /** The instances that daemons share; none if each has one. */
    get instances(): SharedInstance[] {
        return this.aws.instances as SharedInstance[];
    }

    /** The tag `Name` of a daemon's instance. */
    nameOf(daemon: string): string {
        const shared = this.instances.find(({ daemons }) => daemons.includes(daemon));
        return `${this.stack.cluster}-${shared?.name ?? daemon}`;
    }

    /** The machine of a daemon. */
    host(daemon: string): Promise<LabHost> {
        return this.ec2.host(this.nameOf(daemon));
    }

    /**
     * What `make up` does where nothing has changed in the settings: a refresh, which finds what has changed outside, and
     * fails as it cannot ask this machine; then an update, whose output it gives.
     */
    async repair(machine: string): Promise<string> {
        const { code, output } = await this.stack.pulumi("refresh", "--yes", "--skip-preview");
        const silent = new RegExp(`${machine} \\(\\S+\\) does not answer over SSH within 30 s`);
        expect([code !== 0, output]).toEqual([true, expect.stringMatching(silent)]);
        return this.stack.up("--continue-on-error");
    }

    /** Ids and private addresses of the instances, by their names in the stack. */
    async machines(): Promise<Record<string, { id: string; address: string }>> {
        const instances = Object.entries(await this.ec2.instances());
        return Object.fromEntries(
            instances.map(([name, { InstanceId: id = "", PrivateIpAddress: address = "" }]) => [
                name.replace(`${this.stack.cluster}-`, ""),
                { id, address },
            ]),
        );
    }

    /** Ids of the containers, by daemon. */
    containers(): Promise<Record<string, string>> {
        return containersOn(this.lab, this.stack.cluster);
    }

    /** What a Nimbus says of the cluster, asked from its own machine. */
    async summary(daemon = "nimbus-1"): Promise<ClusterSummary> {
        return summaryBy(await this.host(daemon), this.stack.cluster, daemon);
    }

    /** Waits until every one of these supervisors counts more words than it has. */
    untilCounting(...supervisors: string[]): Promise<void> {
        const words = async (supervisor: string) =>
            counted(await this.host(supervisor), `${this.stack.cluster}-${supervisor}`);
        return untilCounting(
            Object.fromEntries(supervisors.map((supervisor) => [supervisor, () => words(supervisor)])),
        );
    }

    /** What EC2 and IAM have that they did not have before the stack. */
    async leftovers(): Promise<string[]> {
        return (await this.ec2.resources()).filter((resource) => !this.before.includes(resource));
    }

    /** What was called of AWS that docs/aws-policy.json does not allow. */
    forbiddenCalls(): string[] {
        const policy = JSON.parse(fs.readFileSync("docs/aws-policy.json", "utf8")) as {
            Statement: { Action: string | string[] }[];
        };
        const allowed = policy.Statement.flatMap(({ Action }) => Action);
        // Everybody may ask who he is.
        return this.ec2.calls().filter((call) => ![...allowed, "sts:GetCallerIdentity"].includes(call));
    }

    async remove(): Promise<void> {
        this.stack.discard();
        await this.ec2.stop();
        await this.lab.remove();
    }
}
