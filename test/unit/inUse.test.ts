import type * as Pulumi from "@pulumi/pulumi";
import { inUseSeconds, whileInUse } from "../../components/hosts/ec2/inUse";
import { mocked } from "./program";

const launching = "creating EC2 Instance: operation error EC2: RunInstances, api error";
const inUse = `${launching} InvalidNetworkInterface.InUse: Interface: [eni-1] in use.`;
const volume = "attaching EBS Volume (vol-1): api error VolumeInUse: vol-1 is already attached to an instance";

let info: jest.SpyInstance;
let warn: jest.SpyInstance;
beforeEach(async () => {
    const pulumi = await mocked({}, {});
    info = jest.spyOn(pulumi.log, "info").mockResolvedValue();
    warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue();
    jest.useFakeTimers();
});
afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
});

/** Has an operation fail with one error after the other, as the engine does, until none is left or it is not tried again: the tries. */
async function tries(name: string, type: string, errors: string[]): Promise<number> {
    const { callback } = whileInUse("host");
    for (let failed = 1; failed <= errors.length; failed++) {
        const args = { urn: `urn::${name}`, name, type, id: "", failedOperation: "create" } as Pulumi.ErrorHookArgs;
        let again: boolean | undefined;
        void Promise.resolve(callback({ ...args, errors: errors.slice(0, failed).reverse() })).then(
            (answer) => (again = answer),
        );
        await jest.advanceTimersByTimeAsync(0);
        while (again === undefined) {
            await jest.advanceTimersToNextTimerAsync();
        }
        if (!again) {
            return failed;
        }
    }
    return errors.length + 1;
}

test.each([
    ["host-nimbus-1-instance", "aws:ec2/instance:Instance", inUse, "nimbus-1: its network interface"],
    ["host-bastion-instance", "aws:ec2/instance:Instance", inUse, "bastion: its network interface"],
    [
        "host-zookeeper-1-attachment",
        "aws:ec2/volumeAttachment:VolumeAttachment",
        volume,
        "zookeeper-1: its data volume",
    ],
    [
        "host-drpc-1-interface",
        "aws:ec2/networkInterface:NetworkInterface",
        "deleting EC2 Network Interface (eni-1): api error InvalidParameterValue: Network interface 'eni-1' is currently in use.",
        "drpc-1: its network interface",
    ],
    [
        "host-drpc-1-interface",
        "aws:ec2/networkInterface:NetworkInterface",
        "api error OperationNotPermitted: The network interface at device index 0 cannot be detached",
        "drpc-1: its network interface",
    ],
])("%s is tried again while it is in use, and says so once", async (name, type, error, words) => {
    expect(await tries(name, type, [error, error, error])).toBe(4);
    expect(info.mock.calls).toEqual([
        [`${words} is still in use by the instance before, trying again for up to 300 s`],
    ]);
    expect(warn).not.toHaveBeenCalled();
});

test("is given up after the limit, with what to do, well before the engine's own limit of 100 tries", async () => {
    const began = Date.now();
    const made = await tries("host-nimbus-1-instance", "aws:ec2/instance:Instance", Array<string>(100).fill(inUse));
    expect(made).toBeLessThan(50);
    expect((Date.now() - began) / 1000).toBeGreaterThanOrEqual(inUseSeconds);
    expect((Date.now() - began) / 1000).toBeLessThan(inUseSeconds + 20);
    expect(warn.mock.calls).toEqual([
        [
            expect.stringMatching(
                /^nimbus-1: its network interface is still in use after 300 s\. .*`pulumi up` again\.$/,
            ),
        ],
    ]);
});

test.each([
    `${launching} InvalidAMIID.NotFound: The image id '[ami-1]' does not exist`,
    `${launching} InvalidParameterValue: Invalid IAM Instance Profile name`,
    "OperationNotPermitted: The instance 'i-1' may not be terminated.",
    "",
])("any other error is not tried again: %s", async (error) => {
    expect(await tries("host-nimbus-1-instance", "aws:ec2/instance:Instance", [error, error])).toBe(1);
    expect(info).not.toHaveBeenCalled();
});

test("another error ends what is tried again", async () => {
    const errors = [inUse, `${launching} VcpuLimitExceeded: ...`, inUse];
    expect(await tries("host-nimbus-1-instance", "aws:ec2/instance:Instance", errors)).toBe(2);
});
