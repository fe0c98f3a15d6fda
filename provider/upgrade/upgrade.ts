/** A cluster's way to the next major version of Storm, and back. Containers of that version are created afterwards. */
import { info } from "@pulumi/pulumi/log";
import { majorVersion } from "../image";
import { deactivateTopology, messageTimeout, topologyConfiguration } from "../nimbus/client";
import { answerUnlessStopped } from "../nimbus/leader";
import { pause } from "../waiting";
import * as cluster from "./cluster";
import type { Change, Data, DaemonAt } from "./cluster";
import { deactivated, remember } from "./deactivated";

const isStorm = ({ kind }: DaemonAt) => kind !== "zookeeper";
const isNimbus = ({ kind }: DaemonAt) => kind === "nimbus";
const keepsState = ({ kind }: DaemonAt) => kind === "nimbus" || kind === "zookeeper";

/** MiB that remain free beside a copy. */
const reserve = 100;

/**
 * Prepares a cluster for the next major version of Storm: deactivates its topologies, stops all daemons of Storm, and copies ZooKeeper's
 * and Nimbus's data. Storm's daemons of two major versions must not run together, as they do not read each other's heartbeats
 * (https://github.com/apache/storm/blob/master/docs/Cluster-State-Serialization.md, "Upgrade implications"). Interrupted, it continues
 * where it is run again.
 * @throws Error if the cluster cannot be upgraded: nothing is changed then.
 */
export async function upgrade(image: string, change: Change): Promise<void> {
    const { to } = change;
    const folder = cluster.copyFolder(to);
    const daemons = await checked(image, change);
    const keepers = daemons.filter(keepsState);
    const data = await cluster.onEach(keepers, (daemon) => cluster.dataOf(daemon, folder));
    refuseFullDisks(keepers, data);
    if (!daemons.some(({ kind }) => kind === "zookeeper")) {
        await info("The ZooKeeper ensemble is not the stack's: the update makes no copy of its data.");
    }

    await deactivateAll(change);
    await info(`Stopping all daemons of Storm: ${names(daemons.filter(isStorm))}`);
    await stopStorm(daemons);
    if (data.some(({ version }) => version === String(to))) {
        await info(`The copy of the data before Storm ${to} is kept: Storm ${to} has run already.`);
    } else {
        await info(`Copying the data of ${names(keepers)} to /data/${folder}`);
        await cluster.onEach(keepers, (daemon) => cluster.copyData(daemon, folder));
    }
    const withData = daemons.filter(({ kind }) => kind === "nimbus" || kind === "supervisor");
    await cluster.onEach(withData, (daemon) => cluster.allowVersion(daemon, to));
    await info(`The daemons of Storm ${to} start now; then the topologies are activated.`);
}

/**
 * Brings a cluster back to the copy of its data that the upgrade from this major version has made: ZooKeeper's and Nimbus's data are
 * replaced, and supervisors' deleted. What has changed since is lost. Interrupted, it continues where it is run again.
 * @throws Error if a daemon has no copy: nothing is changed then.
 */
export async function goBack(image: string, change: Change, from: number): Promise<void> {
    const folder = cluster.copyFolder(from);
    const daemons = await checked(image, change);
    const keepers = daemons.filter(keepsState);
    const data = await cluster.onEach(keepers, (daemon) => cluster.dataOf(daemon, folder));
    const without = keepers.filter((_, index) => !data[index]?.copy);
    if (without.length > 0 || !daemons.some(({ kind }) => kind === "zookeeper")) {
        const whose =
            without.length > 0 ? `${names(without)} has` : "the ZooKeeper ensemble, which is not the stack's, has";
        throw new Error(
            `The cluster cannot go back to Storm ${change.to}: ${whose} no copy of its data before Storm ${from}.`,
        );
    }
    await info(`Stopping all daemons: ${names(daemons)}`);
    await stopStorm(daemons);
    await cluster.stopAll(daemons.filter(({ kind }) => kind === "zookeeper"));
    await info(`Restoring the data of ${names(keepers)} from /data/${folder}`);
    await cluster.onEach(keepers, (daemon) => cluster.restoreData(daemon, folder));
    await cluster.onEach(
        daemons.filter(({ kind }) => kind === "supervisor"),
        cluster.clearData,
    );
    await cluster.startAll(daemons.filter(({ kind }) => kind === "zookeeper"));
}

/** The cluster's daemons, once each of its machines has the image, and that is of the version that is allowed. */
async function checked(image: string, change: Change): Promise<DaemonAt[]> {
    const unchanged = (error: Error) => {
        throw new Error(`The cluster is not changed to Storm ${change.to}, and nothing was touched: ${error.message}`);
    };
    const daemons = await cluster.daemonsOf(change).catch(unchanged);
    const nimbus = daemons.find(isNimbus);
    if (!nimbus) {
        throw new Error("The cluster has no container of a Nimbus: update it with its former image first.");
    }
    await info(`Storm ${change.to}: making sure that each machine has ${image}`);
    await cluster.pull(image, change).catch(unchanged);
    const version = await cluster.versionIn(image, nimbus.ssh);
    if (majorVersion(`storm:${version}`) !== change.to) {
        throw new Error(`${image} has Storm ${version}, and not Storm ${change.to}. Nothing was touched.`);
    }
    return daemons;
}

function refuseFullDisks(keepers: DaemonAt[], data: Data[]): void {
    const problems = keepers.flatMap(({ daemon }, index) => {
        const { used, free, copy } = data[index] as Data;
        // A copy from before is replaced.
        const room = (free + (copy ? used : 0)) / 1024 - reserve;
        return used / 1024 > room
            ? [
                  `${daemon} has ${Math.ceil(used / 1024)} MiB of data, and room for a copy of ${Math.max(0, Math.floor(room))} MiB`,
              ]
            : [];
    });
    if (problems.length > 0) {
        throw new Error(
            `There is too little room for a copy of the data, and nothing was touched: ${problems.join("; ")}.`,
        );
    }
}

/** Deactivates all topologies, and waits until no tuple is under way. Those that were active are remembered. */
async function deactivateAll({ nimbuses }: Change): Promise<void> {
    const before = await deactivated(nimbuses);
    const found = await answerUnlessStopped(nimbuses, async ({ nimbus, summary }) => {
        const active = summary.topologies.filter(({ status }) => status === "ACTIVE");
        const timeouts = await Promise.all(
            active.map(async ({ id }) => messageTimeout(await topologyConfiguration(nimbus, id))),
        );
        return { active: active.map(({ name }) => name), seconds: Math.max(0, ...timeouts) };
    });
    if (!found && before === undefined) {
        throw new Error(
            "No Nimbus runs, which would deactivate the topologies, and nothing was touched: update the cluster with its former image first.",
        );
    }
    if (!found) {
        return;
    }
    const { active, seconds } = found;
    await remember(nimbuses, [...new Set([...(before ?? []), ...active])]);
    if (active.length === 0) {
        return;
    }
    await info(`Deactivating ${active.join(", ")}, and waiting ${seconds} s for tuples that are under way`);
    await answerUnlessStopped(nimbuses, async ({ nimbus }) => {
        for (const name of active) {
            await deactivateTopology(nimbus, name);
        }
    });
    await pause("tuples that are under way", seconds);
}

/** Stops Storm's daemons. Nimbus stops first: it would move the work of supervisors that stop. */
async function stopStorm(daemons: DaemonAt[]): Promise<void> {
    await cluster.stopAll(daemons.filter(isNimbus));
    await cluster.stopAll(daemons.filter((each) => isStorm(each) && !isNimbus(each)));
}

function names(daemons: DaemonAt[]): string {
    return daemons.map(({ daemon }) => daemon).join(", ");
}
