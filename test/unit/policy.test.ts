import {
    type PolicyResource,
    type PolicyResourceOptions,
    type ResourceValidationArgs,
    type ResourceValidationPolicy,
    unknownCheckingProxy,
} from "@pulumi/policy";
import * as aws from "../../policy/aws";
import * as containers from "../../policy/containers";
import { survivesLosses } from "../../policy/production";
import type { Properties } from "../../policy/rule";

const digest = `sha256:${"0".repeat(64)}`;

interface Resource {
    type: string;
    props: Properties;
    protect?: boolean;
}

const ofType =
    (type: string) =>
    (props: Properties): Resource => ({ type, props });
const container = ofType("docker:index/container:Container");
const image = ofType("docker:index/remoteImage:RemoteImage");
const ingress = ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
const rule = ofType("aws:ec2/securityGroupRule:SecurityGroupRule");
const group = ofType("aws:ec2/securityGroup:SecurityGroup");
const instance = ofType("aws:ec2/instance:Instance");
const template = ofType("aws:ec2/launchTemplate:LaunchTemplate");
const volume = ofType("aws:ebs/volume:Volume");
const rolePolicy = (statement: object) =>
    ofType("aws:iam/rolePolicy:RolePolicy")({ policy: JSON.stringify({ Statement: [statement] }) });

/** Properties as a preview gives them: what it cannot know throws. (The package declares no type of it.) */
const withUnknowns = unknownCheckingProxy as (properties: Properties) => Properties;

/** What a policy tells of a resource in a stack. */
async function violations(
    policy: ResourceValidationPolicy,
    { type, props, protect = false }: Resource,
    stack = "dev",
): Promise<string[]> {
    const told: string[] = [];
    const args = {
        ...{ type, name: "it", urn: `urn:pulumi:${stack}::storm::${type}::it` },
        props: withUnknowns(props),
        opts: { protect } as PolicyResourceOptions,
    } as ResourceValidationArgs;
    for (const validate of [policy.validateResource ?? []].flat()) {
        await validate(args, (message) => told.push(message));
    }
    return told;
}

describe("a policy", () => {
    const plain = { memory: 512, securityOpts: ["no-new-privileges:true"] };
    test.each<[string, ResourceValidationPolicy, Resource, Resource, RegExp]>([
        [
            "no ingress from everywhere",
            aws.noOpenIngress,
            ingress({ cidrIpv4: "203.0.113.0/24" }),
            ingress({ cidrIpv4: "0.0.0.0/0" }),
            /storm:aws\.from\.ssh/,
        ],
        [
            "nor by IPv6",
            aws.noOpenIngress,
            ingress({ cidrIpv6: "2001:db8::/64" }),
            ingress({ cidrIpv6: "::/0" }),
            /storm:aws\.from\.ssh/,
        ],
        [
            ...(["nor by a rule of the older kind", aws.noOpenIngress] as const),
            ...([
                rule({ type: "egress", cidrBlocks: ["0.0.0.0/0"] }),
                rule({ type: "ingress", cidrBlocks: ["0.0.0.0/0"] }),
                /cidrBlocks/,
            ] as const),
        ],
        [
            ...(["nor within a security group", aws.noOpenIngress] as const),
            ...([
                group({ ingress: [{ cidrBlocks: ["10.0.0.0/8"] }] }),
                group({ ingress: [{ ipv6CidrBlocks: ["::/0"] }] }),
                /cidrBlocks/,
            ] as const),
        ],
        [
            "IMDSv2",
            aws.imdsV2,
            instance({ metadataOptions: { httpTokens: "required" } }),
            instance({ metadataOptions: { httpTokens: "optional" } }),
            /httpTokens/,
        ],
        [
            "IMDSv2, which is not the default",
            aws.imdsV2,
            instance({ metadataOptions: { httpTokens: "required" } }),
            instance({}),
            /httpTokens/,
        ],
        ["encrypted volumes", aws.encryptedVolumes, volume({ encrypted: true }), volume({}), /encrypted to true/],
        [
            ...([
                "encrypted volumes of an instance",
                aws.encryptedVolumes,
                instance({ rootBlockDevice: { encrypted: true } }),
            ] as const),
            ...([
                instance({ rootBlockDevice: { encrypted: true }, ebsBlockDevices: [{ encrypted: false }] }),
                /ebsBlockDevices/,
            ] as const),
        ],
        [
            "IMDSv2 on machines of a template",
            aws.imdsV2,
            template({ metadataOptions: { httpTokens: "required" } }),
            template({ metadataOptions: { httpEndpoint: "enabled" } }),
            /httpTokens/,
        ],
        [
            "encrypted volumes on machines of a template",
            aws.encryptedVolumes,
            template({ blockDeviceMappings: [{ ebs: { encrypted: "true" } }] }),
            template({ blockDeviceMappings: [{ ebs: { volumeSize: 20 } }] }),
            /ebs\.encrypted/,
        ],
        [
            "encrypted volumes on machines of a template, which are not the default",
            aws.encryptedVolumes,
            template({ blockDeviceMappings: [{ ebs: { encrypted: "true" } }] }),
            template({}),
            /the root volume's too/,
        ],
        [
            "tags",
            aws.requiredTags,
            volume({ tags: { "storm:cluster": "storm-dev" } }),
            volume({ tags: { Name: "data" } }),
            /storm:cluster/,
        ],
        [
            ...([
                "no wildcard for a service's actions",
                aws.noWildcardActions,
                rolePolicy({ Effect: "Allow", Action: ["ec2:Describe*", "ssm:UpdateInstanceInformation"] }),
            ] as const),
            ...([rolePolicy({ Effect: "Allow", Action: ["ssm:GetParameter", "ec2:*"] }), /It allows ec2:\*/] as const),
        ],
        [
            ...([
                "no wildcard for everything else",
                aws.noWildcardActions,
                rolePolicy({ Effect: "Deny", Action: "*" }),
            ] as const),
            ...([rolePolicy({ Effect: "Allow", NotAction: "iam:*" }), /It allows \*/] as const),
        ],
        ["a memory limit", containers.memoryLimit, container(plain), container({}), /Set memory/],
        [
            "no new privileges",
            containers.noNewPrivileges,
            container(plain),
            container({ ...plain, securityOpts: [] }),
            /no-new-privileges:true/,
        ],
        [
            "no privileged container",
            containers.noNewPrivileges,
            container(plain),
            container({ ...plain, privileged: true }),
            /Leave privileged out/,
        ],
        [
            ...([
                "no Docker socket mounted",
                containers.noDockerSocket,
                container({ mounts: [{ type: "bind", source: "/srv/data" }] }),
            ] as const),
            ...([
                container({ mounts: [{ type: "bind", source: "/var/run/docker.sock" }] }),
                /Take the mount away/,
            ] as const),
        ],
        [
            ...([
                "nor as a volume",
                containers.noDockerSocket,
                container({ volumes: [{ volumeName: "data" }] }),
            ] as const),
            ...([container({ volumes: [{ hostPath: "/run/docker.sock" }] }), /Take the mount away/] as const),
        ],
        [
            ...(["nor a directory that it is in, but a cAdvisor", containers.noDockerSocket] as const),
            ...([
                container({ name: "storm-dev-cadvisor", mounts: [{ type: "bind", source: "/var/run" }] }),
                container({ name: "storm-dev-nimbus-1", mounts: [{ type: "bind", source: "/var/run" }] }),
                /Take the mount away/,
            ] as const),
        ],
        [
            ...(["nor all of the machine, but a node exporter", containers.noDockerSocket] as const),
            ...([
                container({ name: "storm-dev-node-exporter", mounts: [{ type: "bind", source: "/" }] }),
                container({ name: "storm-dev-ui", volumes: [{ hostPath: "/" }] }),
                /Take the mount away/,
            ] as const),
        ],
        [
            ...(["seccomp's default profile", containers.defaultConfinement, container(plain)] as const),
            ...([container({ securityOpts: ["seccomp=unconfined"] }), /^seccomp=unconfined takes/] as const),
        ],
        [
            ...([
                "AppArmor's default profile, or another",
                containers.defaultConfinement,
                container({ securityOpts: ["apparmor=storm"] }),
            ] as const),
            ...([container({ securityOpts: ["apparmor:unconfined"] }), /^apparmor:unconfined takes/] as const),
        ],
        [
            ...([
                "SELinux's label, which Docker itself takes from what is in the machine's PID namespace",
                containers.defaultConfinement,
                container({ pidMode: "host", securityOpts: ["label=disable"] }),
            ] as const),
            ...([container({ securityOpts: ["label=disable"] }), /^label=disable takes/] as const),
        ],
        [
            "no capabilities",
            containers.droppedCapabilities,
            container({ capabilities: { drops: ["ALL"] } }),
            container({}),
            /capabilities\.drops/,
        ],
        [
            ...([
                "no capability but for a port below 1024",
                containers.droppedCapabilities,
                container({ capabilities: { drops: ["ALL"], adds: ["CAP_NET_BIND_SERVICE"] } }),
            ] as const),
            ...([
                container({ capabilities: { drops: ["ALL"], adds: ["NET_BIND_SERVICE", "SYS_ADMIN"] } }),
                /the capability SYS_ADMIN/,
            ] as const),
        ],
        ["a user", containers.noRoot, container({ user: "1000:1000" }), container({}), /Set user/],
        [
            ...(["no root, but a registry", containers.noRoot] as const),
            ...([
                container({ name: "storm-dev-etcd-1", user: "0:0" }),
                container({ name: "storm-dev-nimbus-1", user: "0:0" }),
                /Set user/,
            ] as const),
        ],
        [
            ...(["no root by name, and group root alone", containers.noRoot] as const),
            ...([container({ user: "472:0" }), container({ user: "root" }), /Set user/] as const),
        ],
        [
            ...(["a PID namespace, but of a node exporter", containers.ownNamespaces] as const),
            ...([
                container({ name: "storm-dev-node-exporter", pidMode: "host" }),
                container({ name: "storm-dev-cadvisor", pidMode: "host" }),
                /Leave pidMode out/,
            ] as const),
        ],
        [
            ...([
                "an IPC namespace",
                containers.ownNamespaces,
                container({ ipcMode: "private" }),
                container({ name: "storm-dev-node-exporter", ipcMode: "host" }),
                /Leave ipcMode out/,
            ] as const),
        ],
        [
            ...(["no directory of the system", containers.noHostDirectories] as const),
            ...([
                container({ volumes: [{ hostPath: "/var/lib/storm/a" }, { volumeName: "data" }] }),
                container({ volumes: [{ hostPath: "/etc/ssl" }] }),
                /It has \/etc\/ssl/,
            ] as const),
        ],
        [
            ...(["nor all of them, but for a cAdvisor to read", containers.noHostDirectories] as const),
            ...([
                container({ name: "storm-dev-cadvisor", mounts: [{ source: "/", readOnly: true }] }),
                container({ name: "storm-dev-cadvisor", mounts: [{ source: "/" }] }),
                /It has \/ of its machine/,
            ] as const),
        ],
        [
            ...(["no shared mounts", containers.noHostDirectories] as const),
            ...([
                container({ mounts: [{ source: "/srv", bindOptions: { propagation: "rslave" } }] }),
                container({ mounts: [{ source: "/srv", bindOptions: { propagation: "rshared" } }] }),
                /propagation/,
            ] as const),
        ],
        [
            "no device",
            containers.noDevices,
            container({ devices: [] }),
            container({ devices: [{ hostPath: "/dev/kmsg" }] }),
            /Leave devices out/,
        ],
        [
            ...(["a port at one address", containers.boundPorts] as const),
            ...([
                container({ ports: [{ ip: "127.0.0.1", external: 8080 }] }),
                container({ ports: [{ external: 8080 }] }),
                /127\.0\.0\.1/,
            ] as const),
        ],
        [
            ...(["a port that is none of root's", containers.boundPorts] as const),
            ...([
                container({ ports: [{ ip: "10.0.0.1", external: 8080 }] }),
                container({ ports: [{ ip: "10.0.0.1", external: 80 }] }),
                /above 1024/,
            ] as const),
        ],
        [
            ...([
                "no secret in the environment",
                containers.noPlainSecrets,
                container({ envs: ["ZOO_MY_ID=1", "TOKENS=3", "PASSWORD="] }),
            ] as const),
            ...([
                container({ envs: ["ZK_PASSWORD=hunter2"] }),
                /ZK_PASSWORD is in its environment.*storm:stormYaml/,
            ] as const),
        ],
        [
            ...([
                "no secret in arguments",
                containers.noPlainSecrets,
                container({ command: ["storm", "-c", "nimbus.seeds=[]"] }),
            ] as const),
            ...([
                container({ command: ["storm", "-c", "nimbus.thrift.tls.server.keystore.password=x"] }),
                /keystore\.password is in its arguments/,
            ] as const),
        ],
        [
            "no key in arguments",
            containers.noPlainSecrets,
            container({}),
            container({ command: ["--key", "AKIAABCDEFGHIJKLMNOP"] }),
            /A key is in its arguments/,
        ],
        [
            "a tag",
            containers.pinnedImages,
            image({ name: "registry:5000/storm:2.8.9" }),
            image({ name: "registry:5000/storm" }),
            /storm:<version>/,
        ],
        [
            "a tag that stays",
            containers.pinnedImages,
            container({ image: "storm:2.8.9" }),
            container({ image: "storm:latest" }),
            /storm:<version>/,
        ],
        [
            "an image that is pulled, or named by its id",
            containers.pinnedImages,
            container({ image: digest }),
            container({ image: "storm" }),
            /storm:<version>/,
        ],
    ])("asks for %s, and says what to do", async (_what, policy, good, bad, message) => {
        expect(await violations(policy, good)).toEqual([]);
        expect(await violations(policy, bad)).toEqual([expect.stringMatching(message)]);
    });

    test.each<[string, ResourceValidationPolicy, Resource, Resource, RegExp]>([
        [
            "digests",
            containers.pinnedImages,
            image({ name: `storm:2.8.9@${digest}` }),
            image({ name: "storm:2.8.9" }),
            /docker pull storm:2\.8\.9/,
        ],
        ["protected volumes", aws.protectedData, { ...volume({}), protect: true }, volume({}), /storm:aws\.protect/],
    ])("asks for %s in production alone", async (_what, policy, good, bad, message) => {
        expect(await violations(policy, good, "prod")).toEqual([]);
        expect(await violations(policy, bad, "prod")).toEqual([expect.stringMatching(message)]);
        expect(await violations(policy, bad, "eu-prod")).toEqual([expect.stringMatching(message)]);
        expect(await violations(policy, bad, "products")).toEqual([]);
    });

    test("leaves out what a preview does not know yet, and looks at the rest", async () => {
        const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
        expect(await violations(containers.ownNamespaces, container({ image: unknown, ipcMode: "host" }))).toHaveLength(
            1,
        );
        expect(
            await violations(containers.noPlainSecrets, container({ command: unknown, envs: [unknown, "SECRET=1"] })),
        ).toEqual([expect.stringMatching(/^SECRET is in its environment/)]);
        expect(
            await violations(aws.noWildcardActions, ofType("aws:iam/rolePolicy:RolePolicy")({ policy: unknown })),
        ).toEqual([]);
    });
});

describe("in production, a cluster", () => {
    const component = (type: string, name: string, props: Properties = {}) =>
        ({ type, name, props, urn: `urn:pulumi:prod::storm::${type}::${name}` }) as PolicyResource;
    const cluster = (zookeepers: number, nimbuses: number, zones: string[], memberZones = zones) => [
        component("storm:storm:StormCluster", "storm"),
        ...Array.from({ length: zookeepers }, (_, index) =>
            component("storm:storm:Daemon", `storm-zookeeper-${index + 1}`),
        ),
        ...Array.from({ length: nimbuses }, (_, index) => component("storm:storm:Daemon", `storm-nimbus-${index + 1}`)),
        ...(zones.length > 0 ? memberZones : []).map((location, index) =>
            component("storm:index:DataLocation", `host-zookeeper-${index + 1}-zone`, {
                daemon: `zookeeper-${index + 1}`,
                location,
            }),
        ),
        ...zones.flatMap((zone) => [
            component("aws:ec2/subnet:Subnet", `private-${zone}`, { availabilityZone: zone }),
            component("aws:ec2/instance:Instance", `machine-${zone}`),
        ]),
    ];
    const told = async (resources: PolicyResource[]) => {
        const messages: string[] = [];
        await survivesLosses.validateStack({ resources } as never, (message) => messages.push(message));
        return messages;
    };

    test("survives the loss of a machine and of a zone", async () => {
        expect(await told(cluster(3, 2, ["a", "b", "c"]))).toEqual([]);
        expect(await told(cluster(3, 2, ["a", "b", "c"], ["a", "x in b", "y in c"]))).toEqual([]);
        expect(await told(cluster(5, 2, []))).toEqual([]);
        // On an ensemble that was there already.
        expect(await told(cluster(0, 2, []))).toEqual([]);
    });

    test.each<[string, PolicyResource[], RegExp]>([
        ["an ensemble of one", cluster(1, 2, ["a", "b", "c"]), /storm:zookeepers to 3/],
        ["an even ensemble", cluster(4, 2, ["a", "b", "c"]), /storm:zookeepers to 3/],
        ["one Nimbus", cluster(3, 1, ["a", "b", "c"]), /storm:nimbuses to 2/],
        ["two zones", cluster(3, 2, ["a", "b"]), /storm:aws\.zones/],
        [
            "members in two zones",
            cluster(3, 2, ["a", "b", "c"], ["a", "x in b", "y in a"]),
            /in 2 zones.*storm:aws\.instances/,
        ],
    ])("has not got %s", async (_what, resources, message) => {
        expect(await told(resources)).toEqual([expect.stringMatching(message)]);
        const elsewhere = resources.map((resource) => ({ ...resource, urn: resource.urn.replace(":prod:", ":dev:") }));
        expect(await told(elsewhere)).toEqual([]);
    });
});
