// Stand-ins for Docker on machines with x86 and ARM processors, which pull images that exist for some processors only.
import * as pulumi from "@pulumi/pulumi";
import { imagePlatformScript, refuseOtherPlatform } from "../../components/hosts/docker/imagePlatform";
import { onHosts } from "./hostsFixture";
import { Machine } from "./machineFixture";
import { runProgram } from "./program";

jest.setTimeout(60_000);

/** What a machine's Docker does. */
interface Engine {
    /** Its architecture. */
    arch: string;
    /** The architecture of the image that it has, or that it gets from a pull. */
    image: string;
    /** Whether the image is there already; default: it is not. */
    isThere?: boolean;
    /** Why a pull fails; default: it succeeds. */
    pull?: string;
    /** How many pulls fail; default: all. */
    failures?: number;
    /** What a container of the image prints; default: nothing. */
    prints?: string;
}

function machineWith({ arch, image, isThere = false, pull = "", failures, prints = "" }: Engine): Machine {
    const machine = new Machine("debian", "20.10.24");
    if (isThere) {
        machine.write("image", "");
    }
    machine.standIn(
        "bin/docker",
        `case $* in
"version --format "*) echo linux/${arch} ;;
"image inspect --format "*) [ -e "$root/image" ] && echo linux/${image} || { echo "No such image" >&2; exit 1; } ;;
"pull --quiet "*)
    [ -z "${pull}" ] || [ "$(grep -c pull "$root/calls")" -gt ${failures ?? 1000} ] || { echo "${pull}" >&2; exit 1; }
    echo "$3"
    echo >"$root/image" ;;
"run --rm --network none --entrypoint true storm:test") [ -z "${prints}" ] || { echo "${prints}" >&2; exit 1; } ;;
*) exit 99 ;;
esac`,
    );
    return machine;
}

const line = imagePlatformScript("storm:test", "host a");
const calls = (machine: Machine) =>
    machine
        .read("calls")
        .trim()
        .split("\n")
        .map((call) => call.split(" ")[1]);
const noMatch =
    "Error response from daemon: no matching manifest for linux/arm64/v8 in the manifest list entries: no match for platform in manifest: not found";
const advice = "name an image that exists for linux/arm64, or use a machine with another processor";

test.each(["amd64", "arm64"])("an image for the machine's processor is pulled, and not run: %s", (arch) => {
    const machine = machineWith({ arch, image: arch });
    expect(machine.run(line)).toMatchObject({ status: 0, errors: [""] });
    expect(calls(machine)).toEqual(["version", "image", "pull", "image"]);
});

test("an existing image is not pulled", () => {
    const machine = machineWith({ arch: "arm64", image: "arm64", isThere: true });
    expect(machine.run(line)).toMatchObject({ status: 0, errors: [""] });
    expect(calls(machine)).toEqual(["version", "image"]);
});

test("an image that does not exist for the machine's processor is refused", () => {
    expect(machineWith({ arch: "arm64", image: "", pull: noMatch }).run(line)).toMatchObject({
        status: 23,
        errors: [`storm:test does not exist for linux/arm64, which is the platform of host a: ${advice}`],
    });
});

test.each([
    ["exec /usr/bin/true: exec format error"],
    ["standard_init_linux.go:228: exec user process caused: exec format error"],
])("an image for another processor alone, which Docker pulls, is refused if it does not run: %s", (prints) => {
    for (const isThere of [false, true]) {
        expect(machineWith({ arch: "arm64", image: "amd64", isThere, prints }).run(line)).toMatchObject({
            status: 24,
            errors: [`storm:test is for linux/amd64, and the platform of host a is linux/arm64: ${advice}`],
        });
    }
});

test.each([
    ["it is emulated", ""],
    ["it has no command `true`", 'exec: \\"true\\": executable file not found in $PATH: unknown'],
])("an image for another processor is used if %s", (_, prints) => {
    const machine = machineWith({ arch: "arm64", image: "amd64", prints });
    expect(machine.run(line)).toMatchObject({ status: 0, errors: [""] });
    expect(calls(machine)).toContain("run");
});

describe("where pulls are limited", () => {
    // The words that people saw: docker/hub-feedback#2464, aws/aws-lambda-web-adapter#429.
    const hub =
        "toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit";
    const amazon = "toomanyrequests: Rate exceeded";

    test.each([
        ["storm:test", "Set imageRegistry to a registry that has Docker's official images"],
        ["coredns/coredns:test", "Name an image in another registry"],
    ])("by Docker Hub, the way out is shown, and no second pull is tried: %s", (image, wayOut) => {
        const machine = machineWith({ arch: "amd64", image: "amd64", pull: `Error response from daemon: ${hub}` });
        const { status, errors } = machine.run(imagePlatformScript(image, "host a"));
        expect([status, errors]).toEqual([26, [expect.stringContaining(hub)]]);
        expect(errors[0]).toContain("Docker Hub does not let host a pull");
        expect(errors[0]).toContain(wayOut);
        expect(calls(machine).filter((call) => call === "pull")).toHaveLength(1);
    });

    test("by Amazon, to some a second, machines take turns", () => {
        const machine = machineWith({ arch: "amd64", image: "amd64", pull: amazon, failures: 3 });
        expect(machine.run(line)).toMatchObject({ status: 0, errors: [""] });
        expect(machine.has("image")).toBe(true);
        expect(machine.read("calls").match(/^sleep .*/gm)).toEqual(["sleep 1", "sleep 2", "sleep 3"]);
    });

    test("by Amazon all the time, the provider says so", () => {
        const machine = machineWith({ arch: "amd64", image: "amd64", pull: amazon });
        expect(machine.run(line)).toMatchObject({ status: 0, errors: [""] });
        expect(machine.read("calls").match(/^docker pull/gm)).toHaveLength(11);
    });
});

test("a pull that fails for another reason is left to the provider", () => {
    const machine = machineWith({ arch: "arm64", image: "", pull: "manifest for storm:test not found" });
    expect(machine.run(line)).toMatchObject({ status: 0, errors: [""] });
});

test("the hook fails with that message, which names the host", async () => {
    const machine = machineWith({ arch: "arm64", image: "", pull: noMatch });
    // As ssh does: a shell on the machine runs the words after the login.
    const ssh = pulumi.output(["env", `PATH=${machine.root}/bin`, "sh", "-c"]);
    const { beforeCreate = [] } = refuseOtherPlatform("storm:test", { name: "rack-7", ssh });
    await expect((beforeCreate[0] as unknown as () => Promise<void>)()).rejects.toThrow(
        `storm:test does not exist for linux/arm64, which is the platform of host rack-7: ${advice}`,
    );
});

test.each<[string, Record<string, unknown>]>([
    ["local, with DNS servers", { discovery: "dns" }],
    ["hosts, with ambassadors", { ...onHosts, discovery: "ambassador" }],
])("every image has the hook: %s", async (_, settings) => {
    const { resources } = await runProgram(settings);
    const images = resources.filter(({ type }) => type.endsWith(":RemoteImage"));
    expect(images.length).toBeGreaterThan(1);
    expect(images.filter(({ hooks }) => hooks === 0)).toEqual([]);
});
