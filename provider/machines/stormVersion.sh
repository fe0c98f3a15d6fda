# shellcheck shell=bash disable=SC2034
# Sets `version` to that of the Storm that is installed. RELEASE has it, and else the names of Storm's jars, which releases put into
# different folders.
home=$(dirname "$(dirname "$(readlink -f "$(command -v storm)")")")
version=$(cat "$home/RELEASE" 2>/dev/null ||
  basename -a "$home"/lib*/*.jar | sed -nE 's/^storm-(core|client|server)-([0-9].*)\.jar$/\2/p' | head -n 1)
