import { LocalTarget } from "../components/targets/localTarget";
import type { StackSettings } from "../settings";
import { commonArgs, targetName, targetOptions } from "./common";

/** The target `local`. */
export function localTarget(settings: StackSettings, clusterName: string): LocalTarget {
    return new LocalTarget(
        targetName,
        { ...commonArgs(settings, clusterName), daemons: settings, subnet: settings.subnet },
        targetOptions(),
    );
}
