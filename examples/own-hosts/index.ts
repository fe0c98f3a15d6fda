import * as pulumi from "@pulumi/pulumi";
import { type Host, Owner, SshHost, StormCluster } from "storm-on-docker";

/** A machine of yours, and what runs there. */
interface Machine {
    name: string;
    address: string;
    daemons: string[];
    /** The first two words of its /etc/ssh/ssh_host_ed25519_key.pub; default: the key that it shows at first, from then on. */
    hostKey?: string;
}

const config = new pulumi.Config();
const user = config.require("user");
const { key: owner } = new Owner("owner");

const hosts: Record<string, Host> = {};
for (const { name, address, daemons, hostKey } of config.requireObject<Machine[]>("machines")) {
    const host = new SshHost(name, { address, endpoint: { user }, hostKey, owner });
    for (const daemon of daemons) {
        hosts[daemon] = host;
    }
}

const clusterName = `${pulumi.getProject()}-${pulumi.getStack()}`;
const cluster = new StormCluster("storm", { clusterName, hosts, heap: { nimbus: 512, worker: 512 } });

export const { nimbusSeeds, supervisors } = cluster;
export const uiUrl = hosts.ui && pulumi.interpolate`http://${hosts.ui.address}:8080`;
