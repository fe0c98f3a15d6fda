/** The submission of a topology by its main class. */
import { majorVersion } from "../image";
import { jarPath } from "../jars";
import { run } from "../machines/command";
import { shellFile } from "../machines/shell";
import { killTopology, topologyConfiguration } from "../nimbus/client";
import { launchArguments } from "../nimbus/launchArguments";
import { answerOf, leaderOf } from "../nimbus/leader";
import { contentKey, contentOf, find, type Inputs, ownerKey } from "./onCluster";

/** Seconds that the main class may take. */
const submitSeconds = 600;

/** Runs on the machine that has the container `$0`: a container for the client, on the same network and with the same settings. */
const clientScript = `
docker cp "$0:/conf/storm.yaml" - | docker run --rm --interactive --network "container:$0" --volumes-from "$0:ro" \
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
        clientScript,
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
    const output = await run(client.ssh, command, { seconds: submitSeconds }).then(String, (error: Error) => {
        throw new Error(`${mainClass} has not submitted topology ${topology}:\n${lastLines(error.message)}`);
    });
    if (await answerOf(nimbuses, (leader) => find(leader, topology))) {
        return;
    }
    const leader = await leaderOf(nimbuses);
    const others: string[] = [];
    for (const { name, id } of leader.summary.topologies) {
        const { [ownerKey]: by, [contentKey]: from } = await topologyConfiguration(leader.nimbus, id);
        if (by === owner && from === contentOf(inputs)) {
            others.push(name);
            await killTopology(leader.nimbus, name, 0);
        }
    }
    const instead = others.length
        ? `submitted ${others.join(", ")} instead, which was killed`
        : "submitted nothing, without an error";
    throw new Error(
        `${mainClass} has not submitted topology ${topology}: it ${instead}. Is the name among its arguments, ` +
            `${JSON.stringify(inputs.arguments)}?\n${lastLines(output)}`,
    );
}

function lastLines(text: string): string {
    return text.trimEnd().split("\n").slice(-20).join("\n");
}
