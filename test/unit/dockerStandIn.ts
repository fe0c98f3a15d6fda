// A stand-in for `docker exec` on a machine that is reached by SSH.
import * as fs from "fs";
import * as os from "os";
import * as path from "path";

/**
 * Runs the command of `docker exec` here, for which words that begin with /certificates are among the stand-in's files, notes that it was
 * called, and knows no container `gone`; all others run. A container of `docker run` has an empty directory for its /tmp, and what is
 * named `storm` there is the user's.
 */
const docker = `#!/bin/bash
echo "$*" | head -n 1 >>"$(dirname "$0")/calls"
echo "$*" >>"$(dirname "$0")/words"
[[ " $* " != *" gone "* ]] || { echo "No such container: gone" >&2; exit 1; }
[ "$2" != inspect ] || { echo '{"state": {"Status": "running", "ExitCode": 0, "OOMKilled": false}, "restarts": 0}'; exit; }
[ "$1" != stop ] || exit 0
if [ "$1" = cp ]; then
    file=$(dirname "$0")/files\${2#*:}
    exec tar -cf - -C "$(dirname "$file")" "$(basename "$file")"
fi
if [ "$1" = run ]; then
    while [ "$1" != bash ]; do shift; done
    tmp=$(mktemp -d -p "$(dirname "$0")")
    exec bash -c "\${3//\\/tmp/$tmp}" "\${@:4}"
fi
shift 3
exec "\${@/#\\/certificates/$(dirname "$0")/files/certificates}"
`;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-docker-"));
fs.writeFileSync(path.join(folder, "docker"), docker, { mode: 0o755 });
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** Writes a file of each container. */
export function writeFile(file: string, content: string): void {
    const at = path.join(folder, "files", file);
    fs.mkdirSync(path.dirname(at), { recursive: true });
    fs.writeFileSync(at, content);
}
writeFile("/conf/storm.yaml", "nimbus.thrift.port: 1\n");

/** In the place of `ssh`: a shell here, which finds that stand-in. */
export const ssh = ["env", `PATH=${folder}:${process.env.PATH}`, "sh", "-c"];

/** Gives containers of `docker run` a command `storm`: a Bash script. */
export const setStorm = (script: string) =>
    fs.writeFileSync(path.join(folder, "storm"), `#!/bin/bash\n${script}`, { mode: 0o755 });

/** How often Docker was called. */
export const calls = () => fs.readFileSync(path.join(folder, "calls"), "utf8").trim().split("\n").length;

/** All words that Docker was called with. */
export const words = () => fs.readFileSync(path.join(folder, "words"), "utf8");
