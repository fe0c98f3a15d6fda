import { z } from "zod";
import { hostCount } from "../components/network/subnet";
import { certificateDays } from "../components/storm/spec/certificateDays";
import { clusterDefaults } from "../components/storm/spec/defaults";
import { defaultHeap } from "../components/storm/spec/memory";
import { users } from "../components/storm/spec/users";
import { aws } from "./aws";
import { logging } from "./logging";
import { monitoring } from "./monitoring";
import { stormYaml } from "./stormYaml";
import { topologies } from "./topologies";
import { authority } from "./authority";
import { autoscale } from "./autoscale";
import { fleet } from "./fleet";
import {
    count,
    flag,
    hostKey,
    ipv4,
    machineName,
    mebibytes,
    oneOf,
    port,
    registry,
    subnet,
    tagged,
    user,
} from "./values";
import { zooCfg } from "./zooCfg";
import { zookeeperServers } from "./zookeeper";

const supervisors = "must be a whole number from 1 to 10000";

const host = z
    .strictObject({
        name: machineName,
        address: ipv4,
        daemons: z.array(z.string()).default([]),
        spare: flag.default(false),
        ssh: z
            .strictObject({ address: z.string().min(1), user, port })
            .partial()
            .default({}),
        hostKey: hostKey.optional(),
        lost: flag.default(false),
    })
    .refine(({ spare, daemons }) => !spare || daemons.length === 0, {
        path: ["daemons"],
        error: "are on a spare machine, which gets a supervisor by itself: remove them, or `spare`",
    });

/** The settings, by key, as `config:` in Pulumi.yaml declares them. */
export const fields = {
    target: oneOf(["local", "hosts", "aws"]),
    // Empty is Pulumi.yaml's way to say that it is not set.
    stormImage: z.preprocess((image) => (image === "" ? clusterDefaults.stormImage : image), tagged),
    allowMajorVersion: z.literal([0, 2, 3], {
        error: "must be 3, to upgrade from Storm 2, or 2, to go back to the copy of its data; 0 allows neither",
    }),
    zookeeperImage: tagged,
    zookeepers: z.literal([1, 3, 5], {
        error: "must be 1, 3 or 5: an even ensemble survives no more failures than the odd one below it",
    }),
    zookeeperServers,
    nimbuses: count(1, 9),
    // None at all are for a stack with a fleet: fleetProblems.
    supervisors: z.int({ error: supervisors }).min(0, supervisors).max(10000, supervisors),
    autoscale,
    fleet,
    fleetImage: tagged,
    slots: count(1, 64),
    ui: flag,
    logviewers: flag,
    drpcs: count(0, 9),
    heap: z
        .strictObject({
            zookeeper: mebibytes,
            nimbus: mebibytes,
            supervisor: mebibytes,
            worker: mebibytes,
            logviewer: mebibytes,
            ui: mebibytes,
            drpc: mebibytes,
        })
        .partial()
        .transform((heap) => ({ ...defaultHeap, ...heap })),
    memory: z
        .strictObject({
            zookeeper: mebibytes,
            nimbus: mebibytes,
            supervisor: mebibytes,
            ui: mebibytes,
            drpc: mebibytes,
        })
        .partial(),
    stormYaml,
    zooCfg,
    discovery: oneOf(["addresses", "dns", "ambassador"]),
    ambassadorTls: flag,
    security: oneOf(["none", "zookeeper", "tls"]),
    users,
    certificateDays,
    authority,
    dnsImage: tagged,
    etcdImage: tagged,
    proxyImage: tagged,
    imageRegistry: registry,
    delivery: oneOf(["arguments", "file"]),
    logging,
    readySeconds: count(1, 3600),
    subnet: subnet("172.30.77.0/24").refine((subnet) => hostCount(subnet) >= 254, "is smaller than a /24"),
    uiPort: port,
    hosts: z.array(host, { error: "must be a list of hosts" }),
    ssh: z.strictObject({
        user: user.optional(),
        port: port.default(22),
        keyFile: z.string().min(1).optional(),
        via: oneOf(["session-manager"]).optional(),
        seconds: count(1, 3600).optional(),
        bastion: z
            .strictObject({ address: z.string().min(1), user: user.default("root"), port: port.default(22), hostKey })
            .optional(),
    }),
    sshKey: z
        .string()
        .refine(
            (key) => key === "" || /^-----BEGIN [A-Z ]*PRIVATE KEY-----\n/.test(key),
            "must be a private key, as `ssh-keygen` writes it",
        ),
    aws,
    topologies,
    monitoring,
    prometheusImage: tagged,
    grafanaImage: tagged,
    nodeExporterImage: tagged,
    cadvisorImage: tagged,
    startEmpty: z.array(z.string(), { error: "must be a list of daemons" }),
    mayLeave: z.array(z.string().regex(/^zookeeper-[1-5]$/, "must be a ZooKeeper member, such as zookeeper-3"), {
        error: "must be a list of daemons",
    }),
    supervisorBatch: count(1, 10000),
    registryMirror: z.string().regex(/^(https?:\/\/\S+)?$/, "must be a URL"),
};

/** Settings that are valid each by itself. `zookeepers` counts members of an ensemble of the stack's own, also if there is none. */
export type Fields = z.infer<z.ZodObject<typeof fields>>;
