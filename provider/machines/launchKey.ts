import { maxStartups, reloadSshd } from "./sshd";
import { asRoot } from "./shell";

/** The host key that all machines have: sshd has one of each type. */
const file = "/etc/ssh/ssh_host_ed25519_key";

/**
 * User data that gives a machine's sshd the key by which it is known at the first contact. It is run once, by cloud-init,
 * after sshd was started.
 */
export function launchScript(privateKey: string): string {
    return `#!/bin/sh
# Gives sshd a host key that is known beforehand. The first contact exchanges it for one that was made here.
set -eu
key=${file}
umask 077
rm -f "$key" "$key.pub"
cat >"$key" <<'END'
${privateKey.trim()}
END
ssh-keygen -y -f "$key" >"$key.pub"
# All of Pulumi's connections at once, which go through a bastion too.
[ ! -d /etc/ssh/sshd_config.d ] || echo 'MaxStartups ${maxStartups}' >/etc/ssh/sshd_config.d/10-storm-docker.conf
${reloadSshd}
reload_sshd
`;
}

/** A command line (see {@link asRoot}) that makes the key that is to come, once, and prints its public half. */
export const proposeScript = asRoot(`
next=${file}.next
[ -s "$next.pub" ] || {
    rm -f "$next"
    ssh-keygen -q -t ed25519 -N '' -C '' -f "$next"
}
cut -d ' ' -f 1,2 "$next.pub"
`);

/** A command line (see {@link asRoot}) that puts the key that was made in place of the other one. */
export const activateScript = asRoot(`
key=${file}
if [ -e "$key.next" ]; then
    mv -f "$key.next" "$key"
    mv -f "$key.next.pub" "$key.pub"
fi
${reloadSshd}
reload_sshd
`);
