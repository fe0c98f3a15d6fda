import { dnsServers, isZone, zoneOf } from "../components/discovery/names";
import { type DaemonRef, ofKind } from "../components/daemonRef";
import { localSupervisors } from "../components/targets/localAddresses";
import { daemonRefs } from "../components/storm/spec/composition";
import { edges } from "../components/storm/spec/edges";
import { portsBehindProxy } from "../components/storm/spec/ports";
import type { Security } from "../components/storm/spec/security";
import { majorVersion } from "../provider/image";
import { authorityProblems } from "./authority";
import { autoscaleProblems } from "./autoscale";
import { awsProblems } from "./aws";
import type { Fields } from "./fields";
import { fleetProblems } from "./fleet";
import { loggingProblems } from "./logging";
import { jvmsOf, memoryProblems } from "./memory";
import { monitoringPorts, monitoringProblems } from "./monitoring";
import { misplacements, sharesMachines, withSpares } from "./placement";
import { scopeProblems } from "./scopes";
import { securityOf, securityProblems } from "./security";
import { openedPorts, stormYamlProblems } from "./stormYaml";
import { zooCfgProblems } from "./zooCfg";

/** The settings that are valid each by itself; others are left out. */
export type Valid = Partial<Fields>;

/** Receives each mistake: the setting's path, and what is wrong. */
export type Problem = (path: (string | number)[], message: string) => void;

/** The daemons that the settings ask for; undefined if a count is not valid. */
function daemonsOf({ zookeepers, zookeeperServers, nimbuses, supervisors, drpcs, ui }: Valid): DaemonRef[] | undefined {
    return zookeepers === undefined ||
        nimbuses === undefined ||
        supervisors === undefined ||
        drpcs === undefined ||
        ui === undefined
        ? undefined
        : daemonRefs({ zookeepers: zookeeperServers ? 0 : zookeepers, nimbuses, supervisors, drpcs, ui });
}

/**
 * Finds mistakes in settings that are valid each by itself.
 * @param secret Whether a setting is encrypted.
 */
export function ruleProblems(
    settings: Valid,
    clusterName: string,
    secret: (key: string) => boolean,
    problem: Problem,
): void {
    const daemons = daemonsOf(settings);
    scopeProblems(settings, problem);
    stormYamlProblems(settings.stormYaml ?? {}, majorVersion(settings.stormImage ?? ""), (path, message) =>
        problem(["stormYaml", ...path], message),
    );
    zooCfgProblems(settings.zooCfg ?? {}, (path, message) => problem(["zooCfg", ...path], message));
    securityProblems(settings, problem);
    authorityProblems(settings, problem);
    loggingProblems(settings.logging, (path, message) => problem(["logging", ...path], message));
    memoryProblems(settings, problem);
    portProblems(settings, problem);
    monitoringProblems(settings, problem);
    autoscaleProblems(settings, problem);
    fleetProblems(settings, secret, problem);
    nameProblems(settings, problem);
    discoveryProblems(settings, clusterName, problem);
    if (daemons) {
        placementProblems(settings, daemons, problem);
    }
    if (settings.target === "aws" && settings.aws) {
        const wrong: Problem = (path, message) => problem(["aws", ...path], message);
        awsProblems(settings.aws, settings, daemons, jvmsOf(settings), wrong);
    }
    if (settings.ssh?.keyFile && settings.sshKey) {
        problem(["sshKey"], "is set, and so is storm:ssh.keyFile: remove one of the two");
    }
}

/**
 * Finds mistakes in valid settings of a cluster that goes back from a `security`, and needs what that needs until it has left it.
 * @param has What the cluster still has.
 */
export function leavingProblems(settings: Omit<Valid, "zookeepers">, has: Security, problem: Problem): void {
    const needed = { ...settings, security: has };
    const report: Problem = ([key = "", ...path], message) =>
        problem([key, ...path], key === "security" ? `has not left ${has} yet, which ${message}` : message);
    securityProblems(needed, report);
    portProblems(needed, report);
    if (settings.fleet) {
        report(["security"], "storm:fleet cannot have: remove the fleet until then");
    }
}

function portProblems(settings: Valid, problem: Problem): void {
    const { target, uiPort, slots, ui, stormYaml, discovery, ambassadorTls: tls = false } = settings;
    const security = securityOf(settings.security ?? "none");
    if (uiPort === undefined) {
        return;
    }
    if (slots !== undefined) {
        const ambassadors = discovery === "ambassador" ? { tls } : undefined;
        // Ports that each machine opens are compared in monitoringProblems.
        const monitoring = { ...monitoringPorts(settings.monitoring), nodeExporter: false, cadvisor: false };
        const all = edges({ slots, uiPort, ambassadors, security, monitoring: settings.monitoring && monitoring });
        const owner = (port: unknown, among = all) =>
            among.find(({ ports: [first, last] }) => typeof port === "number" && first <= port && port <= last)?.to;
        const others = all.filter(({ to }) => to !== "ui");
        if (sharesMachines(settings) && ui && owner(uiPort, others)) {
            problem(["uiPort"], `is a port of ${owner(uiPort, others)}`);
        }
        for (const key of openedPorts.filter((each) => owner(stormYaml?.[each]))) {
            problem(["stormYaml", key], `is a port of ${owner(stormYaml?.[key])}`);
        }
    }
    if (security === "tls" && target !== "local") {
        behindProxyProblems(settings, problem);
    }
    if ((target === "hosts" || target === "aws") && uiPort < 1024 && ui) {
        problem(["uiPort"], "is below 1024, which a container without privileges cannot open on a host");
    }
}

/** On machines, Storm's servers of pages listen beside the reverse proxy. */
function behindProxyProblems({ uiPort, ui, monitoring }: Valid, problem: Problem): void {
    const wanted: [string[], number | false | undefined][] = [
        [["uiPort"], ui && uiPort],
        [["monitoring", "port"], monitoring?.prometheus && monitoring.port],
        [["monitoring", "grafanaPort"], monitoring?.grafana && monitoring.grafanaPort],
    ];
    const taken: unknown[] = Object.values(portsBehindProxy);
    for (const [path] of wanted.filter(([, value]) => taken.includes(value))) {
        problem(
            path,
            `is a port behind the reverse proxies of storm:security, as are ${taken.join(", ")}: set another one`,
        );
    }
}

/** A name with an underscore is one that Docker resolves, on its own networks: no host has one (RFC 1123). */
function nameProblems({ target, zookeeperServers }: Valid, problem: Problem): void {
    if (target === "local") {
        return;
    }
    for (const [index, server] of (zookeeperServers?.servers ?? []).entries()) {
        if (server.includes("_")) {
            const message =
                "has an underscore, which the name of a host cannot have: give its address, or another name";
            problem(["zookeeperServers", index], message);
        }
    }
}

function discoveryProblems({ discovery }: Valid, clusterName: string, problem: Problem): void {
    if (discovery === "dns" && !isZone(zoneOf(clusterName))) {
        const limits = "whose parts have 1 to 63 characters, and none of them a dash at an end";
        problem(
            ["discovery"],
            `needs a domain, ${limits}, and the stack's name makes ${zoneOf(clusterName)}: name the stack otherwise`,
        );
    }
}

function placementProblems(settings: Valid, daemons: DaemonRef[], problem: Problem): void {
    const { target, discovery, hosts, subnet, startEmpty = [], supervisors = 0 } = settings;
    if (target === "hosts" && hosts) {
        const servers = discovery === "dns" ? dnsServers.map((name) => ({ kind: "dns", name })) : [];
        for (const { path, message } of misplacements(
            withSpares(hosts, supervisors),
            [...daemons, ...servers],
            "host",
        )) {
            problem(["hosts", ...path], message);
        }
    }
    const withData = [...ofKind(daemons, "zookeeper"), ...ofKind(daemons, "nimbus")].map(({ name }) => name);
    for (const [index, daemon] of startEmpty.entries()) {
        if (!withData.includes(daemon)) {
            const message =
                "is no ZooKeeper member and no Nimbus of this cluster; other daemons may always start empty";
            problem(["startEmpty", index], message);
        }
    }
    if (target === "local" && subnet !== undefined && supervisors > localSupervisors(subnet)) {
        problem(["subnet"], `has no address for supervisor-${supervisors}: give a larger one, such as a /16`);
    }
}
