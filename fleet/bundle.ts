import { createHash } from "crypto";
import * as esbuild from "esbuild";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";

/** A program in one file. */
export interface Bundle {
    /** The file, on this machine. */
    path: string;
    /** SHA-256 of its content, in hexadecimal digits. */
    sha256: string;
}

let bundle: Bundle | undefined;

/**
 * The controller as one file for Node.js 18 and newer, with all that it imports. The same sources and packages give the same bytes on
 * every machine: without names and white space there are no paths in it.
 * @throws Error where a source cannot be read.
 */
export function controllerBundle(): Bundle {
    bundle ??= write(build());
    return bundle;
}

function build(): Uint8Array {
    const { outputFiles } = esbuild.buildSync({
        // Beside this module, which is JavaScript in the package.
        entryPoints: [path.join(__dirname, "controller", `main${path.extname(__filename)}`)],
        ...{ bundle: true, platform: "node", target: "node18", format: "cjs" },
        ...{ minify: true, legalComments: "none", tsconfigRaw: "{}", write: false, logLevel: "silent" },
    });
    const [file] = outputFiles;
    if (!file) {
        throw new Error("esbuild has built nothing");
    }
    return file.contents;
}

function write(content: Uint8Array): Bundle {
    const sha256 = createHash("sha256").update(content).digest("hex");
    const file = path.join(os.tmpdir(), `storm-fleet-controller-${sha256}.js`);
    if (!fs.existsSync(file)) {
        // Whoever finds the file finds all of it.
        const unfinished = fs.mkdtempSync(`${file}.`);
        fs.writeFileSync(path.join(unfinished, "js"), content);
        fs.renameSync(path.join(unfinished, "js"), file);
        fs.rmdirSync(unfinished);
    }
    return { path: file, sha256 };
}
