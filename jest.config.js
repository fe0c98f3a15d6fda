/** Both projects run TypeScript as `pulumi up` does: transpiled, not checked. */
const project = {
    transform: { "\\.ts$": ["ts-jest", { tsconfig: "tsconfig.json" }] },
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
