import { merge } from "../../scripts/stackFile";

test("what changed in the sources is changed in the stack's file, and the user's own settings stay", () => {
    const base = { "storm:supervisors": 2, "storm:ui": true, "storm:slots": 2 };
    const wanted = { "storm:supervisors": 3, "storm:slots": 2, "storm:drpcs": 1 };
    const mine = { ...base, "storm:slots": 4, "storm:uiPort": 9000 };
    expect(merge(base, wanted, mine)).toEqual({
        "storm:supervisors": 3,
        "storm:slots": 4,
        "storm:drpcs": 1,
        "storm:uiPort": 9000,
    });
});

test("a setting that both changed is a conflict, unless they agree", () => {
    expect(() => merge({ a: 1 }, { a: 2 }, { a: 3 })).toThrow("a was changed on both sides: 3 here, 2 there");
    expect(merge({ a: 1 }, { a: 2 }, { a: 2 })).toEqual({ a: 2 });
});

test("what Pulumi wrote back as a string is no change", () => {
    expect(merge({ a: true, b: 2 }, { b: 2 }, { a: "true", b: "2" })).toEqual({ b: "2" });
});
