import * as pulumi from "@pulumi/pulumi";
import {
    clientsTrustStore,
    stormKeyStore,
    stormPem,
    stormTrustStore,
    storePassword as password,
} from "../../../provider/nimbus/tlsFiles";
import { trustStore } from "../../../provider/trustStore";
import type { Certificate } from "../../../provider/resources";
import type { DaemonKind } from "../../daemonRef";
import type { Discovery } from "../../discovery/discovery";
import type { PlacedDaemon } from "../../discovery/placedDaemon";
import type { Host } from "../../hosts/host";
import { type PagePorts, ports } from "../spec/ports";
import type { StormConfig } from "../spec/stormConfig";
import { Authority, type AuthorityArgs, firstEnd, withKey } from "./authority";
import { certificateNames } from "./certificateNames";
import type { Credentials } from "./credentials";
import { namesOf, type PlacedReverseProxy, type ReverseProxyArgs } from "./reverseProxies";
import { reverseProxyFiles } from "./reverseProxyConfig";
import { certifyUsers, passwordsOf, type UserFiles } from "./users";

/** Arguments of {@link StormTls}. */
export interface StormTlsArgs extends Omit<AuthorityArgs, "role"> {
    /** How others get to a daemon. */
    discovery: Discovery;
    /** TCP ports at which servers of pages on a host listen. */
    pagePorts: (host: Host) => PagePorts;
    /** Names of users, who get a certificate each. */
    users: readonly string[];
}

/** The subject of certificates of Nimbus daemons and supervisors, with their workers; their user in Storm, who may do everything. */
const adminName = "storm";
/** Subjects of those that ask Nimbus for what they show, and may change no topology: who may see Storm UI kills none by it. */
const readers = ["ui", "exporter"];

const keyStore = (of: string): StormConfig => ({
    [`${of}.keystore.path`]: stormKeyStore,
    [`${of}.keystore.password`]: password,
});
const trusted = (of: string, store = stormTrustStore): StormConfig => ({
    [`${of}.truststore.path`]: store,
    [`${of}.truststore.password`]: password,
});

const transport = "org.apache.storm.security.auth.tls.TlsTransportPlugin";

/** Entries of every daemon: how it calls Nimbus and supervisors, and how workers connect to each other. */
const common: StormConfig = {
    "nimbus.thrift.client.use.tls": true,
    "topology.worker.nimbus.thrift.client.use.tls": true,
    ...keyStore("nimbus.thrift.tls.client"),
    ...trusted("nimbus.thrift.tls.client"),
    "supervisor.thrift.transport": transport,
    "supervisor.thrift.client.use.tls": true,
    "supervisor.thrift.tls.client.auth.required": true,
    ...keyStore("supervisor.thrift.tls.server"),
    ...trusted("supervisor.thrift.tls.server"),
    ...keyStore("supervisor.thrift.tls.client"),
    ...trusted("supervisor.thrift.tls.client"),
    "storm.messaging.netty.tls.enable": true,
    ...keyStore("storm.messaging.netty.tls"),
    ...trusted("storm.messaging.netty.tls"),
    ...keyStore("storm.messaging.netty.tls.client"),
    ...trusted("storm.messaging.netty.tls.client"),
};

/** Entries of what serves pages, by https alone, for those with a certificate. UI's links to logs go by the logviewers' entries. */
const pages = (server: "ui" | "logviewer" | "drpc", port: number): StormConfig => ({
    [`${server}.https.port`]: port,
    [`${server}.https.keystore.type`]: "PKCS12",
    ...keyStore(`${server}.https`),
    [`${server}.https.key.password`]: password,
    [`${server}.https.truststore.type`]: "JKS",
    ...trusted(`${server}.https`, clientsTrustStore),
    [`${server}.https.need.client.auth`]: true,
    [`${server}.disable.http.binding`]: true,
});

/** Certificates by which Storm's daemons and their users know each other. */
export class StormTls extends pulumi.ComponentResource {
    /** What each user connects with, by name; a secret. */
    readonly users: pulumi.Output<Record<string, UserFiles>>;
    private readonly passwords: pulumi.Output<Record<string, string>>;
    private readonly daemons: Authority;
    private readonly clients: Authority;
    private proxyClient: Certificate | undefined;

    constructor(
        name: string,
        private readonly args: StormTlsArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("storm:storm:StormTls", name, {}, opts);
        this.daemons = new Authority(name, { ...args, role: "storm" }, this);
        this.clients = new Authority(name, { ...args, role: "clients" }, this);
        this.passwords = passwordsOf(name, args.users, this);
        this.users = certifyUsers(args.users, { clients: this.clients, daemons: this.daemons }, this.passwords);
        this.registerOutputs();
    }

    /** Who signs. */
    get authorities(): Authority[] {
        return [this.daemons, this.clients];
    }

    /** When the first of the certificates ends that were given out so far, or of those of authorities. */
    get expires(): pulumi.Output<string> {
        return firstEnd([...this.daemons.expires, ...this.clients.expires]);
    }

    /** What a daemon needs. */
    daemon(daemon: PlacedDaemon): Credentials {
        const wanted = {
            ...{ name: daemon.name, storePassword: password },
            commonName: asksAsAdmin(daemon.kind) ? adminName : daemon.kind,
            address: daemon.host.address,
            // Jetty refuses a request for a name that is not in its certificate.
            names: certificateNames(daemon.host, [daemon], this.args.discovery),
        };
        const own = this.daemons.certify(daemon.name, wanted, daemon.host);
        return {
            // From within these containers the program asks Nimbus.
            files: asksAsAdmin(daemon.kind) ? pem(own, this.daemons) : {},
            encodedFiles: {
                [stormKeyStore]: own.keyStore,
                [stormTrustStore]: stored(this.daemons),
                [clientsTrustStore]: stored(this.daemons, this.clients),
            },
            config: { ...common, ...ofKind(daemon.kind, this.args.pagePorts(daemon.host)) },
        };
    }

    /** What a Nimbus serves by TLS with, while it calls others in plain; undefined: it is none. */
    server(daemon: PlacedDaemon): Credentials | undefined {
        return daemon.kind === "nimbus"
            ? {
                  ...this.daemon(daemon),
                  config: { ...nimbusServer, "nimbus.thrift.tls.port": ports.nimbusTls },
              }
            : undefined;
    }

    /** What the exporter asks Nimbus by, as PEM: content by path in the container. */
    exporter(): Record<string, pulumi.Output<string>> {
        const own = { name: "exporter", commonName: "exporter", usage: "client" as const };
        return pem(this.daemons.certify(own.name, own), this.daemons);
    }

    /**
     * What a reverse proxy has. It serves everybody, and so has no certificate by which supervisors and workers could be called: to pages
     * it is a client as users are.
     */
    reverseProxy(placed: PlacedReverseProxy): Pick<ReverseProxyArgs, "files" | "passwords"> {
        const name = "reverse-proxy";
        const { host } = placed;
        const wanted = { name, commonName: name, usage: "server" as const, address: host.address };
        const server = this.daemons.certify(
            `${name}-${host.docker.name}`,
            { ...wanted, names: namesOf(placed, this.args.discovery) },
            host,
        );
        this.proxyClient ??= this.clients.certify(name, { name, commonName: name, usage: "client" });
        const files = {
            [reverseProxyFiles.server]: withKey(server),
            [reverseProxyFiles.client]: withKey(this.proxyClient),
            [reverseProxyFiles.serversAuthority]: this.daemons.certificate,
            [reverseProxyFiles.usersAuthority]: this.clients.certificate,
        };
        return { files, passwords: this.passwords };
    }
}

const nimbusServer: StormConfig = {
    ...keyStore("nimbus.thrift.tls.server"),
    ...trusted("nimbus.thrift.tls.server", clientsTrustStore),
};

/** Entries of a kind of daemon alone. UI has those of logviewers as others reach them, as it links to them. */
function ofKind(kind: DaemonKind, listen: PagePorts): StormConfig {
    const logviewer = pages("logviewer", listen.logviewer);
    switch (kind) {
        case "nimbus":
            return { ...nimbusServer, ...logviewer };
        case "supervisor":
            return logviewer;
        case "drpc":
            return pages("drpc", listen.drpc);
        case "ui":
            return { ...pages("logviewer", ports.logviewer), ...pages("ui", listen.ui) };
        case "zookeeper":
            return {};
    }
}

function asksAsAdmin(kind: DaemonKind): boolean {
    return kind === "nimbus" || kind === "supervisor";
}

function pem({ certificate, key }: Certificate, { certificate: authority }: Authority): Credentials["files"] {
    return { [stormPem.certificate]: certificate, [stormPem.key]: key, [stormPem.authority]: authority };
}

function stored(...authorities: Authority[]): pulumi.Output<string> {
    return pulumi
        .all(authorities.map(({ certificate }) => certificate))
        .apply((certificates) => trustStore(certificates, password));
}

/**
 * Entries of Nimbus by which it looks at who calls, once nobody calls it in plain: daemons may do everything, users what Storm lets those
 * do who submit topologies. Read in org.apache.storm.security.auth.authorizer.SimpleACLAuthorizer of 2.8.8.
 * @param users Names of users.
 * @param isAlone Whether there is no other Nimbus.
 */
export function authorization(users: readonly string[], isAlone: boolean): StormConfig {
    return {
        "nimbus.authorizer": "org.apache.storm.security.auth.authorizer.SimpleACLAuthorizer",
        "nimbus.admins": [adminName],
        // Where it is empty, everybody with a certificate may submit.
        "nimbus.users": [adminName, ...readers, ...users],
        "topology.readonly.users": readers,
        // X509CertPrincipalToLocal fails for Nimbus itself, so that it copies no blob.
        "storm.principal.tolocal": "org.apache.storm.security.auth.X509CertOrKerberosPrincipalToLocal",
        "x509.cert.principal.to.local.regex": "^(.*)$",
        // Storm's default asks the operating system for groups of each user.
        "storm.group.mapping.service": null,
        // Calls for blobs, among which are topologies' jars, do not go through the authorizer.
        "storm.blobstore.acl.validation.enabled": true,
        ...(isAlone
            ? { "nimbus.thrift.tls.server.only": true }
            : // Copies between them are plain, and whoever makes them has to be somebody who may read blobs.
              { "debug.simple.transport.user": adminName }),
    };
}
