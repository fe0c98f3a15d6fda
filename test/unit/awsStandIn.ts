// A stand-in for AWS's services of an auto scaling group, of which a test sets the state: it answers as their APIs are documented.
import * as http from "http";
import type { AddressInfo } from "net";

/** An instance of the group. */
export interface Instance {
    state: string;
    /** Of the instance itself, such as `running`. */
    running: string;
    address: string;
    /** Keys of its tags. */
    tags: string[];
    launched: Date;
}

/** What the stand-in has, and has been asked. */
export interface AwsState {
    desired: number;
    max: number;
    /** By id; undefined: there is no group. */
    instances: Record<string, Instance> | undefined;
    /** Calls that changed something, or tried to: the action and its main words. */
    calls: string[];
    /** Why an action is refused, by its name. */
    refused: Record<string, string>;
}

/** What is published. */
interface Metrics {
    Namespace: string;
    MetricData: {
        MetricName: string;
        Dimensions: { Name: string; Value: string }[];
        Value: number;
        Unit: string;
    }[];
}

function metricsOf({ Namespace, MetricData }: Metrics): string {
    const data = MetricData.map(({ MetricName, Dimensions, Value, Unit }) => {
        const dimensions = Dimensions.map((each) => `${each.Name}=${each.Value}`).join(",");
        return `${Namespace} ${MetricName} ${dimensions} ${Value} ${Unit}`;
    });
    return data.join("; ");
}

const element = (name: string, content: unknown) => `<${name}>${String(content)}</${name}>`;

/**
 * Starts the stand-in on a free port of 127.0.0.1.
 * @returns Its URL, and what stops it.
 */
export async function startAws(state: AwsState): Promise<{ url: string; stop: () => void }> {
    const server = http.createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
            const body = Buffer.concat(chunks);
            const words = new URLSearchParams(body.toString("latin1"));
            // CloudWatch takes JSON, and has the action in a header.
            const action = words.get("Action") ?? String(request.headers["x-amz-target"]).split(".")[1] ?? "";
            const refusal = state.refused[action];
            if (refusal !== undefined) {
                state.calls.push(`${action} refused`);
                const error = element("Error", element("Code", "AccessDenied") + element("Message", refusal));
                response.writeHead(403).end(element("ErrorResponse", error));
                return;
            }
            if (action === "PutMetricData") {
                state.calls.push(`${action} ${metricsOf(JSON.parse(body.toString()) as Metrics)}`);
                response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end("{}");
                return;
            }
            response.end(element(`${action}Response`, answer(action, words, state)));
        });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const stop = () => {
        server.close();
        server.closeAllConnections();
    };
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}

function answer(action: string, words: URLSearchParams, state: AwsState): string {
    const { instances = {} } = state;
    const word = (name: string) => words.get(name) ?? "";
    switch (action) {
        case "DescribeAutoScalingGroups": {
            const members = Object.entries(instances).map(([id, { state: now }]) =>
                element("member", element("InstanceId", id) + element("LifecycleState", now)),
            );
            const group = [
                element("AutoScalingGroupName", word("AutoScalingGroupNames.member.1")),
                element("DesiredCapacity", state.desired),
                element("MaxSize", state.max),
                element("Instances", members.join("")),
            ];
            const groups = state.instances ? element("member", group.join("")) : "";
            return element(`${action}Result`, element("AutoScalingGroups", groups));
        }
        case "DescribeInstances": {
            if (word("Filter.1.Name") !== "tag:aws:autoscaling:groupName") {
                return "";
            }
            const items = Object.entries(instances).map(([id, { running, address, tags, launched }]) =>
                element(
                    "item",
                    [
                        element("instanceId", id),
                        element("instanceState", element("name", running)),
                        element("privateIpAddress", address),
                        element("launchTime", launched.toISOString()),
                        element("tagSet", tags.map((key) => element("item", element("key", key))).join("")),
                    ].join(""),
                ),
            );
            // One instance a page.
            const page = Number(words.get("NextToken") ?? 0);
            const next = page + 1 < items.length ? element("nextToken", page + 1) : "";
            return element("reservationSet", element("item", element("instancesSet", items[page] ?? ""))) + next;
        }
        case "CreateTags":
            instances[word("ResourceId.1")]?.tags.push(word("Tag.1.Key"));
            state.calls.push(`${action} ${word("ResourceId.1")} ${word("Tag.1.Key")}`);
            return element("return", true);
        case "SetDesiredCapacity":
            state.desired = Number(word("DesiredCapacity"));
            state.calls.push(`${action} ${state.desired}`);
            return "";
        case "CompleteLifecycleAction":
        case "RecordLifecycleActionHeartbeat":
            state.calls.push(
                [action, word("LifecycleHookName"), word("InstanceId"), word("LifecycleActionResult")].join(" ").trim(),
            );
            return element(`${action}Result`, "");
        default:
            throw new Error(`${action} is unknown`);
    }
}
