// Long, as updates are ended at six moments, and each is followed by one that has to end well.
import { docker, TestStack, until } from "../stack";

const heap = { zookeeper: 128, nimbus: 256, supervisor: 128, worker: 128 };
/** Moments of an update, as shares of its steps. The two ways take turns at them, unless `MOMENTS=all`: each costs a minute. */
const moments = [0.2, 0.5, 0.8];
const momentsOf = (turn: number) => moments.filter((_, index) => process.env.MOMENTS === "all" || index % 2 === turn);

/** How many steps an update has said that it begins, or has done. */
const steps = (output: string): number =>
    [...output.matchAll(/^ *[-+~@]+ +\S+:\w+ \S+ (creat|delet|updat)(ing|ed)/gm)].length;

/** As docs/recovery.md says. */
async function afterKill(stack: TestStack): Promise<void> {
    stack.removeEmptyChecksums();
    await stack.pulumi("cancel", "--yes");
}

/** Ways to end an update midway, and what has to be done before the next. */
const ways: Record<string, { turn: number; subnet: string; recover: (stack: TestStack) => Promise<unknown> }> = {
    SIGINT: { turn: 0, subnet: "172.30.87.0/24", recover: () => Promise.resolve() },
    SIGKILL: { turn: 1, subnet: "172.30.88.0/24", recover: afterKill },
};

describe.each(Object.entries(ways))("after %s", (signal, { turn, subnet, recover }) => {
    let stack: TestStack;
    let making: number;
    let changing: number;
    let whole: Record<string, string[]>;
    beforeAll(async () => {
        stack = new TestStack(`e2e-${signal.toLowerCase()}`, {
            subnet,
            supervisors: 1,
            slots: 1,
            ui: false,
            logviewers: false,
            heap,
        });
        making = steps(await stack.up());
        whole = there();
        change(0);
        changing = steps(await stack.up());
    });
    afterAll(() => stack.discard());

    /** Names of what there is of the stack, whoever made it. */
    const there = () => ({
        containers: docker("ps", "--all", "--filter", `name=^${stack.cluster}-`, "--format", "{{.Names}}")
            .split("\n")
            .sort(),
        networks: docker("network", "ls", "--filter", `name=^${stack.cluster}$`, "--format", "{{.Name}}").split("\n"),
        volumes: docker("volume", "ls", "--filter", `name=^${stack.cluster}-`, "--format", "{{.Name}}")
            .split("\n")
            .sort(),
    });
    /** Has the next update make every container anew. */
    const change = (more: number) =>
        stack.set({
            heap: { ...heap, zookeeper: heap.zookeeper + more },
            stormYaml: { "this.test.has.changed": more },
        });

    /** Starts an update, ends it once it has done so many steps, and runs another one, which has to end well. */
    async function interrupt(after: number): Promise<void> {
        const update = stack.start("up", "--yes", "--skip-preview");
        let isOver = false;
        void update.done.then(() => (isOver = true));
        // The last steps are done within half a second.
        await until("the moment", 300, () => isOver || steps(update.output()) >= after, 10);
        update.kill(signal as NodeJS.Signals);
        const { code } = await update.done;
        await recover(stack);
        await stack.up();
        expect([code === 0, there()]).toEqual([false, whole]);
    }

    test.each(momentsOf(turn))(
        "at %d of an update that changes everything, the next one ends with a ready cluster and no orphan",
        async (moment) => {
            change(moment * 10);
            await interrupt(moment * changing);
        },
    );

    test.each(momentsOf(1 - turn))(
        "at %d of the first update, the next one ends with a ready cluster and no orphan",
        async (moment) => {
            await stack.pulumi("destroy", "--yes", "--skip-preview");
            expect(there()).toMatchObject({ containers: [""], networks: [""] });
            await interrupt(moment * making);
        },
    );

    test("and after all of them, nothing is to be changed", async () => {
        await stack.up("--refresh", "--expect-no-changes");
    });
});
