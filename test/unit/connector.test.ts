import * as fs from "fs";
import * as net from "net";
import { Unanswered } from "../../provider/machines/connector";
import { ageOf, type Connect, connectFrom } from "../../provider/machines/container";
import { calls, ssh } from "./dockerStandIn";

let server: net.Server;
let port: number;
let connect: Connect;

beforeAll(async () => {
    connect = connectFrom({ container: "nimbus-1", ssh });
    // Answers a question with itself, and a frame with one of the same content.
    server = net.createServer((socket) => socket.on("data", (data) => socket.end(data)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ({ port } = server.address() as net.AddressInfo);
});
afterAll(() => server.close());

test("gives all that comes back, or a frame, whatever its bytes", async () => {
    expect(String(await connect("127.0.0.1", port, Buffer.from("srvr"), "all"))).toBe("srvr");
    const content = Buffer.from([0, 255, 10, 13, 32, 39]);
    expect(
        await connect("127.0.0.1", port, Buffer.concat([Buffer.from([0, 0, 0, content.length]), content]), 4),
    ).toEqual(content);
    expect(await connect("127.0.0.1", port, Buffer.alloc(0), "none")).toEqual(Buffer.alloc(0));
});

test("one process answers one question after the other, and several at once have one each", async () => {
    await connect("127.0.0.1", port, Buffer.from("a"), "all");
    const before = calls();
    for (const word of ["b", "c", "d"]) {
        expect(String(await connect("127.0.0.1", port, Buffer.from(word), "all"))).toBe(word);
    }
    expect(calls()).toBe(before);
    const together = await Promise.all(["e", "f"].map((word) => connect("127.0.0.1", port, Buffer.from(word), "all")));
    expect([together.map(String), calls()]).toEqual([["e", "f"], before + 1]);
});

test("a refused connection says so, and leaves the process for the next", async () => {
    const before = calls();
    const refused = connect("127.0.0.1", 1, Buffer.alloc(0), "none");
    await expect(refused).rejects.toThrow(Unanswered);
    await expect(refused).rejects.toThrow(/refused/);
    await connect("127.0.0.1", port, Buffer.from("a"), "all");
    expect(calls()).toBe(before);
});

test("a frame that does not come is an error", async () => {
    const none = connect("127.0.0.1", port, Buffer.from([0, 0]), 4);
    await expect(none).rejects.toThrow("the connection was closed without an answer");
});

test("where no command runs, Docker's own words say why", async () => {
    const gone = connectFrom({ container: "gone", ssh })("127.0.0.1", port, Buffer.alloc(0), "none");
    await expect(gone).rejects.toThrow("No such container: gone");
    await expect(gone).rejects.not.toThrow(Unanswered);
});

test("a container's age is that of its first process", async () => {
    const [up = 0] = fs.readFileSync("/proc/uptime", "utf8").split(" ").map(Number);
    const age = await ageOf({ container: "nimbus-1", ssh });
    expect(age).toBeGreaterThanOrEqual(0);
    expect(age).toBeLessThanOrEqual(up + 1);
});
