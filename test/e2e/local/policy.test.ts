import { TestStack } from "../stack";

let stack: TestStack;
beforeAll(() => {
    stack = new TestStack("e2e-prod", { subnet: "172.30.93.0/24", ui: false, logviewers: false });
});
afterAll(() => stack.discard());

test("an update that violates a policy stops before a container is made, and says what to do", async () => {
    const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview", "--policy-pack", "policy");
    expect([code === 0, output]).toEqual([
        false,
        expect.stringMatching(/\[mandatory\] +pinned-images[^]*In production name the digest too/) as string,
    ]);
    expect(stack.containers()).toEqual({});
});
