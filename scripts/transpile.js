/**
 * Node.js runs this project's TypeScript: `node --require ./scripts/transpile.js file.ts`, in Pulumi.yaml too. It costs a program little:
 * - Files are transpiled by SWC, not checked, and again only when they have changed.
 * - Where Node.js can (from 22.1 on), what V8 has compiled is kept from run to run, that of packages too.
 * - Stack traces show lines of the .ts files, by Node's own source maps, and without reading those of packages.
 * - Parts of Pulumi's SDK that are slow to load, and used by few programs, are loaded when they are used.
 * What is kept lies in node_modules/.cache; where that cannot be written, nothing is kept.
 */
"use strict";
const { createHash } = require("crypto");
const fs = require("fs");
const Module = require("module");
const path = require("path");

const root = path.dirname(__dirname);
const cache = path.join(root, "node_modules/.cache/storm");

/** What tsconfig.json says to TypeScript, which takes a fifth of a second to read it; a unit test compares them. */
const options = {
    swcrc: false,
    sourceMaps: "inline",
    inlineSourcesContent: false,
    module: { type: "commonjs", noInterop: true },
    jsc: {
        target: "es2022",
        keepClassNames: true,
        parser: { syntax: "typescript" },
        transform: { useDefineForClassFields: false },
    },
};
const version = require("@swc/core/package.json").version + JSON.stringify(options);

/**
 * The file in JavaScript, which names no folder: copies of the project share it. Runs at the same time find each other's result whole or
 * not at all: it is renamed into place.
 */
function transpile(file) {
    const source = fs.readFileSync(file, "utf8");
    const mark = `\n// ${createHash("sha256")
        .update(version + source)
        .digest("hex")}`;
    const kept = path.join(cache, "transpiled", `${path.relative(root, file).replaceAll(path.sep, "+")}.js`);
    try {
        const code = fs.readFileSync(kept, "utf8");
        if (code.endsWith(mark)) {
            return code;
        }
    } catch {
        // Not transpiled yet.
    }
    const names = { filename: file, sourceFileName: path.basename(file) };
    const code = require("@swc/core").transformSync(source, { ...options, ...names }).code + mark;
    try {
        fs.mkdirSync(path.dirname(kept), { recursive: true });
        fs.writeFileSync(`${kept}.${process.pid}`, code);
        fs.renameSync(`${kept}.${process.pid}`, kept);
    } catch {
        // The next run transpiles it again.
    }
    return code;
}

/** Has a module of Pulumi's SDK, or one that it requires, loaded when something is first used that `own` has not. */
function later(id, own = {}) {
    const file = require.resolve(id, { paths: [path.dirname(require.resolve("@pulumi/pulumi/package.json"))] });
    let loaded;
    const load = () => {
        delete require.cache[file];
        return (loaded = require(file));
    };
    const exports = new Proxy(own, { get: (_, name) => own[name] ?? (loaded ?? load())[name] });
    require.cache[file] = Object.assign(new Module(file), { exports, loaded: true });
}

Module.enableCompileCache?.(path.join(cache, "compiled"));
require.extensions[".ts"] = (module, file) => module._compile(transpile(file), file);

if (Module.setSourceMapsSupport) {
    Module.setSourceMapsSupport(true, { nodeModules: false });
} else {
    process.setSourceMapsEnabled(true);
}
// Pulumi's runner would have traces written by this package, in three times the time: the SDK takes one for each promise.
later("source-map-support/register");

// `__esModule`: the SDK takes it as it is, where it would copy the exports of another module.
later("./typescript-shim");
later("@npmcli/arborist", { __esModule: true });
// Nothing but the serialization of functions asks V8's inspector, which takes its time for each module that is loaded.
later("./runtime/closure/v8Hooks", { __esModule: true, isInitializedAsync: async () => undefined });
