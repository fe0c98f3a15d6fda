/** Beside Storm's own directories in Nimbus's data. */
export const jarFolder = "/data/jars";

/** A jar's path in the container of the Nimbus that keeps it. */
export function jarPath(sha256: string): string {
    return `${jarFolder}/${sha256}.jar`;
}

/** Whether a jar's source is a URL, and not a path. */
export function isUrl(source: string): boolean {
    return /^https?:\/\//.test(source);
}
