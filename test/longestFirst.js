const fs = require("fs");
const path = require("path");
const { default: Sequencer } = require("@jest/test-sequencer");

/**
 * Starts the test files that CONTRIBUTING.md lists as the slowest first, in its order: where several run side by side, none of them is
 * left alone at the end. A fresh machine has no times of its own to order them by.
 */
module.exports = class LongestFirst extends Sequencer {
    sort(tests) {
        const text = fs.readFileSync(path.join(__dirname, "../CONTRIBUTING.md"), "utf8");
        const listed = [...text.matchAll(/^\| `(test\/\S+\.test\.ts)` \| *\d+ \|$/gm)].map(([, file]) =>
            path.resolve(__dirname, "..", file),
        );
        const place = ({ path: file }) => (listed.includes(file) ? listed.indexOf(file) : listed.length);
        return [...super.sort(tests)].sort((one, other) => place(one) - place(other));
    }
};
