import * as http from "http";
import type { AddressInfo } from "net";
import * as log from "@pulumi/pulumi/log";
import { fleetReady } from "../../provider/kinds/fleetReady";
import { leaderOf } from "../../provider/nimbus/leader";
import type { Inputs } from "../../provider/schema";

// No test waits for the next look.
jest.mock("timers/promises", () => ({ setTimeout: () => new Promise((resolve) => setImmediate(resolve)) }));
jest.mock("../../provider/nimbus/leader", () => ({ leaderOf: jest.fn() }));
jest.mock("../../provider/machines/container", () => ({
    describe: ({ container }: { container: string }) => Promise.resolve(`log of ${container}`),
}));

jest.setTimeout(60_000);

interface Machine {
    id: string;
    state?: string;
    version?: string;
    type?: string;
    address?: string;
}

/** What AWS and Nimbus say at a moment. */
interface Moment {
    wanted: number;
    machines: Machine[];
    refresh?: { id?: string; status: string; percent?: number; reason?: string };
    listed?: string[];
}

const element = (name: string, ...content: unknown[]) => `<${name}>${content.join("")}</${name}>`;
let moments: Moment[];
let refusal: string | undefined;
let preferences: object;
const calls: string[] = [];
const now = () => moments[0] as Moment;

function answer(action: string, words: URLSearchParams): string {
    const { wanted, machines, refresh } = now();
    const result = (...content: string[]) => element(`${action}Result`, ...content);
    switch (action) {
        case "DescribeAutoScalingGroups":
            return result(
                element(
                    "AutoScalingGroups",
                    element(
                        "member",
                        element("DesiredCapacity", wanted),
                        element(
                            "Instances",
                            ...machines.map(({ id, state = "InService", version = "2", type = "m7i.large" }) =>
                                element(
                                    "member",
                                    element("InstanceId", id),
                                    element("LifecycleState", state),
                                    element("InstanceType", type),
                                    element("LaunchTemplate", element("Version", version)),
                                ),
                            ),
                        ),
                    ),
                ),
            );
        case "DescribeInstanceRefreshes": {
            const old = element(
                "member",
                element("Status", "Successful"),
                element("StartTime", "2026-01-01T00:00:00Z"),
            );
            const newest =
                refresh &&
                element(
                    "member",
                    element("InstanceRefreshId", refresh.id ?? "by-the-update"),
                    element("Status", refresh.status),
                    element("PercentageComplete", refresh.percent ?? 0),
                    element("StatusReason", refresh.reason ?? ""),
                );
            return result(element("InstanceRefreshes", old, newest ?? ""));
        }
        case "StartInstanceRefresh":
            preferences = Object.fromEntries([...words].filter(([key]) => key.startsWith("Preferences.")));
            return result(element("InstanceRefreshId", "again"));
        case "DescribeScalingActivities":
            return result(
                element(
                    "Activities",
                    element("member", element("StatusCode", "Successful"), element("Description", "Launching i-0")),
                    element(
                        "member",
                        element("StatusCode", "Failed"),
                        element("Description", "Launching a new instance"),
                        element("StatusMessage", "no capacity in eu-central-1a"),
                    ),
                ),
            );
        case "DescribeInstances":
            expect(words.get("Filter.1.Name")).toBe("tag:aws:autoscaling:groupName");
            return element(
                "reservationSet",
                ...machines.map(({ id, address = `10.0.0.${id.slice(2)}` }) =>
                    element(
                        "item",
                        element(
                            "instancesSet",
                            element("item", element("instanceId", id), element("privateIpAddress", address)),
                        ),
                    ),
                ),
            );
        default:
            throw new Error(`${action} is unknown`);
    }
}

const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
        const words = new URLSearchParams(Buffer.concat(chunks).toString());
        const action = words.get("Action") ?? "";
        calls.push(action);
        // Each look begins with the group, and finds the next moment.
        if (
            action === "DescribeAutoScalingGroups" &&
            calls.filter((each) => each === action).length > 1 &&
            moments[1]
        ) {
            moments.shift();
        }
        if (refusal !== undefined) {
            const error = element("Error", element("Code", "AccessDenied"), element("Message", refusal));
            response.writeHead(403).end(element("ErrorResponse", error));
            return;
        }
        response.end(element(`${action}Response`, answer(action, words)));
    });
});

const before = { ...process.env };
const told: string[] = [];
beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    Object.assign(process.env, {
        AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        ...{ AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
    });
    jest.spyOn(log, "info").mockImplementation((text) => Promise.resolve(void told.push(text)));
    jest.mocked(leaderOf).mockImplementation(() => {
        const { listed } = now();
        return listed === undefined
            ? Promise.reject(new Error("No Nimbus accepts changes"))
            : Promise.resolve({ summary: { supervisors: listed.map((host) => ({ host })) } } as never);
    });
});
afterAll(() => {
    process.env = before;
    server.close();
    server.closeAllConnections();
});
beforeEach(() => {
    told.length = calls.length = 0;
    refusal = undefined;
});

const inputs: Inputs<"FleetReady"> = {
    ...{ group: "a-fleet", region: "eu-central-1", version: "2", triggers: [], nimbuses: [], seconds: 600 },
    instanceTypes: ["m7i.large", "m7a.large"],
    controllers: [{ container: "a-fleet-controller" }],
    refresh: { minHealthyPercentage: 100, maxHealthyPercentage: 110 },
};
const create = (changes: object = {}) => fleetReady.create?.({ ...inputs, ...changes });
const failure = async (seconds = 0.001) => {
    const error = await create({ seconds })?.catch((each: Error) => each);
    return error instanceof Error ? error.message : "it is ready";
};

test("a fleet is ready once it has what it wants, in service, from the template, listed by Nimbus", async () => {
    const [one, two] = [{ id: "i-1" }, { id: "i-2" }];
    const refresh = { status: "InProgress", percent: 50 };
    moments = [
        { wanted: 2, machines: [], listed: [] },
        { wanted: 2, machines: [{ ...one, state: "Pending:Wait" }], listed: [] },
        { wanted: 2, machines: [one, { ...two, version: "1" }], listed: ["10.0.0.1", "10.0.0.2"], refresh },
        { wanted: 2, machines: [one, two], listed: ["10.0.0.1"] },
        { wanted: 2, machines: [one, two], listed: ["10.0.0.1", "10.0.0.2"], refresh },
        { wanted: 2, machines: [one, two, { id: "i-3", state: "Terminating:Wait" }], listed: ["10.0.0.1", "10.0.0.2"] },
    ];
    await create();
    expect(told).toEqual([
        "fleet a-fleet: 0 of 2 machines of a-fleet are ready",
        "fleet a-fleet: 0 of 2 machines of a-fleet are ready; i-1 (10.0.0.1) is Pending:Wait",
        "fleet a-fleet: 1 of 2 machines of a-fleet are ready; instance refresh: InProgress, 50 %; " +
            "i-2 (10.0.0.2) is from version 1 of the template, in place of 2",
        "fleet a-fleet: 1 of 2 machines of a-fleet are ready; i-2 (10.0.0.2) is not listed by Nimbus",
        "fleet a-fleet: 2 of 2 machines of a-fleet are ready; instance refresh: InProgress, 50 %",
    ]);
});

test("a fleet that wants no machine is ready, whether or not Nimbus answers", async () => {
    moments = [{ wanted: 0, machines: [] }];
    await create();
    expect(told).toEqual([]);
});

test("time counts from the last machine that became ready, or the last percent of a refresh", async () => {
    const listed = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
    const machines = (count: number) => Array.from({ length: count }, (_, index) => ({ id: `i-${index + 1}` }));
    const clock = jest.spyOn(Date, "now");
    let time = 1_000_000;
    // Each look is 400 s after the one before, and one thing gets on.
    clock.mockImplementation(() => time);
    jest.mocked(leaderOf).mockImplementationOnce(() => Promise.reject(new Error("not yet")));
    moments = [0, 1, 2, 3].map((count) => ({ wanted: 3, machines: machines(count), listed }));
    const step = () => void (time += 200_000);
    server.on("request", step);
    try {
        await create({ seconds: 1200 });
    } finally {
        server.off("request", step);
        clock.mockRestore();
    }
    expect(time - 1_000_000).toBeGreaterThan(1_200_000);
});

test("an error names what is missing, the group's last failed activity, and what the controllers say", async () => {
    moments = [
        { wanted: 7, machines: [1, 2, 3, 4, 5, 6, 7].map((id) => ({ id: `i-${id}`, state: "Pending" })), listed: [] },
    ];
    expect(await failure()).toBe(
        [
            "The fleet a-fleet is not ready, and got no further for 0.001 s: 0 of 7 machines of a-fleet are ready; " +
                [1, 2, 3, 4, 5].map((id) => `i-${id} (10.0.0.${id}) is Pending`).join("; ") +
                "; and 2 more",
            "The group's last failed activity: Launching a new instance no capacity in eu-central-1a",
            "log of a-fleet-controller",
        ].join("\n"),
    );
    moments = [{ wanted: 1, machines: [{ id: "i-1" }] }];
    expect(await failure()).toContain("No Nimbus accepts changes");
});

describe("where no refresh goes on, though machines are outdated,", () => {
    const outdated = { wanted: 1, machines: [{ id: "i-1", version: "1" }], listed: ["10.0.0.1"] };
    const failed = { ...outdated, refresh: { status: "Failed", reason: "an instance did not come" } };
    const begun = () => calls.filter((call) => call === "StartInstanceRefresh").length;

    test.each([failed, { ...outdated, refresh: { status: "Cancelled" } }, outdated])(
        "one is begun: %j",
        async (moment) => {
            const again = { id: "again", status: "InProgress" };
            const done = { ...outdated, machines: [{ id: "i-1" }] };
            moments = [
                moment,
                moment,
                { ...outdated, refresh: again },
                { ...done, refresh: { ...again, status: "Successful" } },
            ];
            await create();
            expect(begun()).toBe(1);
            expect(preferences).toEqual({
                "Preferences.MinHealthyPercentage": "100",
                "Preferences.MaxHealthyPercentage": "110",
                "Preferences.SkipMatching": "true",
            });
        },
    );

    test("one is begun for machines of types that are not listed", async () => {
        const other = { ...outdated, machines: [{ id: "i-1", type: "t3.large" }] };
        moments = [other, other, { ...outdated, machines: [{ id: "i-1" }] }];
        await create();
        expect(begun()).toBe(1);
        expect(told).toContain(
            "fleet a-fleet: 0 of 1 machines of a-fleet are ready; " +
                "i-1 (10.0.0.1) is of the type t3.large, in place of m7i.large or m7a.large",
        );
    });

    test("and the one that was begun has failed too, waiting ends at once, and the next update begins another", async () => {
        moments = [failed, { ...failed, refresh: { ...failed.refresh, id: "again" } }];
        expect(await failure(600)).toBe(
            "machines of the fleet a-fleet are outdated, and the last instance refresh is Failed: an instance did not come. " +
                "The group's last failed activity: Launching a new instance no capacity in eu-central-1a",
        );
        expect(begun()).toBe(1);
    });
});

test("who may not ask AWS is told at once", async () => {
    moments = [{ wanted: 1, machines: [], listed: [] }];
    refusal = "you may not autoscaling:DescribeAutoScalingGroups";
    expect(await failure(600)).toBe(
        "AWS does not answer about a-fleet: you may not autoscaling:DescribeAutoScalingGroups",
    );
});

test("what the group does between updates is no drift", () => {
    expect(Object.keys(fleetReady).sort()).toEqual(["create", "id", "inputs", "update", "updates"]);
    expect(fleetReady.updates).toEqual(["group", "version", "instanceTypes", "triggers"]);
});
