import * as fs from "fs";
import * as path from "path";

/**
 * A text as one word of a command line, whatever it contains but NUL.
 * Backslashes stay outside of the quotes, as fish, unlike sh, bash, ksh and zsh, treats them inside as escapes.
 */
export function quote(text: string): string {
    return `'${text.replace(/['\\]/g, "'\\$&'")}'`;
}

/** A command line of words, of which those are quoted that need it. */
export function commandLine(words: string[]): string {
    return words.map((text) => (/^[\w@%:.,=/-]+$/.test(text) ? text : quote(text))).join(" ");
}

/**
 * The script in a file, without the comments that it begins with, which are for those who read it and for shellcheck. A line that
 * reads another `.sh` file, `. ./other.sh`, is replaced by that file: a machine has neither.
 * @param folder The folder of the module that uses it: `__dirname`.
 * @param file Name of the file.
 */
export function shellFile(folder: string, file: string): string {
    const text = fs.readFileSync(path.join(folder, file), "utf8").replace(/^(?!#!)(#.*\n)+/, "\n");
    return text.replace(/^\. (\S+\.sh)$/gm, (_, other: string) => shellFile(folder, other).trim());
}

/** A script with shell variables set before it. */
export function withVariables(values: Record<string, string | number>, script: string): string {
    const lines = Object.entries(values).map(([name, value]) => `\n${name}=${quote(String(value))}`);
    return lines.join("") + script;
}

const functions = shellFile(__dirname, "functions.sh");
const becomeRoot = shellFile(__dirname, "becomeRoot.sh");

/**
 * A command line that runs a POSIX shell script as the user who is logged in.
 *
 * Give it to remote.Command as `stdin`, with `create: "sh"`: an error shows `create` in full, and csh, as a login shell,
 * takes no line breaks within quotes. As `create` itself it works where the login shell is sh, bash, ksh, zsh or fish.
 * @param script It may use `say <text>` and `fail <exit code> <text>`; a command in it that fails ends it.
 */
export function asUser(script: string): string {
    return `sh -c ${quote(functions + script)}`;
}

/**
 * As {@link asUser}, but as root: by sudo where the user who is logged in is another. Exits with 10, and says how to
 * repair it, where sudo asks for a password.
 * @param script It finds in `$1` the name of the user who is logged in.
 */
export function asRoot(script: string): string {
    return `sh -c ${quote(becomeRoot)} sh ${quote(functions + script)}`;
}
