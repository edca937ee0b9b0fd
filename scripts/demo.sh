#!/usr/bin/env bash
# From a fresh clone to the report: sets up, builds, and runs the whole pipeline on the shipped data.
#   scripts/demo.sh [key=value ...]    e.g. device=cuda, out=/tmp/demo
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/rlhf" demo "$@"
