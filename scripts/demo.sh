#!/usr/bin/env bash
# From a clone to a report: builds, and runs the whole pipeline on the shipped data.
#   scripts/demo.sh [key=value ...]     the same as rlhf demo; results in runs/demo of the working directory
# Give it again after a stop: what is done is passed over.
set -euo pipefail
if [ "${1:-}" = --help ]; then sed -n '2,4s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; fi
exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/rlhf" demo "$@"
