import { shellFile } from "../../../provider/machines/shell";

const first = shellFile(__dirname, "firstDataGuard.sh").trim();
const current = shellFile(__dirname, "dataGuard.sh").trim();

/**
 * What a container with data runs first, in `bash`: data of another major version stops it there. What version it is itself, Storm's
 * files say: a tag may say anything.
 * @param revision Which scripts the container runs: {@link revisionOf}.
 */
export function dataGuard(revision: number): string {
    return revision === 1 ? first : current;
}
