/** The parts of an image's name. */
export interface ParsedImage {
    /** With the registry, and its port: `registry.example.com:5000/team/storm`. */
    name: string;
    /** Such as `3.1.0-lite`; undefined: the name has none. */
    tag: string | undefined;
    /** Such as `sha256:...`; undefined: the name has none. */
    digest: string | undefined;
}

/** Takes the name of an image apart, such as `registry.example.com:5000/team/storm:3.1.0-lite@sha256:...`. */
export function parseImage(image: string): ParsedImage {
    const [, name = image, tag, digest] = /^(.*?)(?::([^:/@]+))?(?:@(.+))?$/.exec(image) ?? [];
    return { name, tag, digest };
}

/** The version that an image's tag names, such as `2.8.9` of `registry:5000/storm:v2.8.9-jre21@sha256:...`; undefined: it names none. */
export function imageVersion(image: string): string | undefined {
    // Longer first numbers are dates.
    return /^v?(\d{1,2}(\.\d+)*)(?![\w.])/.exec(parseImage(image).tag ?? "")?.[1];
}

/** The major version that an image's tag names; undefined: it names none. */
export function majorVersion(image: string): number | undefined {
    const version = imageVersion(image);
    return version === undefined ? undefined : parseInt(version);
}

/**
 * An image as a registry has it, if its name is a short one, such as `storm:3.1.0`: that of one of Docker's official images. Any other
 * name is one of another registry, or of somebody's on Docker Hub, and stays.
 * @param registry With the path that the images are below: `public.ecr.aws/docker/library`; undefined: Docker Hub.
 */
export function fromRegistry(registry: string | undefined, image: string): string {
    return registry === undefined || image.includes("/") ? image : `${registry}/${image}`;
}

/** The name that {@link fromRegistry} was given. */
export function withoutRegistry(registry: string | undefined, image: string): string {
    const short = image.slice(image.lastIndexOf("/") + 1);
    return fromRegistry(registry, short) === image ? short : image;
}

/**
 * Whether an image is one of Docker's official images of Storm that exist for x86 processors alone: all from 1.1 to 2.4, except those
 * whose tag ends in `-temurin`. Source: https://github.com/docker-library/official-images/commits/master/library/storm
 */
export function isOfficialForX86Only(image: string): boolean {
    const { name, tag } = parseImage(image);
    if (
        !/^((docker\.io\/)?(library\/)?|public\.ecr\.aws\/docker\/library\/)storm$/.test(name) ||
        tag?.endsWith("-temurin")
    ) {
        return false;
    }
    const [major, minor = NaN] = (imageVersion(image) ?? "").split(".").map(Number);
    return (major === 1 && minor >= 1) || (major === 2 && minor < 5);
}
