/** What a round of {@link decideTopology} is about, as Nimbus and the URLs of rules say it. */
import { type NimbusAt, topologyFigures, topologyState } from "../nimbus/client";
import type { Measured, TopologyAutoscale } from "./autoscale";

/** Seconds that a URL has to answer, and bytes that it may. */
const answerSeconds = 10;
const answerBytes = 1 << 20;

/**
 * Measures a topology, once.
 * @param nimbus The Nimbus that leads.
 * @param id The topology's id.
 * @param freeSlots Slots of the cluster that it may have in addition.
 * @throws Error when Nimbus does not answer, or has no topology of that id. A URL that does not answer is no error here.
 */
export async function measured(
    nimbus: NimbusAt,
    id: string,
    { rules }: TopologyAutoscale,
    freeSlots: number,
): Promise<Measured> {
    const answers = await Promise.all(
        rules.map(async (rule) =>
            "url" in rule ? numberAt(rule.url, rule.path).catch((error: Error) => error) : undefined,
        ),
    );
    const [state, figures] = [await topologyState(nimbus, id), await topologyFigures(nimbus, id)];
    return { id, time: Math.floor(Date.now() / 1000), state, figures, freeSlots, answers };
}

/**
 * The number that a URL answers, as text or, like Prometheus, as JSON.
 * @param path Where it is in a JSON answer: names of members and indices of lists, joined by dots; default: it is the whole answer.
 * @throws Error that says what it answers instead, to follow the URL.
 */
export async function numberAt(url: string, path?: string): Promise<number> {
    const text = await textAt(url);
    const found = path === undefined ? text.trim() : memberOf(text, path);
    // Prometheus writes numbers as strings.
    const number = typeof found === "number" || (typeof found === "string" && found !== "") ? Number(found) : NaN;
    if (!Number.isFinite(number)) {
        const shown = (JSON.stringify(found) ?? "nothing").slice(0, 60);
        throw new Error(`answers ${shown}${path === undefined ? "" : ` at ${path}`}, which is no number`);
    }
    return number;
}

async function textAt(url: string): Promise<string> {
    const signal = AbortSignal.timeout(answerSeconds * 1000);
    try {
        const response = await fetch(url, { signal });
        if (!response.ok) {
            await response.body?.cancel();
            throw new Error(`answers ${response.status} ${response.statusText}`.trimEnd());
        }
        const parts: Uint8Array[] = [];
        let bytes = 0;
        for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
            parts.push(part);
            bytes += part.length;
            if (bytes > answerBytes) {
                throw new Error(`answers more than ${answerBytes} bytes`);
            }
        }
        return Buffer.concat(parts).toString();
    } catch (error) {
        const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
        if (signal.aborted) {
            throw new Error(`does not answer within ${answerSeconds} s`);
        }
        throw message.startsWith("answers ")
            ? error
            : new Error(`does not answer: ${cause?.code ?? cause?.message ?? message}`);
    }
}

function memberOf(text: string, path: string): unknown {
    let found: unknown;
    try {
        found = JSON.parse(text);
    } catch {
        throw new Error(`does not answer JSON, as ${path} asks for: ${JSON.stringify(text.slice(0, 60))}`);
    }
    for (const name of path.split(".")) {
        found =
            typeof found === "object" && found !== null && Object.hasOwn(found, name)
                ? (found as Record<string, unknown>)[name]
                : undefined;
    }
    return found;
}
