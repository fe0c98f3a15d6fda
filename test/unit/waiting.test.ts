import { cancel, waitUntil, orError } from "../../provider/waiting";

test("waits until nothing is missing, and looks at once", async () => {
    const answers = ["a", "b", undefined];
    expect(await waitUntil("it", async () => answers.shift(), { seconds: 60, milliseconds: 1 })).toBeUndefined();
    expect(answers).toEqual([]);
});

test("tells what is missing once time is over", async () => {
    expect(await waitUntil("it", async () => "a part", { seconds: 0 })).toBe("a part");
});

test("a limit may grow meanwhile", async () => {
    let limit = 0;
    const answers = ["a", "b", undefined];
    const look = async () => {
        limit = 60;
        return answers.shift();
    };
    expect(await waitUntil("it", look, { seconds: () => limit, milliseconds: 1 })).toBeUndefined();
});

test("an error ends it, unless it is what is missing", async () => {
    const broken = () => Promise.reject(new Error("broken"));
    await expect(waitUntil("it", broken, { seconds: 60 })).rejects.toThrow("broken");
    expect(await waitUntil("it", orError(broken), { seconds: 0 })).toBe("broken");
    const wordless = () => Promise.reject(Object.assign(new Error(), { name: "Wordless", message: undefined }));
    expect(await waitUntil("it", orError(wordless), { seconds: 0 })).toBe("Wordless");
});

/** Last, as it ends all waiting of this process. */
test("a cancelled update ends it, though a look hangs, with what it waited for", async () => {
    let looks = 0;
    const hangs = () => (looks++ === 0 ? Promise.resolve("a part") : new Promise<undefined>(() => undefined));
    const waiting = waitUntil("nimbus-1", hangs, { seconds: 3600, milliseconds: 1 });
    const sleeping = waitUntil("nimbus-2", async () => "all", { seconds: 3600, milliseconds: 3_600_000 });
    setTimeout(cancel, 50);
    await expect(waiting).rejects.toThrow("Cancelled while waiting for nimbus-1: a part");
    await expect(sleeping).rejects.toThrow("Cancelled while waiting for nimbus-2: all");
    await expect(waitUntil("nimbus-3", async () => "all", { seconds: 3600 })).rejects.toThrow(
        "Cancelled while waiting for nimbus-3",
    );
});
