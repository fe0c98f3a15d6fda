#!/bin/sh
# Prints lines of JSON about the containers of the cluster $1: the machine's time in seconds, what `docker ps` and `docker inspect` say
# of each, and how each has ended in the last day. Docker keeps the last 256 events of all its containers, so that may be missing.
mine=label=storm.cluster=$1
ids=$(docker ps --all --quiet --no-trunc --filter "$mine") || exit
[ -n "$ids" ] || exit 0
date '+{"now": %s}'
docker ps --all --no-trunc --filter "$mine" --format '{"id": "{{.ID}}", "says": {{json .Status}}}'
# shellcheck disable=SC2086 # one id a line
docker container inspect --format '{"id": {{json .Id}}, "daemon": {{json (index .Config.Labels "storm.daemon")}}, "container": {{json .Name}}, "state": {{json .State}}, "restarts": {{.RestartCount}}}' $ids
docker events --since 24h --until 0s --filter "$mine" --filter event=oom --filter event=die \
    --format '{"id": "{{.Actor.ID}}", "event": "{{.Action}}", "exitCode": "{{index .Actor.Attributes "exitCode"}}"}' || true
