// A stand-in for Docker on a machine that is reached by SSH, with containers whose state and files a test sets.
import * as fs from "fs";
import * as os from "os";
import * as path from "path";

/**
 * Each container is a folder: `status`, `restarts` (which grow at each look, while it restarts), what it has printed as `output`, and
 * its `logs`. In a container that runs, commands run here. As in Docker, its files can be copied in any case.
 */
const docker = `#!/bin/bash
cd "$(dirname "$0")" || exit
running() {
    [ -d "$1" ] || { echo "Error response from daemon: No such container: $1" >&2; exit 1; }
    [ "$(cat "$1/status")" = running ] || { echo "Error response from daemon: container $1 is not running" >&2; exit 1; }
}
case "$1 $2" in
"exec --interactive") running "$3"; shift 3; exec "$@" ;;
exec*) running "$2"; name=$2; shift 2; exec "\${@/#\\/logs/$PWD/$name/logs}" ;;
"container inspect")
    [ -d "$5" ] || { echo "Error response from daemon: No such container: $5" >&2; exit 1; }
    echo "{\\"state\\": {\\"Status\\": \\"$(cat "$5/status")\\", \\"ExitCode\\": 1, \\"OOMKilled\\": false}, \\"restarts\\": $(cat "$5/restarts")}"
    [ "$(cat "$5/status")" != restarting ] || echo $(($(cat "$5/restarts") + 3)) >"$5/restarts" ;;
cp*) file=\${2%%:*}\${2#*:}; tar -cf - -C "$(dirname "$file")" "$(basename "$file")" ;;
logs*) cat "$4/output" ;;
stop*) ;;
*) echo "unexpected: $*" >&2; exit 1 ;;
esac
`;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-containers-"));
fs.writeFileSync(path.join(folder, "docker"), docker, { mode: 0o755 });
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** In the place of `ssh`: a shell here, which finds that stand-in. */
export const ssh = ["env", `PATH=${folder}:${process.env.PATH}`, "sh", "-c"];

/** Makes containers of a status anew, such as `running`, `restarting` or `exited`, in the place of all that there were. */
export function setContainers(statuses: Record<string, string>): void {
    fs.readdirSync(folder)
        .filter((name) => name !== "docker")
        .forEach((name) => fs.rmSync(path.join(folder, name), { recursive: true }));
    for (const [name, status] of Object.entries(statuses)) {
        fs.mkdirSync(path.join(folder, name));
        fs.writeFileSync(path.join(folder, name, "status"), status);
        fs.writeFileSync(path.join(folder, name, "restarts"), "5");
        fs.writeFileSync(path.join(folder, name, "output"), `the words of ${name}\n`);
    }
}

/**
 * Writes a file in a container.
 * @param time When it was written, in seconds since 1970.
 */
export function writeFile(container: string, file: string, content: string, time: number): void {
    const at = path.join(folder, container, file);
    fs.mkdirSync(path.dirname(at), { recursive: true });
    fs.writeFileSync(at, content);
    fs.utimesSync(at, time, time);
}
