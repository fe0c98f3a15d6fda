/**
 * Prints the storm.yaml of Storm's command line, in the container that scripts/storm gives it: `clientYaml.ts <folder>`, with the stack's
 * outputs as JSON on standard input. The folder has a Nimbus's certificates there, where Nimbus is called by TLS.
 */
import * as fs from "fs";
import * as path from "path";
import { storePassword, stormKeyStore, stormTrustStore } from "../provider/nimbus/tlsFiles";
import type { Outputs } from "./containers";

/**
 * Entries by which a client finds Nimbus, and calls it by TLS.
 * @param keyStore Path of the client's key store.
 * @param trustStore Path of the trust store with the authority of Nimbus's certificate.
 */
export function entriesByTls(
    { nimbusSeeds, nimbusPort }: Pick<Outputs, "nimbusSeeds" | "nimbusPort">,
    keyStore: string,
    trustStore: string,
): Record<string, unknown> {
    return {
        "nimbus.seeds": nimbusSeeds,
        "nimbus.thrift.client.use.tls": true,
        "nimbus.thrift.tls.port": nimbusPort,
        "nimbus.thrift.tls.client.keystore.path": keyStore,
        "nimbus.thrift.tls.client.keystore.password": storePassword,
        "nimbus.thrift.tls.client.truststore.path": trustStore,
        "nimbus.thrift.tls.client.truststore.password": storePassword,
    };
}

/** Entries of that storm.yaml. */
export function clientYaml(outputs: Outputs, folder: string): Record<string, unknown> {
    const copyOf = (file: string) => path.posix.join(folder, path.posix.basename(file));
    return {
        ...(outputs.security === "tls"
            ? entriesByTls(outputs, copyOf(stormKeyStore), copyOf(stormTrustStore))
            : { "nimbus.seeds": outputs.nimbusSeeds, "nimbus.thrift.port": outputs.nimbusPort }),
        "storm.local.dir": "/data",
        "storm.log.dir": "/logs",
    };
}

if (require.main === module) {
    const outputs = JSON.parse(fs.readFileSync(0, "utf8")) as Outputs;
    console.log(JSON.stringify(clientYaml(outputs, process.argv[2] ?? "")));
}
