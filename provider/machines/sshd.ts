/** Connections that sshd lets wait for authentication before it drops some, by chance and then all. Its default: 10:30:100. */
export const maxStartups = "100:30:200";

/** A shell function that lets sshd read its configuration and its keys again, and waits until it takes connections again. */
export const reloadSshd = `
reload_sshd() {
    started=$(stat -c %z /run/sshd.pid 2>/dev/null || true)
    { systemctl reload ssh || systemctl reload sshd || kill -HUP "$(cat /run/sshd.pid)"; } 2>/dev/null || return
    # It starts itself anew: its port is closed until then, and this file is written once it is open.
    [ -z "$started" ] || for _ in $(seq 100); do
        case $(stat -c %z /run/sshd.pid 2>/dev/null || true) in
        "" | "$started") sleep 0.1 ;;
        *) break ;;
        esac
    done
}`.trim();
