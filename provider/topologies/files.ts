/** Files that the arguments of a topology's main class name. They are brought to where it runs. */
import { createHash } from "crypto";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { Readable } from "stream";
import { run } from "../machines/command";

/** MiB that a topology's files may have together: they are in memory while they are brought. */
const mostMebibytes = 10;

/** What is wrong with a topology's `files` or `arguments`. */
export interface FileProblem {
    path: ["files"] | ["files" | "arguments", number];
    message: string;
}

/**
 * What is wrong with a topology's files, and with arguments that name another one.
 * @param files Paths, relative to the working directory.
 */
export function fileProblems(files: readonly string[], words: readonly string[]): FileProblem[] {
    const paths = files.map(normal);
    const problems = files.flatMap((file, index): FileProblem[] => {
        const message = !isBelow(file)
            ? "must be a path within the project's folder, relative to it and without `..`"
            : !isFile(file)
              ? "is not a file, seen from the project's folder"
              : paths.indexOf(normal(file)) !== index
                ? "is the same file as one before it"
                : undefined;
        return message === undefined ? [] : [{ path: ["files", index], message }];
    });
    const bytes = files.filter(isFile).reduce((sum, file) => sum + fs.statSync(file).size, 0);
    if (bytes > mostMebibytes << 20) {
        const message = `is ${Math.ceil(bytes / (1 << 20))} MiB together, more than ${mostMebibytes} MiB: put what is large into the jar`;
        problems.push({ path: ["files"], message });
    }
    for (const [index, word] of words.entries()) {
        if (looksLikePath(word) && isBelow(word) && isFile(word) && !paths.includes(normal(word))) {
            problems.push({
                path: ["arguments", index],
                message: "is a file, which does not exist where the topology is submitted: add it to `files`",
            });
        }
    }
    return problems;
}

/** The SHA-256 of each file's content by its path, without `./`; undefined: there are no files. */
export function contentsOf(files: readonly string[]): Record<string, string> | undefined {
    const contents = files.map((file) => [normal(file), hashOf(fs.readFileSync(file))] as const);
    return contents.length > 0 ? Object.fromEntries(contents.sort()) : undefined;
}

/**
 * A tar archive of files, in a folder `files`.
 * @param files The SHA-256 of each file's content by its path.
 * @throws Error if a file has another content.
 */
export async function packed(files: Record<string, string>): Promise<Readable> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-files-"));
    try {
        for (const [file, sha256] of Object.entries(files)) {
            const content = fs.readFileSync(file);
            if (hashOf(content) !== sha256) {
                throw new Error(
                    `${file} has another content than the one whose SHA-256 is ${sha256}: it changed meanwhile`,
                );
            }
            const copy = path.join(folder, "files", file);
            fs.mkdirSync(path.dirname(copy), { recursive: true });
            fs.writeFileSync(copy, content, { mode: 0o644 });
        }
        // macOS would add its own attributes, as further files.
        const tar = ["env", "COPYFILE_DISABLE=1", "tar", "--format", "ustar", "-cf", "-", "-C", folder, "files"];
        return Readable.from([await run(undefined, tar)]);
    } finally {
        fs.rmSync(folder, { recursive: true });
    }
}

function hashOf(content: Buffer): string {
    return createHash("sha256").update(content).digest("hex");
}

function normal(file: string): string {
    return path.posix.normalize(file);
}

function isBelow(file: string): boolean {
    return !path.isAbsolute(file) && !file.split("/").includes("..");
}

function isFile(file: string): boolean {
    return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Whether an argument is meant as a path: other words may be the name of a file by chance. */
function looksLikePath(word: string): boolean {
    return word.includes("/") || /\.(ya?ml|properties|json|txt)$/.test(word);
}
