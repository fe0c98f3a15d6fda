#!/bin/sh
# A stand-in for docker and dockerd of 2019: all that it does is to say its version, 19.03.15. Put into hosts with `docker: "old"`.
case "$*" in
    *--format*Version*) echo 19.03.15 ;;
    version*) printf 'Client:\n Version:           19.03.15\n\nServer:\n Engine:\n  Version:          19.03.15\n' ;;
    --version | -v) echo "Docker version 19.03.15, build 99e3ed8919" ;;
    *)
        echo "$(basename "$0"): a stand-in of the lab, which only says its version" >&2
        exit 1
        ;;
esac
