import { shellFile } from "../../../provider/machines/shell";

/** Where a container has log4j2 files of its own, in place of the image's: the value of `storm.log4j2.conf.dir`. */
export const ownLog4j2 = "/tmp/log4j2";

/** What a container runs first, in `bash`, for Storm's logs to be in its output too: it writes the files of {@link ownLog4j2}. */
export const logsToOutput = shellFile(__dirname, "logsToOutput.sh").trim();
