/** The version that an image's tag names, such as `2.8.9` of `registry:5000/storm:v2.8.9-jre21@sha256:...`; undefined: it names none. */
export function imageVersion(image: string): string | undefined {
    const [name = ""] = image.split("@");
    const [, tag = ""] = name.slice(name.lastIndexOf("/") + 1).split(":");
    // Longer first numbers are dates.
    return /^v?(\d{1,2}(\.\d+)*)(?![\w.])/.exec(tag)?.[1];
}

/** The major version that an image's tag names; undefined: it names none. */
export function majorVersion(image: string): number | undefined {
    const version = imageVersion(image);
    return version === undefined ? undefined : parseInt(version);
}
