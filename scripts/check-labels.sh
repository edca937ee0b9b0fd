#!/usr/bin/env bash
# Kills `rlhf serve` while eight clients label, again and again, and looks for every label that was acknowledged: each has
# to be in the file once.
#   scripts/check-labels.sh [KILLS [LABELS]]    50 and 2000 where nothing is given
set -euo pipefail
if [ "${1:-}" = --help ]; then
  sed -n '2,4s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
fi

export RLHF_LABEL_KILLS="${1:-50}" RLHF_LABEL_POSTS="${2:-2000}"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tests=tests/Cli.Tests/bin/Release/net10.0/Cli.Tests.dll
[ -f "$tests" ] || dotnet build tests/Cli.Tests -c Release -v quiet -clp:NoSummary
exec dotnet "$tests" -noLogo -noColor -class '*KilledServerTests'
