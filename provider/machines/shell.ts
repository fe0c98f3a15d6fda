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

/** What every script starts with. Progress goes to stdout; a failure is one line on stderr and an exit code of its own. */
const functions = `
set -eu
umask 022
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

say() { echo "$*"; }
fail() {
    code=$1
    shift
    echo "$*" >&2
    exit "$code"
}
`;

/** Runs the script in $1 as root. */
const becomeRoot = `
user=$(id -un)
[ "$(id -u)" != 0 ] || exec sh -c "$1" sh "$user"
sudo -n true 2>/dev/null || {
    echo "user $user is not root and may not use sudo without a password: connect as root, or let root install sudo and" \\
        "write '$user ALL=(ALL) NOPASSWD: ALL' into /etc/sudoers.d/storm" >&2
    exit 10
}
exec sudo -n sh -c "$1" sh "$user"
`;

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
 * mend it, where sudo asks for a password.
 * @param script It finds in `$1` the name of the user who is logged in.
 */
export function asRoot(script: string): string {
    return `sh -c ${quote(becomeRoot)} sh ${quote(functions + script)}`;
}
