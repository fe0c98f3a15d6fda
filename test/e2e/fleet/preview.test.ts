import { describeEc2 } from "../../lab/ec2/describeEc2";
import { TestStack } from "../stack";
import { fleetOf, stackWithFleet } from "./settings";

interface Step {
    op: string;
    urn: string;
    newState?: { inputs?: Record<string, unknown> };
}

describeEc2("a preview of a fleet", () => {
    let stack: TestStack;
    beforeAll(() => {
        stack = new TestStack("e2e-fleet-preview", stackWithFleet(3));
    });
    afterAll(() => stack?.discard());

    /** What an update from nothing would do, for a fleet of so many machines. */
    async function planned(machines: number): Promise<Step[]> {
        stack.set({ fleet: fleetOf(machines) });
        const { code, output } = await stack.pulumi("preview", "--json");
        expect([code, code === 0 ? "" : output]).toEqual([0, ""]);
        return (JSON.parse(output.slice(output.indexOf("{"))) as { steps: Step[] }).steps;
    }

    test("has the same resources for 1000 machines as for 3, as one group has them all", async () => {
        const [few, many] = [await planned(3), await planned(1000)];
        const told = (steps: Step[]) => steps.map(({ op, urn }) => `${op} ${urn}`).sort();
        expect(told(many)).toEqual(told(few));
        const groups = many.filter(({ urn }) => urn.includes("aws:autoscaling/group:Group::"));
        expect(groups.map(({ newState }) => newState?.inputs)).toMatchObject([{ minSize: 1000, maxSize: 1000 }]);
    });
});
