# shellcheck shell=sh
# Has sshd read its configuration and its keys again, and waits until it accepts connections again.
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
}
