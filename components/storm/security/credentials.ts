import type * as pulumi from "@pulumi/pulumi";
import type { StormConfig } from "../spec/stormConfig";

/** What a daemon of Storm connects, and serves, by TLS with. */
export interface Credentials {
    /** Content by path in the container. */
    files: Record<string, pulumi.Output<string>>;
    /** The same, in base64. */
    encodedFiles: Record<string, pulumi.Output<string>>;
    /** Entries of storm.yaml. */
    config: StormConfig;
}

/**
 * What JVMs of daemons with credentials need. Netty 4.2, which Storm has since 2.8.1, compares a server's name by default. ZooKeeper's
 * client looks that up in reverse, and Storm does not tell Netty a worker's (https://github.com/apache/storm/pull/8987). What is checked
 * is that the other side has a certificate of the authority that is for it.
 */
export const jvmOptions = "-Dorg.apache.storm.shade.io.netty.handler.ssl.defaultEndpointVerificationAlgorithm=NONE";

/** All of some; undefined: there are none. */
export function together(all: readonly (Credentials | undefined)[]): Credentials | undefined {
    const given = all.filter((each) => each !== undefined);
    return given.length === 0
        ? undefined
        : {
              files: Object.assign({}, ...given.map(({ files }) => files)) as Credentials["files"],
              encodedFiles: Object.assign({}, ...given.map((each) => each.encodedFiles)) as Credentials["encodedFiles"],
              config: Object.assign({}, ...given.map(({ config }) => config)) as StormConfig,
          };
}
