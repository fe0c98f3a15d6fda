import { certificatesFolder as folder } from "../../../provider/nimbus/tlsFiles";

/** Files in a reverse proxy's container, as PEM. */
export const reverseProxyFiles = {
    /** Its certificate, and key, for browsers. */
    server: `${folder}/server.pem`,
    /** Its certificate, and key, for Storm's servers. */
    client: `${folder}/client.pem`,
    /** The authority of Storm's servers. */
    serversAuthority: `${folder}/storm-authority.pem`,
    /** The authority of users. */
    usersAuthority: `${folder}/clients-authority.pem`,
} as const;

/** A server of Storm's whose pages a reverse proxy gives. */
export interface Backend {
    /** Which one it is. */
    server: "ui" | "logviewer" | "drpc";
    /** TCP port at which others connect to the proxy for it. */
    port: number;
    /** Where the proxy connects to it: address and port. */
    to: string;
    /** The common name in its certificate. */
    commonName: string;
}

/** Arguments of {@link reverseProxyConfig}. */
export interface ReverseProxyConfigArgs {
    /** IP address at which the proxy listens. */
    address: string;
    /** At least one. */
    backends: readonly Backend[];
    /** Password of each user, by name; both of letters, digits, `.`, `_` and `-`. */
    passwords: Readonly<Record<string, string>>;
}

/** Connections at once, of all addresses. */
const connections = 1000;
/** Of one address: half, so that none closes the pages for others. */
const connectionsOfAddress = connections / 2;
/** Wrong passwords that an address may send in 10 seconds. After these it gets 429, whatever it sends, but for a certificate. */
const wrongPasswords = 10;

/**
 * HAProxy's configuration. A user shows a certificate, or gives a password by HTTP's basic authentication. It is no hash, which would be
 * computed for each request (HAProxy's manual, section 12.2) and protect nothing: passwords have 192 random bits, and who reads this
 * file reads the key that opens the pages.
 *
 * Jetty answers for names alone that are in its certificate. All of Storm's have `localhost`, so that the proxy may be reached by any
 * name. HAProxy before 3.3 compares `verifyhost` with the certificate, common names too (ssl_sock_srv_verifycbk in its ssl_sock.c), and
 * from 3.3 on that `localhost`, as it sends it as SNI.
 *
 * Storm may be silent for long: by default, DRPC waits 10 minutes for a topology. A client that waits for Storm is not cut off by the time
 * for clients, which is that of the TLS handshake too: HAProxy 2.6 has no other.
 * Calls of DRPC are not logged, as arguments are in the path. That rule is the first one, as one that refuses a request is the last.
 * Threads and connections are limited, as its memory follows from them (measured: 30 MiB with 950 connections).
 */
export function reverseProxyConfig({ address, backends, passwords }: ReverseProxyConfigArgs): string {
    const { server, client, serversAuthority, usersAuthority } = reverseProxyFiles;
    const users = Object.entries(passwords);
    const tls = `ssl crt ${server} ca-file ${usersAuthority} verify optional alpn h2,http/1.1`;
    const silent = backends
        .filter(({ server: name }) => name === "drpc")
        .map(({ port }) => `    http-request set-log-level silent if { dst_port ${port} }\n`);
    const routes = backends.map((each) => `    use_backend ${each.server} if { dst_port ${each.port} }`);
    const servers = backends.flatMap((each) => [
        `backend ${each.server}`,
        `    server ${each.server} ${each.to} ssl crt ${client} ca-file ${serversAuthority} verify required verifyhost ${each.commonName}`,
    ]);
    return `
global
    log stdout format raw local0 info
    maxconn ${connections}
    nbthread 2
    ssl-default-bind-options ssl-min-ver TLSv1.2
    ssl-default-server-options ssl-min-ver TLSv1.2
defaults
    log global
    mode http
    option dontlognull
    option forwardfor
    timeout http-request 10s
    timeout http-keep-alive 1m
    timeout connect 5s
    timeout client 1m
    timeout server 1h
userlist users
${users.map(([name, password]) => `    user ${name} insecure-password ${password}\n`).join("")}backend addresses
    stick-table type ip size 100k expire 10s store gpc0_rate(10s),conn_cur
frontend pages
${backends.map(({ port }) => `    bind ${address}:${port} ${tls}`).join("\n")}
    log-format "%ci %[var(txn.user)] %fp %ST %B %Tt %{+Q}r"
    tcp-request connection track-sc0 src table addresses
    tcp-request connection reject if { sc0_conn_cur(addresses) gt ${connectionsOfAddress} }
    acl shows-certificate always_false
${users.map(([name]) => `    acl shows-certificate ssl_c_s_dn(CN) -m str ${name}\n`).join("")}    acl gives-password http_auth(users)
${silent.join("")}    http-request deny deny_status 429 if !shows-certificate { sc0_gpc0_rate(addresses) ge ${wrongPasswords} }
    http-request sc-inc-gpc0(0) if !shows-certificate !gives-password { req.hdr(Authorization) -m found }
    http-request auth realm storm unless shows-certificate or gives-password
    http-request set-var(txn.user) ssl_c_s_dn(CN) if shows-certificate
    http-request set-var(txn.user) http_auth_user unless shows-certificate
    http-request del-header Authorization
    http-request del-header X-Forwarded-For
    http-request del-header doAsUser
    http-request set-header X-Forwarded-User %[var(txn.user)]
    http-request set-header X-Forwarded-Proto https
    http-request set-header X-Forwarded-Host %[req.hdr(Host)]
    http-request set-header Host localhost
${[...routes, ...servers].join("\n")}
`.trimStart();
}
