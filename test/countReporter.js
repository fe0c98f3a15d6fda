/** Ends jest's output with the line that every test command of this project ends with. */
module.exports = class CountReporter {
    onRunComplete(_contexts, results) {
        const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
        const skipped = results.numPendingTests + results.numTodoTests;
        // Jest's own summary follows; the line has to be the last.
        process.once("exit", () =>
            console.log(`${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`),
        );
    }
};
