# shellcheck shell=bash disable=SC2016
# Copies Storm's log4j2 files and adds an appender that writes to the container's output, which Docker's log driver gets. The output of a
# worker goes to a file by Storm's LogWriter: a worker writes to that of the container's first process, of the same user. Where that
# cannot be, log4j2 reports it and does without. A container is replaced when a byte of this file changes.
mkdir -p /tmp/log4j2
for file in "$(dirname "$(readlink -f "$(command -v storm)")")"/../log4j2/*.xml; do
  case $file in
    */worker.xml) appender='File name="output" fileName="/proc/1/fd/1"' source='${sys:storm.id}:${sys:worker.port}' kind=File ;;
    *) appender='Console name="output"' source='${sys:logfile.name}' kind=Console ;;
  esac
  sed -e "s|<appenders>|&<$appender><PatternLayout charset=\"UTF-8\" pattern=\"$source \${pattern}\"/></$kind>|" \
    -e 's|<root [^>]*>|&<AppenderRef ref="output"/>|' "$file" >"/tmp/log4j2/${file##*/}"
done
