import { shellFile } from "../../../provider/machines/shell";

/**
 * What a container with data runs first, in `bash`: data of another major version stops it there. What version it is itself, Storm's
 * jars say: a tag may say anything.
 */
export const guardData = shellFile(__dirname, "dataGuard.sh").trim();
