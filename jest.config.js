/** Both projects run TypeScript as `pulumi up` does: transpiled by SWC, not checked, with the settings that ts-node takes from tsconfig.json. */
const transpiled = {
    jsc: {
        parser: { syntax: "typescript" },
        target: "es2022",
        keepClassNames: true,
        transform: { useDefineForClassFields: false },
    },
    module: { type: "commonjs", noInterop: true },
};

const project = {
    transform: { "\\.ts$": ["@swc/jest", { ...transpiled, swcrc: false }] },
    // A global that is looked up in Jest's sandbox costs so much that a signature by node-forge took seconds.
    sandboxInjectedGlobals: ["Math"],
    modulePathIgnorePatterns: ["<rootDir>/.local", "<rootDir>/dist"],
};

module.exports = {
    projects: [
        { ...project, displayName: "unit", testMatch: ["<rootDir>/test/unit/**/*.test.ts"] },
        { ...project, displayName: "e2e", testMatch: ["<rootDir>/test/e2e/**/*.test.ts"] },
    ],
    // End-to-end tests share this machine: one after the other, unless the command line says that they may run side by side.
    maxWorkers: 1,
    testSequencer: "<rootDir>/test/longestFirst.js",
    reporters: ["default", "<rootDir>/test/countReporter.js"],
};
