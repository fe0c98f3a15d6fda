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
    /** Options of its JVMs. */
    jvmOptions: string;
}

/** All of some; undefined: there are none. */
export function together(all: readonly (Credentials | undefined)[]): Credentials | undefined {
    const given = all.filter((each) => each !== undefined);
    return given.length === 0
        ? undefined
        : {
              files: Object.assign({}, ...given.map(({ files }) => files)) as Credentials["files"],
              encodedFiles: Object.assign({}, ...given.map((each) => each.encodedFiles)) as Credentials["encodedFiles"],
              config: Object.assign({}, ...given.map(({ config }) => config)) as StormConfig,
              jvmOptions: [...new Set(given.map(({ jvmOptions }) => jvmOptions))].filter(Boolean).join(" "),
          };
}
