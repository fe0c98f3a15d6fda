/** The program and the settings of an ambassador's registrar. */
import * as fs from "fs";
import * as path from "path";
import * as pulumi from "@pulumi/pulumi";
import { type CertificateFiles, certificatePaths } from "./certificates";
import type { Backend } from "./proxyConfig";
import type { Registry } from "./registry";

/** Where others connect to a daemon: address and port each. */
export interface Offered {
    /** By its own machine's ambassador. */
    to: pulumi.Output<string>;
    /** By those of the others. */
    at: pulumi.Output<string>;
}

/** Arguments of {@link registrarSettings}. */
export interface RegistrarArgs {
    registry: Registry;
    /** What all keys in the registry begin with. */
    prefix: string;
    /** What the machine's daemons offer, by key, without the prefix. */
    services: Record<string, Offered>;
    /** What they need: by what its keys begin with, without the prefix. */
    needs: Record<string, Backend>;
    /** The files of the machine's certificate, where connections between ambassadors are encrypted; default: they are not. */
    certificate?: CertificateFiles;
}

/** Seconds without a sign of life after which a machine's services are removed from the registry. */
const leaseSeconds = 10;
/** The program. A changed byte in it replaces the registrars' containers. */
export const registrarScript = fs.readFileSync(path.join(__dirname, "registrar.py"), "utf8");

/**
 * The file with the program's settings.
 * @param proxySocket File of the proxy's runtime API.
 */
export function registrarSettings(
    { registry, prefix, services, needs, certificate }: RegistrarArgs,
    proxySocket: string,
): pulumi.Output<string> {
    return pulumi.all([registry.urls, registry.password, services]).apply(([etcd, password, offered]) =>
        JSON.stringify({
            ...{ etcd, user: registry.user, password, prefix, leaseSeconds, proxySocket },
            ...(certificate && { certificate: certificatePaths }),
            services: Object.fromEntries(Object.entries(offered).map(([key, each]) => [prefix + key, each])),
            backends: Object.fromEntries(Object.entries(needs).map(([key, backend]) => [backend.name, prefix + key])),
        }),
    );
}
