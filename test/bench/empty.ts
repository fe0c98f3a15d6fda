/** Programs that do nothing, which an update that changes nothing is compared with. */
import { spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import * as yaml from "yaml";

export interface EmptyProgram {
    folder: string;
    remove: () => void;
}

type Json = Record<string, Record<string, unknown>>;

/**
 * What `pulumi new typescript` makes, with its packages from npm at this project's versions: Pulumi compiles it by TypeScript, with its
 * types checked.
 */
export function template(): EmptyProgram {
    const { devDependencies: ours = {} } = JSON.parse(fs.readFileSync("package.json", "utf8")) as Json;
    const versions = (...names: string[]) => Object.fromEntries(names.map((name) => [name, ours[name]]));
    const compilerOptions = {
        ...{
            strict: true,
            outDir: "bin",
            target: "es2020",
            module: "nodenext",
            moduleResolution: "nodenext",
            sourceMap: true,
        },
        ...{ experimentalDecorators: true, pretty: true, noFallthroughCasesInSwitch: true, noImplicitReturns: true },
        forceConsistentCasingInFileNames: true,
    };
    const program = write({
        "Pulumi.yaml": yaml.stringify({ name: "storm", runtime: "nodejs" }),
        "index.ts": 'import * as pulumi from "@pulumi/pulumi";\n',
        "package.json": JSON.stringify({
            name: "storm",
            main: "index.ts",
            devDependencies: versions("@types/node", "typescript"),
            dependencies: versions("@pulumi/pulumi"),
        }),
        "tsconfig.json": JSON.stringify({ compilerOptions, files: ["index.ts"] }),
    });
    const install = [
        "install",
        "--prefix",
        program.folder,
        "--prefer-offline",
        "--no-fund",
        "--no-audit",
        "--loglevel=error",
    ];
    if (spawnSync("npm", install, { cwd: program.folder, stdio: "inherit" }).status !== 0) {
        program.remove();
        throw new Error("npm could not install the packages of the empty program");
    }
    return program;
}

/** A program without resources that is run as this one is: by its packages, its options of Node.js, its scripts/transpile.js. */
export function alike(): EmptyProgram {
    const { runtime } = yaml.parse(fs.readFileSync("Pulumi.yaml", "utf8")) as { runtime: unknown };
    const program = write({
        "Pulumi.yaml": yaml.stringify({ name: "storm", main: "index.ts", runtime }),
        "index.ts": 'import * as pulumi from "@pulumi/pulumi";\n\nexport const stack = pulumi.getStack();\n',
        ...Object.fromEntries(["package.json", "tsconfig.json"].map((file) => [file, fs.readFileSync(file, "utf8")])),
    });
    for (const shared of ["node_modules", "scripts"]) {
        fs.symlinkSync(path.resolve(shared), path.join(program.folder, shared));
    }
    return program;
}

function write(files: Record<string, string>): EmptyProgram {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-bench-empty-"));
    for (const [name, content] of Object.entries(files)) {
        fs.writeFileSync(path.join(folder, name), content);
    }
    return { folder, remove: () => fs.rmSync(folder, { recursive: true }) };
}
