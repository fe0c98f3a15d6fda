import * as pulumi from "@pulumi/pulumi";
import { LocalTarget } from "../components/targets/localTarget";
import type { StackSettings } from "../settings";
import { dockerMemory, memoryShortage } from "../settings/machineMemory";
import { commonArgs, targetName, targetOptions } from "./common";

/**
 * The target `local`.
 * @throws pulumi.RunError if the machine has less memory than the heaps need. A preview, which may run on another machine, warns.
 */
export async function localTarget(settings: StackSettings, clusterName: string): Promise<LocalTarget> {
    const { mistake, warning } = memoryShortage(settings, await dockerMemory());
    if (mistake !== undefined && !pulumi.runtime.isDryRun()) {
        throw new pulumi.RunError(mistake);
    }
    const told = mistake ?? warning;
    if (told !== undefined) {
        void pulumi.log.warn(told);
    }
    return new LocalTarget(
        targetName,
        { ...commonArgs(settings, clusterName), daemons: settings, subnet: settings.subnet },
        targetOptions(),
    );
}
