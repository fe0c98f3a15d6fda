import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

/** Where Docker sends the output of containers: a log driver, with its options. */
export interface Logging {
    /** A driver of Docker's, such as `syslog`, or the name of a plugin that is installed on every machine, such as `loki`. */
    driver: string;
    /**
     * The driver's options, as `docker run --log-opt` takes them; may be secret.
     * @default the driver's own; for `json-file` three files of 10 MB
     */
    options?: pulumi.Input<Record<string, string>>;
}

/** Without them, Docker's driver `json-file` would fill the disk. */
const rotation = { "max-size": "10m", "max-file": "3" };

/** The arguments of a container that has these logs; by default `json-file`, rotated. */
export function logArguments(
    { driver, options }: Logging = { driver: "json-file" },
): Pick<docker.ContainerArgs, "logDriver" | "logOpts"> {
    return {
        logDriver: driver,
        logOpts:
            driver === "json-file"
                ? pulumi.output(options).apply((own): Record<string, string> => ({ ...rotation, ...own }))
                : options,
    };
}
