import { registryHosts } from "../components/discovery/ambassador/machines";
import { names, zoneOf } from "../components/discovery/names";
import { ownerLabel, removingLeftover } from "../components/hosts/leftover";
import { LocalHost } from "../components/hosts/localHost";
import { Owner } from "../components/hosts/owner";
import { LocalNetwork } from "../components/network/localNetwork";
import { daemonsOf, localAddress, type StackSettings } from "../settings";
import type { Target } from "./target";

/** The target `local`: a host for each daemon, on a Docker network of this machine. */
export function localHosts(settings: StackSettings, clusterName: string): Target {
    const { key: owner } = new Owner("owner");
    const network = new LocalNetwork("network", {
        networkName: clusterName,
        subnet: settings.subnet,
        labels: owner.apply((key) => ({ "storm.cluster": clusterName, [ownerLabel]: key })),
        hooks: removingLeftover({ kind: "network", named: clusterName, owner }),
    });
    const host = (daemon: string) => new LocalHost(`host-${daemon}`, { network, owner, address: localAddress(settings.subnet, daemon) });
    const hosts = Object.fromEntries(daemonsOf(settings).map((daemon) => [daemon, host(daemon)]));
    // The network knows them: Docker itself answers for it.
    const dns = () => names(zoneOf(clusterName));
    // One for all of this machine.
    const ambassadors = () => {
        const [registrar, proxy] = [host("registrar"), host("proxy")];
        const registry = Object.fromEntries(Object.keys(registryHosts(hosts)).map((member) => [member, host(member)]));
        return { machines: [{ registrar, proxy, address: proxy.address }], registry };
    };
    return { hosts, dns, ambassadors, outputs: settings.ui ? { uiUrl: `http://127.0.0.1:${settings.uiPort}` } : {} };
}
