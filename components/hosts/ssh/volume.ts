import { asRoot, shellFile, withVariables } from "../../../provider/machines/shell";

const script = shellFile(__dirname, "volume.sh");

/** Arguments of {@link volumeScript}. */
export interface VolumeArgs {
    /** Path of the block device, which stays the same whatever other devices there are. */
    device: string;
    /** Where it is mounted. */
    directory: string;
}

/**
 * A command line (see {@link asRoot}) that mounts a volume, now and at each start of the machine, before Docker, because
 * its containers would start without their data otherwise. A blank volume gets an ext4 file system. The file system of a volume
 * that has grown grows too. A volume that is not blank is never formatted.
 *
 * Blank is a volume without a signature of a file system, swap, RAID, LVM or partition table. What its blocks read as says nothing: those
 * of an encrypted EBS volume that nobody has written may read as noise (https://github.com/kubernetes/kubernetes/issues/86064).
 *
 * Exit codes: 20 no such device, or no mkfs.ext4, which cannot be installed; 21 neither blank nor ext4; 22 the directory is not empty,
 * something else is mounted there, or the file system does not grow; 25 ext4 whose superblock is damaged.
 */
export function volumeScript({ device, directory }: VolumeArgs): string {
    return asRoot(withVariables({ device, directory }, script));
}
