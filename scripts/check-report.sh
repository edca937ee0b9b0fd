#!/usr/bin/env bash
# Loads a report in headless Chromium, without JavaScript, light and dark, 400, 800 and 1400 px wide, and fails on a console
# error, a network request, text that overlaps or leaves its chart, or a page wider than its window.
#   scripts/check-report.sh runs/demo/report.html [FOLDER]    FOLDER receives a picture of each
set -euo pipefail
if [ $# -lt 1 ] || [ "$1" = --help ]; then
  sed -n '2,4s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
fi

[ -f "$1" ] || { echo "$1: no such report; rlhf report RUN writes one" >&2; exit 1; }
if ! command -v chromium chromium-browser google-chrome >/dev/null; then
  echo "skipped: Chromium is not installed (apt-get install chromium)"
  exit 0
fi

RLHF_REPORT=$(realpath "$1")
RLHF_SCREENSHOTS=$([ $# -lt 2 ] || realpath -m "$2")
export RLHF_REPORT RLHF_SCREENSHOTS
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tests=tests/Reports.Tests/bin/Release/net10.0/Reports.Tests.dll
[ -f "$tests" ] || dotnet build tests/Reports.Tests -c Release -v quiet -clp:NoSummary
exec dotnet "$tests" -noLogo -noColor -method '*Report_InChromium_LoadsWithoutErrorWithoutNetworkAndFits'
