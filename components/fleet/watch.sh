# shellcheck shell=bash disable=SC2154
# Runs the program that stops the supervisor, from now on and after each start of the machine. Given: program, its text; container,
# grace, its arguments.
file=/usr/local/sbin/storm-drain
printf '%s\n' "$program" >"$file"
chmod 755 "$file"
if [ -d /run/systemd/system ]; then
    cat >/etc/systemd/system/storm-drain.service <<EOT
[Unit]
Description=Stops the supervisor before this machine leaves its fleet
After=docker.service

[Service]
ExecStart=$file $container $grace
Restart=on-failure

[Install]
WantedBy=multi-user.target
EOT
    systemctl enable --now storm-drain
else
    nohup "$file" "$container" "$grace" >/var/log/storm-drain.log 2>&1 &
fi
