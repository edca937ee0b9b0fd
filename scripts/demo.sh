#!/usr/bin/env bash
# From a clone to a report: installs what is missing, builds, and runs the whole pipeline on the shipped data.
#   scripts/demo.sh [key=value ...]     the same as rlhf demo; results in runs/demo of the working directory
# Give it again after a stop: what is done is passed over.
set -euo pipefail
if [ "${1:-}" = --help ]; then sed -n '2,4s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; fi
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
bash "$root/scripts/setup.sh"
exec "$root/scripts/rlhf" demo "$@"
