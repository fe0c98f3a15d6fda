import * as pulumi from "@pulumi/pulumi";

/** Seconds for which what is in use is tried again. */
export const inUseSeconds = 300;

/** At most so many milliseconds pass between two tries. */
const longestPause = 15_000;

/**
 * What AWS answers while something is in use: InvalidNetworkInterface.InUse or InvalidParameterValue for an interface (EC2's list of error
 * codes), OperationNotPermitted where it would be detached from the instance whose first interface it is, VolumeInUse for a volume.
 */
const inUse =
    /InvalidNetworkInterface\.InUse|InvalidParameterValue: [^\n]*\bin use\b|OperationNotPermitted: [^\n]*device index 0|VolumeInUse/;

/**
 * A hook of an instance with an interface that outlives it, of that interface, and of a volume's attachment: tries again for
 * {@link inUseSeconds} while AWS says that interface or volume is in use. They stay so for a while after their instance is terminated.
 * The hook says once what it waits for, and what to do when time is over; the error of AWS follows.
 *
 * A `pulumi destroy` runs no program, and so no hook.
 * @param target The target's name, with which the names of its resources begin.
 */
export function whileInUse(target: string): pulumi.ErrorHook {
    const began = new Map<string, number>();
    return new pulumi.ErrorHook(`${target}-in-use`, async ({ urn, name, type, errors }) => {
        const [error = ""] = errors;
        if (!inUse.test(error)) {
            return false;
        }
        const machine = name.replace(`${target}-`, "").replace(/-(instance|interface|attachment)$/, "");
        const what = type.endsWith(":VolumeAttachment") ? "data volume" : "network interface";
        if (errors.length === 1) {
            began.set(urn, Date.now());
            void pulumi.log.info(
                `${machine}: its ${what} is still in use by the instance before, trying again for up to ${inUseSeconds} s`,
            );
        }
        if (Date.now() - (began.get(urn) ?? 0) >= inUseSeconds * 1000) {
            void pulumi.log.warn(
                `${machine}: its ${what} is still in use after ${inUseSeconds} s. EC2's console shows by which instance: terminate it, wait ` +
                    "until it is gone, then run `pulumi up` again.",
            );
            return false;
        }
        const pause = Math.min(1000 * 2 ** errors.length, longestPause);
        await new Promise((resolve) => setTimeout(resolve, pause));
        return true;
    });
}
