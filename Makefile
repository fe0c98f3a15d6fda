# The commands of this project. `make` lists them.

export STACK STORM

.PHONY: help setup up scale autoscale check preview graph ami leftovers env status targets logs storm wordcount down client lab bench lint typecheck unit test

help:
	@sed -n 's/^## //p' Makefile

## make setup                   install what is missing (make up does it too)
setup:
	@scripts/setup

## make up [STORM=2.8.9]        bring the local cluster up (with that version of Storm)
up:
	@scripts/up

## make scale SUPERVISORS=5     change the number of supervisors
scale:
	@scripts/scale $(SUPERVISORS)

## make autoscale [DRY=yes]     change it by the slots that topologies want, and topologies by their rules, once (docs/autoscale.md)
autoscale:
	@scripts/autoscale $(DRY)

## make check                   what is wrong with the stack's settings, and what may surprise: changes nothing
check:
	@scripts/check-settings

## make preview                 what `make up` would change
preview:
	@scripts/pulumi preview

## make graph [FILE=dev.svg]    draw which daemon receives whose address, into that file or .local/graph-<stack>.svg
graph:
	@scripts/graph $(FILE)

## make ami STACK=dev [D=ui]    look the newest machine images up, and write them into Pulumi.dev.yaml; D: for that one alone
ami:
	@scripts/ami $(D)

## make leftovers STACK=dev     what the cluster has on AWS, and how to delete what is in no state
leftovers:
	@scripts/leftovers

## make env NAME=staging FROM=dev   write the stack file of another environment, after an existing one
env:
	@scripts/environment "$(NAME)" "$(FROM)"

## make status                  daemons, leader, slots, topologies, and what is wrong
status:
	@scripts/status

## make targets                 what serves metrics, as Prometheus' file_sd reads it
targets:
	@scripts/targets

## make logs D=nimbus-1         a daemon's log; ON=a: of what runs on several hosts, that on a
logs:
	@scripts/logs "$(D)" "$(ON)"

## make storm ARGS="list"       Storm's command line
storm:
	@scripts/storm $(ARGS)

## make wordcount               submit the example topology, and show its first counts
wordcount:
	@scripts/wordcount

## make client NAME=alice       write what a user of storm:users connects with, into FOLDER= or .local/clients/<stack>/alice
client:
	@scripts/client "$(NAME)" "$(FOLDER)"

## make down [DATA=yes]         remove the local cluster (and its data)
down:
	@scripts/down $(DATA)

## make lab [DOWN=yes]          make three machines to play with on this one (and remove them)
lab:
	@scripts/lab $(DOWN)

## make lint | typecheck | unit  checks that take seconds
lint typecheck:
	@npm run --silent $@

unit:
	@npm test --silent

## make bench [ONLY=local]      measure local, state, preview, hosts, monitoring, fleet: docs/benchmarks.md (most of an hour)
bench:
	@scripts/bench $(ONLY)

## make test                    everything that CI checks, end-to-end tests too
test:
	@scripts/test

## make ... STACK=name          the same on another stack, whose settings are in Pulumi.name.yaml
