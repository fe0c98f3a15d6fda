import { z } from "zod";
import { ports } from "../components/storm/ports";
import { dialled } from "./values";

function portOf(server: string): number {
    return Number(server.split(":")[1] ?? ports.zookeeper);
}

/** The setting `zookeeperServers`: an ensemble that is there already; undefined: the stack makes one. */
export const zookeeperServers = z
    .array(dialled, { error: "is not a list of addresses or names" })
    .superRefine((servers, context) => {
        const problem = (index: number, message: string) => context.addIssue({ code: "custom", path: [index], message });
        for (const [index, server] of servers.entries()) {
            const [name] = server.split(":");
            if (servers.findIndex((other) => other.split(":")[0] === name) < index) {
                problem(index, "is there twice");
            }
            if (portOf(server) !== portOf(servers[0] as string)) {
                problem(index, `is dialled at ${portOf(server)}, and the first at ${portOf(servers[0] as string)}: Storm dials all at one port`);
            }
        }
    })
    .transform((servers) => {
        const [first] = servers;
        return first === undefined ? undefined : { servers: servers.map((server) => server.split(":")[0] as string), port: portOf(first) };
    });
