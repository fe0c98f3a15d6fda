/** The setting `logging`: Docker's log driver and its options, for all containers. */
import { distance } from "fastest-levenshtein";
import { z } from "zod";
import type { Problem, Valid } from "./rules";

const option = z
    .union([z.string(), z.number(), z.boolean()], { error: "must be a text, a number, true or false" })
    .transform(String);

/** The setting by itself; undefined if nothing is set. {@link loggingProblems} finds what is wrong with it. */
export const logging = z
    .strictObject({
        driver: z.string({ error: "must be the name of a log driver, such as syslog" }),
        options: z.record(z.string(), option, { error: "must be a map of the driver's options" }),
    })
    .partial()
    .transform(({ driver, options }) =>
        driver === undefined && options === undefined
            ? undefined
            : { driver: driver ?? "json-file", options: options ?? {} },
    );

const words = (text: string, prefix = "") => text.split(" ").map((word) => prefix + word);
/** What a driver adds to each line: https://docs.docker.com/engine/logging/log_tags/ */
const attributes = words("labels labels-regex env env-regex");
const tagged = [...attributes, "tag"];
const files = [...words("max-size max-file compress"), ...tagged];

/** Options of every driver: https://docs.docker.com/engine/logging/configure/ and https://docs.docker.com/engine/logging/dual-logging/ */
const common = [...words("mode max-buffer-size cache-disabled"), ...files.map((each) => `cache-${each}`)];

/**
 * Docker's drivers on Linux with their own options: `ValidateLogOpt` of each in https://github.com/moby/moby/tree/master/daemon/logger.
 * Docker refuses any other option when it creates a container, and by then the update has deleted the one before.
 */
const drivers: Record<string, string[]> = {
    "json-file": files,
    local: files,
    journald: tagged,
    syslog: [...words("address facility format tls-ca-cert tls-cert tls-key tls-skip-verify", "syslog-"), ...tagged],
    gelf: [
        ...words("address compression-type compression-level tcp-max-reconnect tcp-reconnect-delay", "gelf-"),
        ...tagged,
    ],
    fluentd: [
        ...words("address async async-reconnect-interval buffer-limit max-retries request-ack retry-wait", "fluentd-"),
        ...words("sub-second-precision write-timeout read-timeout", "fluentd-"),
        ...tagged,
    ],
    awslogs: [
        ...words("region endpoint group stream create-group create-stream datetime-format format", "awslogs-"),
        ...words("multiline-pattern credentials-endpoint force-flush-interval-seconds", "awslogs-"),
        ...["awslogs-max-buffered-events", "tag"],
    ],
    splunk: [
        ...words("url token source sourcetype index capath caname insecureskipverify format", "splunk-"),
        ...words("verify-connection gzip gzip-level index-acknowledgment", "splunk-"),
        ...tagged,
    ],
    gcplogs: [...words("project log-cmd meta-zone meta-name meta-id", "gcp-"), ...attributes],
};

/** Options without which a driver does not start. */
const required: Record<string, string[]> = {
    gelf: ["gelf-address"],
    awslogs: ["awslogs-group"],
    splunk: ["splunk-url", "splunk-token"],
};

/** Drivers that read what they have written: of others, Docker keeps a copy for `docker logs`. They send nothing anywhere. */
const onMachine = ["json-file", "local", "journald"];

/** Drivers of Docker's that cannot be used, and why. */
const refused: Record<string, string> = {
    none: "keeps no logs, which `make logs` and the messages of failed updates show: use `local`, with max-size and max-file",
    etwlogs: "is for Windows",
};

/** The name of a plugin, as `docker plugin install` takes it, or its alias. */
const plugin = /^[a-z0-9]+([._-]+[a-z0-9]+)*(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[\w.-]+)?$/;

/** Tells what is wrong with the driver and its options. */
export function loggingProblems(logging: Valid["logging"], problem: Problem): void {
    if (logging === undefined) {
        return;
    }
    const { driver, options } = logging;
    const reason = driverProblem(driver);
    if (reason !== undefined) {
        problem(["driver"], reason);
        return;
    }
    const own = drivers[driver];
    if (own) {
        for (const key of Object.keys(options).filter((each) => ![...own, ...common].includes(each))) {
            const meant = nearest(key, [...own, ...common]);
            problem(["options", key], `is no option of ${driver}${meant ? `: do you mean \`${meant}\`?` : ""}`);
        }
    }
    for (const key of (required[driver] ?? []).filter((each) => !options[each])) {
        problem(["options", key], `is not set, which ${driver} needs`);
    }
    if (options.mode !== undefined && !["blocking", "non-blocking"].includes(options.mode)) {
        problem(["options", "mode"], "must be one of blocking, non-blocking");
    }
    if (options["max-buffer-size"] !== undefined && options.mode !== "non-blocking") {
        problem(["options", "max-buffer-size"], "is for the mode `non-blocking`: set mode to it, or remove this");
    }
}

function driverProblem(driver: string): string | undefined {
    if (driver in drivers) {
        return undefined;
    }
    const meant = nearest(driver, Object.keys(drivers));
    if (meant !== undefined) {
        return `is no driver of Docker's: do you mean \`${meant}\`?`;
    }
    return (
        refused[driver] ??
        (plugin.test(driver)
            ? undefined
            : `must be one of ${Object.keys(drivers).join(", ")}, or the name of a plugin, such as loki`)
    );
}

/** The one of `known` that differs from a word by no more than 2 letters. */
function nearest(word: string, known: string[]): string | undefined {
    return known.find((each) => distance(each, word) <= 2);
}

/** Tells what may surprise about the driver and its options. */
export function loggingWarnings(logging: Valid["logging"], warn: Problem): void {
    if (logging === undefined) {
        return;
    }
    const { driver, options } = logging;
    // Of Loki's plugin: https://grafana.com/docs/loki/latest/send-data/docker-driver/configuration/
    for (const key of ["cache-disabled", "no-file"].filter((each) => options[each] === "true")) {
        warn(["options", key], "leaves no logs for `make logs` and the messages of failed updates");
    }
    if (!onMachine.includes(driver) && options.mode === undefined) {
        warn(
            ["options"],
            "have no `mode`: daemons and workers wait whenever the driver takes no more lines. `non-blocking` drops lines then",
        );
    }
}
