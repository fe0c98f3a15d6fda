import * as pulumi from "@pulumi/pulumi";
import type { TargetArgs } from "../components/targets/target";
import type { StackSettings } from "../settings";
import { monitoringPorts } from "../settings/monitoring";

/** First part of the names of a target's resources. */
export const targetName = "host";

/** The arguments that all targets take from the settings. */
export function commonArgs(settings: StackSettings, clusterName: string): TargetArgs {
    return {
        clusterName,
        discovery: settings.discovery,
        ambassadorTls: settings.ambassadorTls,
        security: settings.security,
        images: {
            storm: settings.stormImage,
            dns: settings.dnsImage,
            etcd: settings.etcdImage,
            proxy: settings.proxyImage,
        },
        imageRegistry: settings.imageRegistry || undefined,
        logging: settings.logging,
        uiPort: settings.uiPort,
        monitoring: monitoringPorts(settings.monitoring),
        readySeconds: settings.readySeconds,
    };
}

/** Options of a target: its resources take over those of stacks from before targets were components. */
export function targetOptions(opts: pulumi.ComponentResourceOptions = {}): pulumi.ComponentResourceOptions {
    let target: pulumi.Resource | undefined;
    const takeOver: pulumi.ResourceTransformation = ({ resource, type, name, props, opts: given }) => {
        if (type.startsWith("storm:targets:")) {
            target = resource;
        }
        if (given.parent !== target || target === undefined) {
            return undefined;
        }
        const former = [name, name.replace(`${targetName}-`, "")].flatMap((each) => {
            const at = { name: each, parent: pulumi.rootStackResource };
            return [at, ...(given.aliases ?? []).flatMap((alias) => (isSpec(alias) ? [{ ...alias, ...at }] : []))];
        });
        return { props, opts: pulumi.mergeOptions(given, { aliases: former }) };
    };
    return pulumi.mergeOptions(opts, { transformations: [takeOver] });
}

function isSpec(alias: pulumi.Input<string | pulumi.Alias>): alias is pulumi.Alias {
    return typeof alias === "object" && !pulumi.Output.isInstance(alias) && !(alias instanceof Promise);
}
