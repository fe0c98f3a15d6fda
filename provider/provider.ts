import { isDeepStrictEqual } from "util";
import type { provider } from "@pulumi/pulumi";
import { Incomplete, type Kind, type Problem, unknown } from "./kind";
import { cancel } from "./waiting";
import { marked, type Properties, revealed } from "./wire";

/** A kind whose properties nobody needs to know. */
type AnyKind = Kind<Properties, Properties>;

/** What state from before there was this provider has beside: the code of dynamic resources. A refresh removes it. */
const formerCode = "__provider";

/** Serves kinds of resources to Pulumi's engine. */
export class StormProvider implements provider.Provider {
    /**
     * @param version As package.json has it.
     * @param kinds By the last part of their tokens, such as `Ready` of `storm:index:Ready`.
     */
    constructor(
        readonly version: string,
        private readonly kinds: Record<string, AnyKind>,
    ) {}

    async check(urn: string, olds: Properties, news: Properties): Promise<provider.CheckResult> {
        const kind = this.kindOf(urn);
        const inputs = revealed(news) as Properties;
        const failures = [...misfits(kind, inputs)];
        if (failures.length === 0) {
            failures.push(...(kind.refuses?.(inputs, revealed(olds) as Properties) ?? []));
        }
        return { inputs: news, failures };
    }

    async diff(_id: string, urn: string, before: Properties, after: Properties): Promise<provider.DiffResult> {
        const kind = this.kindOf(urn);
        const [olds, news] = [revealed(before) as Properties, revealed(after) as Properties];
        const changed = (keys: readonly string[] = []) =>
            keys.filter((key) => !isDeepStrictEqual(olds[key], news[key]));
        const beside = kind.differs?.(olds, news) ?? {};
        const replaces = [...changed(kind.replaces), ...(beside.replaces ?? [])];
        const updates = [...changed(kind.updates ?? inputsOf(kind)), ...(beside.updates ?? [])];
        return {
            changes: replaces.length > 0 || updates.length > 0,
            replaces,
            deleteBeforeReplace: kind.deleteBeforeReplace ?? false,
        };
    }

    async create(urn: string, inputs: Properties): Promise<provider.CreateResult> {
        const kind = this.kindOf(urn);
        const known = revealed(inputs) as Properties;
        const id = kind.id(known);
        const extra = await this.orIncomplete(kind, id, inputs, async () => (await kind.create?.(known)) ?? {});
        return { id, outs: marked({ ...known, ...extra }, inputs, kind.secrets ?? []) };
    }

    async read(id: string, urn: string, state: Properties = {}): Promise<provider.ReadResult> {
        const kind = this.kindOf(urn);
        const known = revealed(state) as Properties;
        delete known[formerCode];
        const now = kind.read ? await kind.read(known) : known;
        return now ? { id, props: marked(now, state, kind.secrets ?? []) } : { id: "", props: {} };
    }

    async update(id: string, urn: string, before: Properties, after: Properties): Promise<provider.UpdateResult> {
        const kind = this.kindOf(urn);
        const [olds, news] = [revealed(before) as Properties, revealed(after) as Properties];
        const kept = Object.fromEntries(
            Object.entries(olds).filter(([key]) => ![...inputsOf(kind), formerCode].includes(key)),
        );
        const extra = await this.orIncomplete(kind, id, after, async () => (await kind.update?.(olds, news)) ?? kept);
        return { outs: marked({ ...news, ...extra }, after, kind.secrets ?? []) };
    }

    async delete(_id: string, urn: string, state: Properties): Promise<void> {
        await this.kindOf(urn).delete?.(revealed(state) as Properties);
    }

    /** The engine asks for it once the update is cancelled, as at Ctrl-C. */
    async cancel(): Promise<void> {
        cancel();
    }

    private kindOf(urn: string): AnyKind {
        const token = urn.split("::")[2]?.split("$").at(-1) ?? "";
        const kind = this.kinds[token.replace("storm:index:", "")];
        if (!kind) {
            throw new Error(`there is no resource ${token} in version ${this.version} of the provider storm`);
        }
        return kind;
    }

    private async orIncomplete<T>(kind: AnyKind, id: string, inputs: Properties, act: () => Promise<T>): Promise<T> {
        try {
            return await act();
        } catch (error) {
            if (!(error instanceof Incomplete)) {
                throw error;
            }
            const properties = marked(error.state as Properties, inputs, kind.secrets ?? []);
            throw Object.assign(new Error(error.message), { id, properties, reasons: [error.message] });
        }
    }
}

function inputsOf(kind: AnyKind): string[] {
    return Object.keys(kind.inputs.shape);
}

/** What inputs are not, that they have to be. What is not known yet is taken for right. */
function misfits(kind: AnyKind, inputs: Properties): Problem[] {
    const issues = kind.inputs.safeParse(inputs).error?.issues ?? [];
    return issues
        .filter(({ path }) => !isUnknown(inputs, path))
        .map(({ path, message }) => ({ property: path.map(String).join("."), reason: message }));
}

function isUnknown(value: unknown, [first, ...rest]: PropertyKey[]): boolean {
    return (
        value === unknown ||
        (first !== undefined && isUnknown((value as Record<PropertyKey, unknown> | undefined)?.[first], rest))
    );
}
