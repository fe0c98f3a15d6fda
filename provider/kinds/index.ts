import { formerKinds } from "../formerKinds";
import type { Kind } from "../kind";
import type { schema } from "../schema";
import type { Properties } from "../wire";
import { activation } from "./activation";
import { certificate } from "./certificate";
import { configFile } from "./configFile";
import { crossCertificate } from "./crossCertificate";
import { dataLocation } from "./dataLocation";
import { dnsRecords } from "./dnsRecords";
import { drain } from "./drain";
import { fleetReady } from "./fleetReady";
import { pinnedHostKey, sshConnection } from "./hostKeys";
import { jar } from "./jar";
import { grafanaPassword } from "./grafanaPassword";
import { kill } from "./kill";
import { exchangedHostKey, launchKey, ownHostKey } from "./launchKey";
import { stormVersionGuard } from "./stormVersionGuard";
import { ensembleMembership } from "./ensembleMembership";
import { password, stackKey } from "./password";
import { deletionProtection } from "./deletionProtection";
import { ready } from "./ready";
import { prometheusFiles } from "./prometheusFiles";
import { registryUsers } from "./registryUsers";
import { restartGate } from "./restartGate";
import { script } from "./script";
import { securityStep } from "./securityStep";
import { nimbusShutdown } from "./nimbusShutdown";
import { submission } from "./submission";

const each = {
    Ready: ready,
    RestartGate: restartGate,
    Drain: drain,
    NimbusShutdown: nimbusShutdown,
    EnsembleMembership: ensembleMembership,
    StormVersionGuard: stormVersionGuard,
    Activation: activation,
    DataLocation: dataLocation,
    DeletionProtection: deletionProtection,
    ConfigFile: configFile,
    FleetReady: fleetReady,
    Jar: jar,
    Submission: submission,
    Kill: kill,
    DnsRecords: dnsRecords,
    PrometheusFiles: prometheusFiles,
    GrafanaPassword: grafanaPassword,
    RegistryUsers: registryUsers,
    Password: password,
    StackKey: stackKey,
    Certificate: certificate,
    CrossCertificate: crossCertificate,
    SecurityStep: securityStep,
    LaunchKey: launchKey,
    OwnHostKey: ownHostKey,
    ExchangedHostKey: exchangedHostKey,
    PinnedHostKey: pinnedHostKey,
    SshConnection: sshConnection,
    Script: script,
} satisfies Record<keyof typeof schema, unknown>;

type Kinds = Record<string, Kind<Properties, Properties>>;

/** All kinds of resources, by the last part of their tokens, former ones too: a `destroy` meets these in a state from before. */
export const kinds: Kinds = { ...(each as unknown as Kinds) };
for (const [kind, names] of Object.entries(formerKinds)) {
    for (const name of names) {
        kinds[name] = kinds[kind] as Kind<Properties, Properties>;
    }
}
