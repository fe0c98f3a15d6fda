import { createCipheriv } from "crypto";
import { gunzipSync } from "zlib";

const packed = (text: string) => gunzipSync(Buffer.from(text, "base64"));

function at(size: number, bytes: Record<number, string | number[]>): Buffer {
    const block = Buffer.alloc(size);
    Object.entries(bytes).forEach(([offset, value]) => Buffer.from(value as string).copy(block, Number(offset)));
    return block;
}

/**
 * What a volume begins with that somebody else uses, by the name that `wipefs` and `blkid` have for it. XFS's superblock and LVM's label
 * were made by mkfs.xfs 6.1.0 and pvcreate 2.03.16.
 */
export const signatures = {
    xfs: packed(
        "H4sIAAAAAAACA4twC3ZiYBBgAANGBwZ08HCijlfHAr++VfVtIhOzTKIh6hjYoNINULoRSjeBZRkCQGwWiJADw5alTAxMDAwcyObycHIy8zMwSDLAFEGALYT6/4AB" +
            "P+BA4wPtZOyCYDDgBWJusIGFrQEIt4wCdAAAjJ2LigACAAA=",
    ),
    LVM2_member: Buffer.concat([
        Buffer.alloc(512),
        packed(
            "H4sIAAAAAAACA/NxdHL18fdzZWSAgAiXvQwKQNonzNdIwcDAsKi4wNg7xTHLK9zToiwqOb2oMjC/2Kkw3yTFKN81o9wcqFQEolOAAS+ASX/gxyrNxDAKBgIA" +
                "ALG5ABMAAgAA",
        ),
    ]),
    /** Version 1, of 256 pages. */
    swap: at(4096, { 1024: [1, 0, 0, 0, 255], 4086: "SWAPSPACE2" }),
    /** A table with one partition of Linux's, from the sector 2048 on. */
    dos: at(512, { 450: [0x83, 0, 0, 0, 0, 8, 0, 0, 0, 0, 1], 510: [0x55, 0xaa] }),
};

/** Bytes that look like noise, the same each time, and in which nothing finds a signature. */
export function noise(bytes: number): Buffer {
    return createCipheriv("aes-128-ctr", Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(bytes));
}
