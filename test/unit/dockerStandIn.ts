// A stand-in for `docker exec` on a machine that is reached by SSH.
import * as fs from "fs";
import * as os from "os";
import * as path from "path";

/** Runs the command of `docker exec` here, notes that it was called, and knows no container `gone`; all others run. */
const docker = `#!/bin/bash
echo "$*" | head -n 1 >>"$(dirname "$0")/calls"
[ "$3" != gone ] || { echo "No such container: gone" >&2; exit 1; }
[ "$2" != inspect ] || { echo '{"state": {"Status": "running", "ExitCode": 0, "OOMKilled": false}, "restarts": 0}'; exit; }
shift 3
exec "$@"
`;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-docker-"));
fs.writeFileSync(path.join(folder, "docker"), docker, { mode: 0o755 });
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** In the place of `ssh`: a shell here, which finds that stand-in. */
export const ssh = ["env", `PATH=${folder}:${process.env.PATH}`, "sh", "-c"];

/** How often Docker was called. */
export const calls = () => fs.readFileSync(path.join(folder, "calls"), "utf8").trim().split("\n").length;
