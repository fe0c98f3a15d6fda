import * as fs from "fs";
import type * as Pulumi from "@pulumi/pulumi";
import * as yaml from "yaml";

/** A resource as the program declared it to the engine. */
export interface Declared {
    urn: string;
    type: string;
    name: string;
    /** URN of its parent; empty for a resource of the stack's. */
    parent: string;
    /** Whether a provider makes it; a component is none. */
    custom: boolean;
    inputs: Record<string, unknown>;
    /** URNs of what it is made after. */
    dependencies: string[];
    /** Names of the outputs that a component registered; the SDK itself registers none where the component does not. */
    registered: string[];
    retainOnDelete: boolean;
    /** URN of what it is deleted with; empty: nothing. */
    deletedWith: string;
    deleteBeforeReplace: boolean;
    replaceOnChanges: string[];
    protect: boolean;
    /** URN and id of the provider that makes it; empty: the default one. */
    provider: string;
    ignoreChanges: string[];
    /** How many hooks run before it is created. */
    hooks: number;
    /** Names of the hooks that decide whether what failed is tried again. */
    onError: string[];
    /** Names of outputs that are secret, whatever its provider says. */
    secretOutputs: string[];
}

/** What a run of the whole program declared and gave. */
export interface Run {
    resources: Declared[];
    outputs: Record<string, unknown>;
    /** The resource of a name and type. */
    get(name: string, type?: string): Declared;
}

/** Defaults that Pulumi.yaml declares, as the CLI hands them to the program. */
export function declaredSettings(): Record<string, { type: string; default?: unknown; description: string }> {
    const project = yaml.parse(fs.readFileSync("Pulumi.yaml", "utf8")) as {
        config: ReturnType<typeof declaredSettings>;
    };
    return project.config;
}

/** The same defaults, by the settings' names. */
export function defaultSettings(): Record<string, unknown> {
    return Object.fromEntries(
        Object.entries(declaredSettings()).map(([key, { default: value }]) => [key.replace("storm:", ""), value]),
    );
}

/** How the program is run. */
interface Circumstances {
    /** Keys of the settings that are secret; default: none. */
    secret?: string[];
    /** Addresses of the hosts that do not answer over SSH; default: all do. No host is dialled. */
    silent?: string[];
    /** What is missing on this machine for Session Manager; default: nothing. It is not looked for. */
    missing?: string[];
    /** Memory in MiB of the machine that runs containers of the target `local`; default: it is not known. */
    memory?: number;
    /** Whether it is a preview; default: it is an update. */
    preview?: boolean;
    /** Names of the resources that the stack has already; default: none. */
    existing?: string[];
    /** Outputs of resources that the stack has already, by type and name: `storm:index:Ready::storm-ui-ready`; default: none. */
    state?: Record<string, object>;
    /** Outputs of resources that are created, by type, or what gives them by name; default: those that most tests need. */
    created?: Record<string, object | ((name: string) => object)>;
    /** Name of the stack, which is that of its files too; default: `test`. */
    stack?: string;
}

/** What the machines of the run at hand do, whose mock outlives it: modules are loaded once for all runs of a test file. */
let machines: { silent: string[]; preview: boolean; missing: string[]; memory?: number } = {
    silent: [],
    preview: false,
    missing: [],
};

/** Runs the whole program, index.ts, with mocks: Pulumi.yaml's defaults, and `settings` over them. One run at a time. */
export async function runProgram(
    settings: Record<string, unknown> = {},
    {
        secret = [],
        silent = [],
        preview = false,
        missing = [],
        existing = [],
        state = {},
        created = {},
        stack = "test",
        memory,
    }: Circumstances = {},
): Promise<Run> {
    machines = { silent, preview, missing, ...(memory !== undefined && { memory }) };
    const isReachable = ({ address }: { address: string }) => {
        expect(machines.preview).toBe(false);
        return Promise.resolve(!machines.silent.includes(address));
    };
    jest.doMock("../../provider/machines/reachability", () => ({
        isReachable,
        bastionProblem: () => Promise.resolve(undefined),
    }));
    jest.doMock("../../provider/machines/sessionManager", () => ({
        missingTools: () => {
            expect(machines.preview).toBe(false);
            return Promise.resolve(machines.missing);
        },
    }));
    // Whatever machine the tests run on.
    jest.doMock("../../settings/machineMemory", () => ({
        ...jest.requireActual<object>("../../settings/machineMemory"),
        dockerMemory: () => Promise.resolve(machines.memory),
    }));
    const pulumi = await mocked(settings, { secret, preview, existing, state, created, stack });
    const resources = record(pulumi);
    const outputs = await finished(pulumi);

    return {
        resources,
        outputs,
        get(name, type = "") {
            const found = resources.filter((resource) => resource.name === name && resource.type.includes(type));
            expect(found.map(({ urn }) => urn)).toHaveLength(1);
            return found[0] as Declared;
        },
    };
}

/** Gives Pulumi's SDK the settings, as {@link runProgram} does, and mocks in the engine's place. */
export async function mocked(
    settings: Record<string, unknown>,
    {
        secret = [],
        preview = false,
        existing = [],
        state = {},
        created = {},
        stack = "test",
    }: Omit<Circumstances, "silent" | "missing" | "memory">,
): Promise<typeof Pulumi> {
    const pulumi = await import("@pulumi/pulumi");
    const defaults = Object.entries(declaredSettings()).map(([key, { default: value }]) => [key, value] as const);
    const whole = (key: string) => (key.includes(":") ? key : `storm:${key}`);
    const given = Object.entries(settings).map(([key, value]) => [whole(key), value] as const);
    const config = Object.fromEntries(
        [...defaults, ...given].map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
    );
    pulumi.runtime.setAllConfig(config, secret.map(whole));
    await pulumi.runtime.setMocks(
        {
            call: ({ token }) => ({
                // AWS, of any machine image that it is asked about.
                ...(token === "aws:ec2/getAmi:getAmi" && { rootDeviceName: "/dev/sda1" }),
                outputs: Object.fromEntries(
                    [...existing.map((name) => [`any:Type::${name}`, {}] as const), ...Object.entries(state)].map(
                        ([resource, outputs]) => {
                            const type = resource.split("::")[0]?.split("$").at(-1);
                            return [`urn:pulumi:test::storm::${resource}`, { type, outputs }];
                        },
                    ),
                ),
            }),
            newResource: ({ type, name, inputs }) => {
                const given = created[type];
                const own = typeof given === "function" ? (given(name) as object) : given;
                return { id: `${name}-id`, state: { ...made(type, name, inputs as object), ...own } };
            },
        },
        "storm",
        stack,
        preview,
        "organization",
    );
    // The SDK's mocks know no hooks.
    const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
    monitor.registerResourceHook = monitor.registerErrorHook = (_request, callback) => callback(null, {});
    return pulumi;
}

/** Runs index.ts until the last resource is registered, which it is after a failure too; its outputs. */
export async function finished(pulumi: typeof Pulumi): Promise<Record<string, unknown>> {
    const program = (await import("../../index")) as unknown as () => Promise<Record<string, unknown>>;
    const { stackTraceLimit } = Error;
    // As in Pulumi.yaml: the SDK takes a stack trace for each promise, and Jest, whose limit is 100, maps each to its sources.
    Error.stackTraceLimit = 2;
    try {
        const exported = pulumi.output(await program());
        return await new Promise<Record<string, unknown>>((resolve) => exported.apply(resolve as () => void));
    } finally {
        await (pulumi.runtime as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();
        Error.stackTraceLimit = stackTraceLimit;
    }
}

/** What a resource's provider makes of its inputs. Commands print nothing; a machine shows its key at the first connection. */
function made(type: string, name: string, inputs: { host?: string; hostKey?: string }): object {
    const outputs: Record<string, object> = {
        "storm:index:StackKey": { value: "owner" },
        "storm:index:PinnedHostKey": { pinned: `ssh-ed25519 shown-by-${inputs.host}` },
        "storm:index:LaunchKey": { privateKey: `private ${name}`, publicKey: `ssh-ed25519 ${name}` },
        "storm:index:OwnHostKey": { made: `ssh-ed25519 made-by-${inputs.host}` },
        "storm:index:ExchangedHostKey": { active: inputs.hostKey },
        "aws:ec2/networkInterface:NetworkInterface": { privateIp: `private address of ${name}` },
        "aws:ec2/instance:Instance": { privateIp: `private address of ${name}`, publicIp: `public address of ${name}` },
        "aws:ec2/eip:Eip": { publicIp: `public address of ${name}` },
        "aws:cloudwatch/logGroup:LogGroup": { arn: `arn of ${name}` },
        "command:remote:Command": { stdout: "" },
        "storm:index:Script": { stdout: "" },
    };
    return { ...inputs, ...outputs[type] };
}

/** Names of all resources that a resource is made after, the nearest first. */
export function madeAfter(resource: Declared, run: Run): string[] {
    const found = new Map<string, string>();
    for (let urns = resource.dependencies; urns.length > 0;) {
        const nearest = run.resources.filter(({ urn }) => urns.includes(urn) && !found.has(urn));
        nearest.forEach(({ urn, name }) => found.set(urn, name));
        urns = nearest.flatMap(({ dependencies }) => dependencies);
    }
    return [...found.values()];
}

/** A value without Pulumi's marks of secrets. */
export function revealed(value: unknown): unknown {
    if (typeof value !== "object" || value === null) {
        return value;
    }
    if ("4dabf18193072939515e22adb298388d" in value && "value" in value) {
        return revealed(value.value);
    }
    const entries = Object.entries(value).map(([key, each]) => [key, revealed(each)] as const);
    return Array.isArray(value) ? entries.map(([, each]) => each) : Object.fromEntries(entries);
}

type Callback = (error: unknown, response?: { getUrn(): string }) => void;
interface Monitor {
    registerResource(request: Request, callback: Callback): Promise<void>;
    registerResourceOutputs(request: OutputsRequest, callback: Callback): void;
    registerResourceHook?(request: object, callback: (error: null, response: object) => void): void;
    registerErrorHook?(request: object, callback: (error: null, response: object) => void): void;
}
interface OutputsRequest {
    getUrn(): string;
    getOutputs(): { toJavaScript(): object };
}
interface Request {
    getType(): string;
    getName(): string;
    getParent(): string;
    getCustom(): boolean;
    getObject(): { toJavaScript(): Record<string, unknown> };
    getHooks(): { getBeforeCreateList(): string[]; getOnErrorList(): string[] } | undefined;
    getAdditionalsecretoutputsList(): string[];
    getDependenciesList(): string[];
    getRetainondelete(): boolean;
    getDeletedwith(): string;
    getDeletebeforereplace(): boolean;
    getReplaceonchangesList(): string[];
    getProtect(): boolean;
    getProvider(): string;
    getIgnorechangesList(): string[];
}

/** Collects what reaches the monitor: mocks are shown neither parents, nor dependencies, nor registered outputs. */
export function record(pulumi: typeof Pulumi): Declared[] {
    const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
    const resources: Declared[] = [];
    const registerResource = monitor.registerResource.bind(monitor);
    monitor.registerResource = (request, callback) =>
        registerResource(request, (error, response) => {
            if (response) {
                resources.push({
                    urn: response.getUrn(),
                    type: request.getType(),
                    name: request.getName(),
                    parent: request.getParent(),
                    custom: request.getCustom(),
                    inputs: request.getObject().toJavaScript(),
                    dependencies: request.getDependenciesList(),
                    registered: [],
                    retainOnDelete: request.getRetainondelete(),
                    deletedWith: request.getDeletedwith(),
                    deleteBeforeReplace: request.getDeletebeforereplace(),
                    replaceOnChanges: request.getReplaceonchangesList(),
                    protect: request.getProtect(),
                    provider: request.getProvider(),
                    ignoreChanges: request.getIgnorechangesList(),
                    hooks: request.getHooks()?.getBeforeCreateList().length ?? 0,
                    onError: request.getHooks()?.getOnErrorList() ?? [],
                    secretOutputs: request.getAdditionalsecretoutputsList(),
                });
            }
            callback(error, response);
        });
    const registerResourceOutputs = monitor.registerResourceOutputs.bind(monitor);
    monitor.registerResourceOutputs = (request, callback) => {
        for (const resource of resources.filter(({ urn }) => urn === request.getUrn())) {
            resource.registered = Object.keys(request.getOutputs().toJavaScript());
        }
        registerResourceOutputs(request, callback);
    };
    return resources;
}
