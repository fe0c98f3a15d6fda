/** The submission of a topology by its main class. */
import { majorVersion } from "../image";
import { jarPath } from "../jars";
import { run } from "../machines/command";
import { shellFile } from "../machines/shell";
import { launchArguments } from "../nimbus/launchArguments";
import { answerOf } from "../nimbus/leader";
import { certificatesFolder } from "../nimbus/tlsFiles";
import { packed } from "./files";
import { contentKey, ownerKey } from "./keys";
import { contentOf, find, type Inputs, killAndWait, type OnCluster } from "./onCluster";

/** Seconds that the main class may take. */
const submitSeconds = 600;

/**
 * Runs on the machine that has the container `$0`: a container for the client, on the same network and with the same settings and, where
 * Nimbus speaks TLS, the same certificates. What it reads is for the client.
 */
const clientScript = (byTls: boolean) => `
{ docker cp "$0:/conf/storm.yaml" - && ${byTls ? `docker cp "$0:${certificatesFolder}" - && ` : ""}cat; } |
    docker run --rm --interactive --network "container:$0" --volumes-from "$0:ro" \
    --user 1000:1000 --cap-drop ALL --security-opt no-new-privileges "$@"
`;
/** Runs in that container. */
const stormScript = shellFile(__dirname, "submit.sh");

/**
 * Runs a topology's main class, once.
 * @throws Error with the end of its output if the topology is not on the cluster then.
 */
export async function submit(inputs: Inputs): Promise<void> {
    const { topology, nimbuses, client, image, mainClass, workers, owner } = inputs;
    const marks = {
        ...(workers !== undefined && { "topology.workers": workers }),
        [ownerKey]: owner,
        [contentKey]: contentOf(inputs),
    };
    const seeds = JSON.stringify(client.seeds);
    // Storm 2's parser would take words that begin with a dash for its own, and Storm 1's knows no end of options.
    const end = inputs.arguments.some((word) => word.startsWith("-")) && majorVersion(image) !== 1 ? ["--"] : [];
    const storm = [
        ...inputs.configuration,
        ...launchArguments(marks),
        ...end,
        jarPath(inputs.sha256),
        mainClass,
        ...inputs.arguments,
    ];
    const command = [
        "sh",
        "-c",
        clientScript(nimbuses.some(({ tls }) => tls)),
        client.container,
        image,
        "bash",
        "-c",
        stormScript,
        "storm",
        seeds,
        String(client.port),
        ...storm,
    ];
    const brought = inputs.files && { input: await packed(inputs.files) };
    const output = await run(client.ssh, command, { seconds: submitSeconds, ...brought }).then(
        String,
        (error: Error) => {
            throw new Error(`${mainClass} has not submitted topology ${topology}:\n${lastLines(error.message)}`);
        },
    );
    if (await answerOf(nimbuses, (leader) => find(leader, topology))) {
        return;
    }
    const others = await submittedInstead(inputs);
    for (const [name, found] of others) {
        await killAndWait({ ...inputs, topology: name, killSeconds: 0 }, found);
    }
    const instead = others.size
        ? `submitted ${[...others.keys()].join(", ")} instead, which was killed`
        : "submitted nothing, without an error";
    throw new Error(
        `${mainClass} has not submitted topology ${topology}: it ${instead}. Is the name among its arguments, ` +
            `${JSON.stringify(inputs.arguments)}?\n${lastLines(output)}`,
    );
}

/** What was submitted under other names, by these. */
function submittedInstead(inputs: Inputs): Promise<Map<string, OnCluster>> {
    return answerOf(inputs.nimbuses, async (leader) => {
        const others = new Map<string, OnCluster>();
        for (const { name } of leader.summary.topologies) {
            const found = await find(leader, name);
            if (found?.owner === inputs.owner && found.content === contentOf(inputs)) {
                others.set(name, found);
            }
        }
        return others;
    });
}

function lastLines(text: string): string {
    return text.trimEnd().split("\n").slice(-20).join("\n");
}
