import { isIP } from "net";
import * as pulumi from "@pulumi/pulumi";
import { certificatesFolder as folder, storePassword } from "../../../provider/nimbus/tlsFiles";
import type { Discovery } from "../../discovery/discovery";
import type { PlacedDaemon } from "../../discovery/placedDaemon";
import { ports } from "../spec/ports";
import type { SecurityStep } from "../spec/security";
import type { StormConfig } from "../spec/stormConfig";
import type { ZooCfg } from "../spec/zooCfg";
import { Authority, type AuthorityArgs, firstEnd, withKey } from "./authority";
import type { Credentials } from "./credentials";

/** Arguments of {@link ZooKeeperTls}. */
export interface ZooKeeperTlsArgs extends Omit<AuthorityArgs, "role"> {
    /** How others get to a member. */
    discovery: Discovery;
}

/** What a member of the ensemble serves, and connects to other members, by. */
export interface ZooKeeperMember {
    /** Content by path in the container. */
    files: Record<string, pulumi.Output<string>>;
    /** Entries of zoo.cfg, beside `clientPort` and `clientPortAddress`. */
    zooCfg(step: SecurityStep, address: string): ZooCfg;
}

const files = {
    authority: `${folder}/zookeeper-authority.pem`,
    /** A member's certificate and key. */
    own: `${folder}/zookeeper.pem`,
    quorumAuthority: `${folder}/quorum-authority.pem`,
    quorum: `${folder}/quorum.pem`,
    /** The certificate and key of a client. */
    keyStore: `${folder}/zookeeper.p12`,
};

/** Entries of storm.yaml by which Storm connects to ZooKeeper by mutual TLS (CuratorUtils). */
const stormConfig: StormConfig = {
    "storm.zookeeper.ssl.enable": true,
    // ZooKeeper's client looks a server's name up in reverse, whatever Storm gave it, and would compare that one (seen with 2.8.3). What is
    // checked is that the server has a certificate for servers: only members do.
    "storm.zookeeper.ssl.hostnameVerification": false,
    "storm.zookeeper.ssl.keystore.path": files.keyStore,
    "storm.zookeeper.ssl.keystore.password": storePassword,
    "storm.zookeeper.ssl.truststore.path": files.authority,
    "storm.zookeeper.ssl.truststore.password": storePassword,
};

/**
 * Certificates for connections to ZooKeeper, and between its members, by two authorities of the stack's own: who has a certificate for one
 * kind of connection has none for the other. Storm's own ACLs are not used: a server refuses who has no certificate before it looks at
 * any node, also those that Storm leaves open to everybody.
 */
export class ZooKeeperTls extends pulumi.ComponentResource {
    private readonly authority: Authority;
    private readonly quorumAuthority: Authority;

    constructor(
        name: string,
        private readonly args: ZooKeeperTlsArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("storm:storm:ZooKeeperTls", name, {}, opts);
        this.authority = new Authority(name, { ...args, role: "zookeeper" }, this);
        this.quorumAuthority = new Authority(name, { ...args, role: "quorum" }, this);
        this.registerOutputs();
    }

    /** Who signs. */
    get authorities(): Authority[] {
        return [this.authority, this.quorumAuthority];
    }

    /** When the first of the certificates ends that were given out so far, or of those of authorities. */
    get expires(): pulumi.Output<string> {
        return firstEnd([...this.authority.expires, ...this.quorumAuthority.expires]);
    }

    /** What a member needs. */
    member(daemon: PlacedDaemon): ZooKeeperMember {
        const { host } = this.args.discovery.advertise(daemon);
        const common = {
            name: daemon.name,
            commonName: "zookeeper",
            address: daemon.host.address,
            names: host.apply((name) => (isIP(name) ? [] : [name])),
        };
        const own = this.authority.certify(daemon.name, { ...common, usage: "server" }, daemon.host);
        const quorum = this.quorumAuthority.certify(`${daemon.name}-quorum`, common, daemon.host);
        return {
            files: {
                [files.authority]: this.authority.certificate,
                [files.own]: withKey(own),
                [files.quorumAuthority]: this.quorumAuthority.certificate,
                [files.quorum]: withKey(quorum),
            },
            zooCfg,
        };
    }

    /** What a daemon of Storm connects to ZooKeeper by. */
    client(daemon: PlacedDaemon): Credentials {
        const own = this.authority.certify(
            daemon.name,
            { name: daemon.name, commonName: "storm", usage: "client", storePassword },
            daemon.host,
        );
        return {
            files: { [files.authority]: this.authority.certificate },
            encodedFiles: { [files.keyStore]: own.keyStore },
            config: stormConfig,
        };
    }
}

/** A member's entries of zoo.cfg: https://zookeeper.apache.org/doc/r3.9.5/zookeeperAdmin.html#sc_authOptions */
function zooCfg(step: SecurityStep, address: string): ZooCfg {
    return {
        serverCnxnFactory: "org.apache.zookeeper.server.NettyServerCnxnFactory",
        secureClientPort: ports.zookeeperTls,
        secureClientPortAddress: address,
        "ssl.keyStore.location": files.own,
        "ssl.trustStore.location": files.authority,
        "ssl.clientAuth": "need",
        // Who connects in plain, at the loopback address, gets an answer to `srvr`, and reads and writes nothing.
        ...(step > 1 && { "enforce.auth.enabled": true, "enforce.auth.schemes": "x509" }),
        sslQuorum: step > 1,
        portUnification: step < 3,
        "ssl.quorum.keyStore.location": files.quorum,
        "ssl.quorum.trustStore.location": files.quorumAuthority,
        "ssl.quorum.clientAuth": "need",
    };
}
