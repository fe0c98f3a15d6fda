import type { Kind } from "../kind";
import type { schema } from "../schema";
import type { Properties } from "../wire";
import { certificate } from "./certificate";
import { configFile } from "./configFile";
import { dataZone } from "./dataZone";
import { dnsRecords } from "./dnsRecords";
import { drain } from "./drain";
import { pinnedHostKey, sshContact } from "./hostKeys";
import { jar } from "./jar";
import { exchangedHostKey, launchKey, ownHostKey } from "./launchKey";
import { majorVersion } from "./majorVersion";
import { membership } from "./membership";
import { ownerKey, password } from "./password";
import { place } from "./place";
import { protection } from "./protection";
import { ready } from "./ready";
import { registryUsers } from "./registryUsers";
import { restartGate } from "./restartGate";
import { shutdown } from "./shutdown";
import { submission } from "./submission";

const each = {
    Ready: ready,
    RestartGate: restartGate,
    Drain: drain,
    Shutdown: shutdown,
    Membership: membership,
    MajorVersion: majorVersion,
    Place: place,
    DataZone: dataZone,
    Protection: protection,
    ConfigFile: configFile,
    Jar: jar,
    Submission: submission,
    DnsRecords: dnsRecords,
    RegistryUsers: registryUsers,
    Password: password,
    OwnerKey: ownerKey,
    Certificate: certificate,
    LaunchKey: launchKey,
    OwnHostKey: ownHostKey,
    ExchangedHostKey: exchangedHostKey,
    PinnedHostKey: pinnedHostKey,
    SshContact: sshContact,
} satisfies Record<keyof typeof schema, unknown>;

/** All kinds of resources, by the last part of their tokens. */
export const kinds = each as unknown as Record<string, Kind<Properties, Properties>>;
