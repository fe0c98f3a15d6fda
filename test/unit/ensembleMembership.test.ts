import * as fs from "fs";
import * as net from "net";
import * as os from "os";
import * as path from "path";
import { ensembleMembership } from "../../provider/kinds/ensembleMembership";
import type { Inputs } from "../../provider/schema";

/** In Docker's place: a command in a container runs here, and what is stopped is noted. */
const docker = `#!/bin/bash
cd "$(dirname "$0")"
case $1 in
exec) shift 3 && exec "$@" ;;
stop) echo "$4" >>stopped ;;
esac
`;

let folder: string;
let ssh: string[];
let server: net.Server;
let port: number;

beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-membership-"));
    fs.writeFileSync(path.join(folder, "docker"), docker, { mode: 0o755 });
    fs.writeFileSync(path.join(folder, "stopped"), "");
    ssh = ["env", `PATH=${folder}:${process.env.PATH}`, "sh", "-c"];
    // Each member has an address of its own, where it answers until it is stopped.
    server = net.createServer((socket) => {
        const member = `zookeeper-${socket.localAddress?.split(".").at(-1)}`;
        socket.once("data", () => socket.end(stopped().includes(member) ? "" : "Mode: follower\n"));
    });
    await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
    ({ port } = server.address() as net.AddressInfo);
});
afterEach(() => {
    server.close();
    fs.rmSync(folder, { recursive: true });
});

function ensemble(size: number, mayLeave: string[] = []): Inputs<"EnsembleMembership"> {
    const daemons = Array.from({ length: size }, (_, index) => `zookeeper-${index + 1}`);
    const members = daemons.map((daemon, index) => ({
        daemon,
        container: daemon,
        ssh,
        address: `127.0.0.${index + 1}`,
        port,
        isLost: false,
    }));
    return { daemons, members, mayLeave, seconds: 10 };
}
const stopped = () => fs.readFileSync(path.join(folder, "stopped"), "utf8").trim().split("\n");

test.each([
    [5, 4, ["zookeeper-5"]],
    [5, 3, ["zookeeper-4", "zookeeper-5"]],
    [3, 1, ["zookeeper-2", "zookeeper-3"]],
])("of %d members %d stay: the others are stopped", async (before, after, leaving) => {
    await ensembleMembership.update?.(ensemble(before), ensemble(after, leaving));
    expect([...new Set(stopped())].sort()).toEqual(leaving);
});

test("who leaves without permission is refused", () => {
    expect(ensembleMembership.refuses?.(ensemble(3), ensemble(5))).toEqual([
        { property: "daemons", reason: expect.stringContaining("without zookeeper-4, zookeeper-5") as string },
    ]);
});
