# shellcheck shell=bash disable=SC2086
# Reads a request from each line, and answers it by a line: an exit code, and what was printed. $0 is exchange.sh, and $1 its limit in
# seconds. The request "age" is for the seconds since process 1 was started; Linux counts in hundredths (proc(5): USER_HZ).
seconds=$1
while read -r address port reply request; do
    if [ "$address" = age ]; then
        read -r up _ </proc/uptime
        stat=$(</proc/1/stat)
        set -- ${stat##*) }
        echo "0 $(( ${up%.*} - ${20} / 100 ))"
        continue
    fi
    answer=$(timeout "$seconds" bash -c "$0" "$address" "$port" "$reply" "$request" 2>&1 | base64 -w 0; exit "${PIPESTATUS[0]}")
    echo "$? $answer"
done
