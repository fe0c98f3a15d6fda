# shellcheck shell=bash
# Asks EC2 for what it knows of this machine, by version 2 of its metadata service; fails where there is no such thing.
metadata() {
    local latest=http://169.254.169.254/latest token
    token=$(curl -fsS --max-time 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$latest/api/token") &&
        curl -fsS --max-time 5 -H "X-aws-ec2-metadata-token: $token" "$latest/meta-data/$1"
}
