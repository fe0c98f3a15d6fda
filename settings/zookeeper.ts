import { z } from "zod";
import { ports } from "../components/storm/spec/ports";
import { serverName } from "./values";

function portOf(server: string): number {
    return Number(server.split(":")[1] ?? ports.zookeeper);
}

/** The setting `zookeeperServers`: an existing ensemble; undefined: the stack creates one. */
export const zookeeperServers = z
    .array(serverName, { error: "must be a list of addresses or names" })
    .superRefine((servers, context) => {
        const problem = (index: number, message: string) =>
            context.addIssue({ code: "custom", path: [index], message });
        for (const [index, server] of servers.entries()) {
            const [name] = server.split(":");
            if (servers.findIndex((other) => other.split(":")[0] === name) < index) {
                problem(index, "is listed twice");
            }
            if (portOf(server) !== portOf(servers[0] as string)) {
                problem(
                    index,
                    `has the port ${portOf(server)}, and the first has ${portOf(servers[0] as string)}: Storm connects to all of them at one port`,
                );
            }
        }
    })
    .transform((servers) => {
        const [first] = servers;
        return first === undefined
            ? undefined
            : { servers: servers.map((server) => server.split(":")[0] as string), port: portOf(first) };
    });
