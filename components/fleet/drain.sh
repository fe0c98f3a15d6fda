#!/bin/bash
# Stops this machine's supervisor once the controller has its turn come, by a tag, or EC2 is about to take the machine away. $1: the
# container, $2: its seconds between SIGTERM and SIGKILL.
. ./metadata.sh
until metadata tags/instance/storm:drain || metadata spot/instance-action; do
    sleep 5
done >/dev/null 2>&1
until docker stop --time "$2" "$1"; do
    sleep 5
done
