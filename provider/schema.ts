/** What the provider's resources are made of: the inputs of each. */
import { z } from "zod";

const text = z.string().min(1);
const port = z.int().min(1).max(65535);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "is not a SHA-256 in hexadecimal digits");
/** Seconds until waiting ends with an error. */
const seconds = z.number().positive();

/** The `ssh` command line that logs in on a machine; undefined: it is this one. */
const ssh = z.array(z.string()).min(1).optional();

const containerAt = z.strictObject({
    /** Its name in Docker. */
    container: text,
    /** Its machine. */
    ssh,
});

/** PEM files in a container, by which Nimbus and what calls it from there know each other; undefined: they do without TLS. */
const tls = z
    .strictObject({
        /** The caller's certificate. */
        certificate: text,
        /** The key of that certificate, without a password. */
        key: text,
        /** The authority that signs Nimbus's certificate. */
        authority: text,
    })
    .optional();

/** A Nimbus, and the container that it runs in. */
const nimbusContainer = containerAt.extend({
    /** The address or name at which others connect to it. */
    address: text,
    /** TCP port of its Thrift server. */
    port,
    tls,
});

const zooKeeperCheck = z.strictObject({
    kind: z.literal("zookeeper"),
    port,
    /** At which others connect to all members. */
    members: z.array(text).min(1),
    /** Its own index among them. */
    member: z.int().min(0),
    /** Where others cannot connect to that port: where it listens itself, and a port at which they can. */
    closed: z.strictObject({ address: text, peersPort: port }).optional(),
});

/** What must hold before a daemon is ready; addresses are the addresses or names at which others connect. */
const readyCheck = z.discriminatedUnion("kind", [
    /** A member answers and, where enough members answer for a quorum, has joined it. */
    zooKeeperCheck,
    /** It is registered, and one Nimbus leads. */
    z.strictObject({ kind: z.literal("nimbus"), address: text, port, tls }),
    /** A Nimbus knows the supervisor, and its logviewer, where there is one, accepts connections. */
    z.strictObject({
        kind: z.literal("supervisor"),
        address: text,
        nimbuses: z.array(text).min(1),
        nimbusPort: port,
        tls,
        logviewerPort: port.optional(),
    }),
    /** It accepts connections. */
    z.strictObject({ kind: z.literal("port"), address: text, port }),
    /** It answers HTTP. Its image has wget; all others need an image with bash. */
    z.strictObject({ kind: z.literal("http"), url: text }),
]);

/** How a machine is reached over SSH. */
const sshEndpoint = z.strictObject({
    /** Host name or IP address, as seen from where Pulumi runs, or from the bastion. */
    address: text,
    /** TCP port of its sshd. */
    port,
    /** Who logs in: root, or somebody who may use sudo without a password. */
    user: text,
});

/** A machine that is to be logged in to. */
const connection = z.strictObject({
    /** The host's name, for messages. */
    host: text,
    /** How it is reached. */
    endpoint: sshEndpoint,
    /** What all connections have in common. */
    access: z.strictObject({
        /** File with the private key; undefined: the keys of the SSH agent. */
        keyPath: text.optional(),
        /** The machine through which the hosts are reached, and its host key; undefined: they are reached directly. */
        bastion: sshEndpoint.extend({ hostKey: text }).optional(),
        /** Session Manager, through which instances are reached, whose ids are the addresses; undefined: they are reached otherwise. */
        sessionManager: z.strictObject({ region: text, profile: text.optional() }).optional(),
    }),
    /** Seconds that it has to answer. */
    seconds,
    /** What the user can do when it does not answer. */
    ifGone: z.string(),
    /** What the user can do when it shows another host key. */
    ifOtherKey: z.string(),
});

const ownHostKey = connection.extend({
    /** Identifies the machine: another at its address has another. */
    machine: text,
    /** The key that it was launched with. */
    launchKey: text,
});

/** A certificate and its private key, as PEM. */
const pair = z.strictObject({ certificate: text, key: text });

/** Between which numbers something may vary, both included. */
const bounds = z.strictObject({ min: z.int().min(1), max: z.int().min(1) });

/** Inputs of each resource, by the last part of its token. */
export const schema = {
    /** A gate: it exists once a daemon is ready. */
    Ready: z.strictObject({
        /** The daemon's name, for messages. */
        daemon: text,
        /** Its container's name in Docker. */
        container: text,
        /** Its container's id: another container must become ready too. */
        containerId: text,
        /** What has to hold. */
        check: readyCheck,
        /** Seconds until waiting ends with an error. */
        seconds,
        /** The log files that it writes within its container, beside standard output. */
        logFiles: z.array(text),
        ssh,
    }),
    /** A restart gate: daemons after it wait until those before it, where a change has restarted them, are ready again. */
    RestartGate: z.strictObject({
        /** The daemons before. */
        before: z.array(
            containerAt.extend({
                daemon: text,
                /** Its container's id: another container must become ready too. */
                containerId: text,
                /** What has to hold then. */
                check: readyCheck,
            }),
        ),
        /** The Nimbus daemons whose topologies have to run again; empty: none has to. */
        nimbuses: z.array(nimbusContainer),
        /** Seconds that they have to become ready, beside what Storm gives its workers. */
        seconds,
    }),
    /** Moves a supervisor's work away when it is deleted. */
    Drain: containerAt.extend({
        /** The supervisor. */
        daemon: text,
        /** The address or name at which others connect to it. */
        address: text,
        nimbuses: z.array(nimbusContainer),
        /** Seconds that its work has to run elsewhere. */
        seconds,
    }),
    /** Stops Nimbus when it is deleted. */
    NimbusShutdown: z.strictObject({ nimbuses: z.array(nimbusContainer) }),
    /** Who the members of the ensemble are. */
    EnsembleMembership: z.strictObject({
        /** Names of the members. */
        daemons: z.array(text),
        /** Members on machines that exist already. */
        members: z.array(
            containerAt.extend({
                daemon: text,
                /** The address at which it serves clients. */
                address: text,
                /** TCP port there. */
                port,
                /** Whether its machine is gone, so that nothing runs there any more. */
                isLost: z.boolean(),
            }),
        ),
        /** Names of members that may leave. */
        mayLeave: z.array(text),
        /** Seconds that the remaining members have to join the ensemble before others are stopped. */
        seconds,
    }),
    /** The major version of a cluster's Storm. */
    StormVersionGuard: z.strictObject({
        /** The image of Storm's daemons. */
        image: text,
        /** The registry that `imageRegistry` says; default: none. */
        imageRegistry: text.optional(),
        /** Which scripts the containers of that image run, by components/storm/rollout/versionGuard.ts; default: the first. */
        revision: z.int().optional(),
        /** The change to another major version that is allowed; default: none is. */
        change: z
            .strictObject({
                /** The major version. */
                to: z.int(),
                /** The cluster's name, by which its containers are labelled. */
                cluster: text,
                /** Its machines, as of the last update; one without `ssh` is this one. */
                machines: z.array(z.strictObject({ host: text.optional(), ssh })),
                /** Its Nimbus daemons, as of the last update. */
                nimbuses: z.array(nimbusContainer),
            })
            .optional(),
    }),
    /** Activates the topologies that a change of Storm's major version has deactivated. */
    Activation: z.strictObject({
        /** The image of Storm's daemons: another one may be such a change. */
        image: text,
        nimbuses: z.array(nimbusContainer),
        /** The supervisors, whose logs say why a topology does not run. */
        supervisors: z.array(containerAt.extend({ address: text })),
        /** Seconds that topologies have to run, beside what Storm gives its workers. */
        seconds,
    }),
    /** The machine or the availability zone that has a daemon's data. */
    DataLocation: z.strictObject({
        daemon: text,
        kind: z.enum(["machine", "zone"]),
        /** The host's name in the arguments, or the zone's. */
        location: text,
        /** The key by which the host's machine proves to be the same, or the zone's name. */
        identity: text,
        /** Whether the daemon may start in another location without its data. */
        mayStartEmpty: z.boolean(),
        /** Why nothing can be created on that machine now, such as `is lost`; default: it can. */
        unusable: text.optional(),
        /** The address or name at which others connect to the daemon; default: none, for a daemon without replicas. */
        address: text.optional(),
        /** Other daemons, one of which must have all of its data first; empty: none must. */
        replicas: z.array(nimbusContainer),
        /** Seconds until waiting for them ends with an error. */
        seconds,
    }),
    /** Refuses to be deleted. */
    DeletionProtection: z.strictObject({
        /** Whether what it is created after may not be deleted. */
        isOn: z.boolean(),
        /** What the user can do to have it deleted all the same. */
        advice: z.string(),
    }),
    /** A file on a host, in a Docker volume of its own, that containers mount. */
    ConfigFile: z
        .strictObject({
            /** Name of the Docker volume that holds it. */
            volume: text,
            /** Labels of the volume. */
            labels: z.record(text, z.string()),
            /** The file's name. */
            file: text,
            /** The file's content; may be secret. */
            content: z.string().optional(),
            /** In place of `content`: path of a file with the content, on the machine that runs Pulumi. The state does not have it. */
            source: text.optional(),
            /** With `source`: the content's SHA-256. */
            sha256: sha256.optional(),
            /** The directory at which the volume is mounted, in the container that writes the file and in the containers that read it. */
            directory: text,
            /** An image that the host has, with a shell and the directory. */
            image: text,
            /** Uid and gid of its readers. */
            owner: z.int(),
            ssh,
            /** Identifies the host: another at its address has no such volume; undefined: it is this machine. */
            machine: text.optional(),
        })
        .refine(({ content, source }) => (content === undefined) !== (source === undefined), {
            path: ["content"],
            message: "must be given, or else source and sha256, and not both",
        })
        .refine(({ source, sha256 }) => (source === undefined) === (sha256 === undefined), {
            path: ["sha256"],
            message: "must be given with source, and only with it",
        }),
    /** A gate: it exists once an auto scaling group has the machines that it wants, from its newest template, and Nimbus lists them. */
    FleetReady: z.strictObject({
        /** The group's name. */
        group: text,
        /** Its region. */
        region: text,
        /** The profile by whose credentials AWS is asked; default: those of the environment. */
        profile: text.optional(),
        /** The version of the launch template that machines must have. */
        version: text,
        /** The types of which machines must be. */
        instanceTypes: z.array(text),
        /** Another one waits again. */
        triggers: z.array(z.string()),
        /** How machines are replaced, in percent of those that the group wants. */
        refresh: z.strictObject({ minHealthyPercentage: z.number(), maxHealthyPercentage: z.number() }),
        nimbuses: z.array(nimbusContainer),
        /** The containers of the fleet's controllers, whose logs tell why machines do not join. */
        controllers: z.array(containerAt),
        /** Seconds without progress until waiting ends with an error. */
        seconds,
    }),
    /** A jar that lies on the cluster. */
    Jar: z.strictObject({
        /** Path of a file, or URL by which it is downloaded. */
        source: text,
        /** Its content's SHA-256. */
        sha256,
        /** The container of the Nimbus that keeps it with its data. */
        nimbus: containerAt,
        /** Identifies the machine: another at its address has no jar; undefined: it is this machine. */
        machine: text.optional(),
    }),
    /** A topology that runs on the cluster once, as it is wanted. */
    Submission: z.strictObject({
        /** The topology's name on the cluster. */
        topology: text,
        /** The SHA-256 of its jar. */
        sha256: text,
        /** The class in the jar that submits it. */
        mainClass: text,
        /** Arguments of that class. */
        arguments: z.array(z.string()),
        /** The SHA-256 of each file that the arguments may name, by its path; undefined: there are none. */
        files: z.record(text, sha256).optional(),
        /** Entries of its configuration, which override the jar's, as arguments of `storm`. */
        configuration: z.array(z.string()),
        /** Workers; default: what the jar says. */
        workers: z.int().min(1).optional(),
        /** Executors by component, where they are to be others than the jar says. */
        parallelism: z.record(text, z.int().min(1)),
        /** Where others change workers and executors: within which bounds. `workers` and `parallelism` are then where it starts. */
        bounds: z.strictObject({ workers: bounds.optional(), executors: z.record(text, bounds).optional() }).optional(),
        /** Seconds for which it is deactivated before it is killed; default: its message timeout. */
        killSeconds: z.number().min(0).optional(),
        /** Seconds for which it is deactivated before it is rebalanced; default: its message timeout. */
        rebalanceSeconds: z.number().min(0).optional(),
        /** Seconds that it has to be running; past it the update fails. */
        seconds,
        /** Who submits it: another's topology of this name is left alone. */
        owner: text,
        nimbuses: z.array(nimbusContainer),
        /** The Nimbus that keeps the jar, and where its clients find one. */
        client: containerAt.extend({ seeds: z.array(text), port }),
        /** Image of Storm. */
        image: text,
        supervisors: z.array(
            containerAt.extend({
                /** The address or name at which others connect to its workers. */
                address: text,
                /** Identifies its machine: another at its address has none of its work; undefined: it is this machine. */
                machine: text.optional(),
            }),
        ),
    }),
    /** Kills a topology when it is deleted, if a Nimbus answers. */
    Kill: z.strictObject({
        /** The topology's name on the cluster. */
        topology: text,
        /** Who has submitted it: another's topology of this name is left alone. */
        owner: text,
        /** Seconds for which it is deactivated before it is killed; default: its message timeout. */
        killSeconds: z.number().min(0).optional(),
        /** Seconds that it has to end, beyond these. */
        seconds,
        nimbuses: z.array(nimbusContainer),
    }),
    /** The records of a DNS server. */
    DnsRecords: z.strictObject({
        /** The server's container. */
        container: text,
        /** Its id: another container has no records. */
        containerId: text,
        /** The file that the server reads them from, in its container. */
        file: text,
        /** The domain of the names. */
        zone: text,
        /** IPv4 address by name, without the domain. */
        addresses: z.record(text, text),
        /** The address that the server listens at, on port 53. */
        server: text,
        /** Seconds for which a record may be kept. */
        recordSeconds: z.int(),
        /** Seconds that it has to answer with them. */
        seconds,
        ssh,
    }),
    /** Files that a Prometheus server reads again while it runs. */
    PrometheusFiles: z.strictObject({
        /** The server's container. */
        container: text,
        /** Its id: another container has no such files. */
        containerId: text,
        /** Contents, by path in the container. */
        files: z.record(text, text),
        /** URL of the server, as its container reaches it. */
        url: text,
        /** Seconds that it has to answer. */
        seconds,
        ssh,
    }),
    /** The password of Grafana's user `admin`, which its database keeps. */
    GrafanaPassword: z.strictObject({
        /** Grafana's container. */
        container: text,
        /** Its id: another container may have a database with another password. */
        containerId: text,
        /** URL of Grafana, as its container reaches it. */
        url: text,
        /** The password that is wanted: letters, digits, `-` and `_`. */
        password: text,
        /** Seconds that Grafana has to answer. */
        seconds,
        ssh,
    }),
    /** The users of etcd: nobody else may read or write in it. */
    RegistryUsers: z.strictObject({
        /** Containers of the registry's members, of which the first is asked. */
        members: z.array(containerAt).min(1),
        /** Options by which etcd's client reaches that one. */
        options: z.array(z.string()),
        /** Identifies this registry: another has no users. */
        identity: text,
        /** Password of its administrator, `root`. */
        rootPassword: text,
        /** The user that may read and write. */
        user: text,
        /** That user's password. */
        password: text,
        /** Prefix of the keys that the user may read and write. */
        prefix: text,
        /** Seconds that the registry has to answer. */
        seconds,
    }),
    /** A password, which the stack keeps as a secret. */
    Password: z.strictObject({}),
    /** The key by which a stack's containers are known from another's. */
    StackKey: z.strictObject({}),
    /** A certificate, and its private key, which the stack keeps as a secret. */
    Certificate: z.strictObject({
        /** Whose it is. */
        name: text,
        /** IP address at which others connect to its owner; default: nobody does. */
        address: text.optional(),
        /** DNS names, and further IP addresses, at which others connect to its owner; default: none. */
        names: z.array(text).optional(),
        /** Who signs it; default: itself, as an authority that signs others. */
        by: pair.optional(),
        /** Common name of its subject, which is all of it then; default: the subject is the organization `name`. */
        commonName: text.optional(),
        /** What its owner is in a connection; default: both. */
        usage: z.enum(["server", "client"]).optional(),
        /**
         * Days for which it is valid, or until its authority ends. When less than a third of them is left, it is replaced. Default: ten
         * years, and it is not.
         */
        days: z.int().positive().optional(),
        /** Password of a key store in the format PKCS #12 that it comes in too; default: it does not. */
        storePassword: text.optional(),
        /** Certificates above it, as PEM, that it comes with, from its authority's to the highest; default: none. */
        chain: text.optional(),
    }),
    /** A certificate of an authority that is signed by another one, so that who trusts that one accepts what the authority has signed. */
    CrossCertificate: z.strictObject({
        /** Whose it is, and by whom, for messages. */
        name: text,
        /** The authority's own certificate, as PEM, whose key is RSA. */
        of: text,
        /** Who signs it: an authority with a key of RSA, or of an elliptic curve. */
        by: pair,
    }),
    /** How far an existing cluster is on its way to TLS. */
    SecurityStep: z.strictObject({
        /** 0 to 3. */
        step: z.int().min(0).max(3),
        /** Nimbus daemons of a cluster that must have no topology when it begins; default: it may have some. */
        withoutTopologies: z.array(nimbusContainer).optional(),
    }),
    /** A host key that a machine is launched with, to be known at the first connection. */
    LaunchKey: z.strictObject({
        /** Values whose change replaces the machine, which then gets another key. */
        triggers: z.array(z.string()),
    }),
    /** A host key that a machine makes for itself. */
    OwnHostKey: ownHostKey,
    /** A machine that shows the key that it has made, and no longer the one that it was launched with. */
    ExchangedHostKey: ownHostKey.extend({
        /** The key that it has made. */
        hostKey: text,
    }),
    /** The key that a machine has shown at the first connection. */
    PinnedHostKey: connection,
    /** A machine that has shown the expected key and has accepted the login. */
    SshConnection: connection.extend({
        /** The key that the machine has to show, such as `ssh-ed25519 AAAA...`. */
        hostKey: text,
    }),
    /** A script that has run on a machine, where remote.Command, whose SSH runs no proxy command, cannot connect. */
    Script: z.strictObject({
        /** The host's name, for messages. */
        host: text,
        /** The command line that logs in on it. */
        ssh: z.array(z.string()).min(1),
        /** What `sh` reads there. */
        stdin: text,
        /** The command that runs instead when only `ssh` has changed; it reads the same. */
        update: text,
        /** Another one runs the script again. */
        triggers: z.array(z.string()),
    }),
};

/** Inputs of a resource, by the last part of its token. */
export type Inputs<Name extends keyof typeof schema> = z.infer<(typeof schema)[Name]>;

/** A Nimbus, and the container that it runs in. */
export type NimbusContainer = z.infer<typeof nimbusContainer>;
/** What has to hold before a daemon is ready. */
export type ReadyCheck = z.infer<typeof readyCheck>;
/** The check of a ZooKeeper member. */
export type ZooKeeperCheck = z.infer<typeof zooKeeperCheck>;
/** A machine that is to be logged in to. */
export type SshConnectionArgs = z.infer<typeof connection>;
