import { lostResources } from "../../scripts/lostResources";

test("what is kept, or what ignores changes, is not on a lost host for that alone", () => {
    const lost = { urn: "lost", retainOnDelete: true, ignoreChanges: ["*"] };
    const others = [
        { urn: "kept", retainOnDelete: true },
        { urn: "kept, ignores one", retainOnDelete: true, ignoreChanges: ["tags"] },
        { urn: "ignores all", ignoreChanges: ["*"] },
        { urn: "plain" },
    ];
    expect(lostResources([lost, ...others])).toEqual(["lost"]);
});
