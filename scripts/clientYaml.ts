/**
 * Prints the storm.yaml of Storm's command line, in the container that scripts/storm gives it: `clientYaml.ts <folder>`, with the stack's
 * outputs as JSON on standard input. The folder has a Nimbus's certificates there, where Nimbus is called by TLS.
 */
import * as fs from "fs";
import * as path from "path";
import { storePassword, stormKeyStore, stormTrustStore } from "../provider/nimbus/tlsFiles";
import type { Outputs } from "./containers";

/** Entries of that storm.yaml. */
export function clientYaml({ nimbusSeeds, nimbusPort, security }: Outputs, folder: string): Record<string, unknown> {
    const copyOf = (file: string) => path.posix.join(folder, path.posix.basename(file));
    return {
        "nimbus.seeds": nimbusSeeds,
        ...(security === "tls"
            ? {
                  "nimbus.thrift.client.use.tls": true,
                  "nimbus.thrift.tls.port": nimbusPort,
                  "nimbus.thrift.tls.client.keystore.path": copyOf(stormKeyStore),
                  "nimbus.thrift.tls.client.keystore.password": storePassword,
                  "nimbus.thrift.tls.client.truststore.path": copyOf(stormTrustStore),
                  "nimbus.thrift.tls.client.truststore.password": storePassword,
              }
            : { "nimbus.thrift.port": nimbusPort }),
        "storm.local.dir": "/data",
        "storm.log.dir": "/logs",
    };
}

if (require.main === module) {
    const outputs = JSON.parse(fs.readFileSync(0, "utf8")) as Outputs;
    console.log(JSON.stringify(clientYaml(outputs, process.argv[2] ?? "")));
}
