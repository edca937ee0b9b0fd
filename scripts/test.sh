#!/usr/bin/env bash
# Builds everything, runs every test; closes with "N passed, N failed, N skipped".
#   scripts/test.sh [FILTER...]    FILTER goes to the xunit runner, e.g. -class '*Gae*' or -trait- Speed=slow
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash scripts/sdk.sh
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet build Rlhf.sln -c Release -v quiet -clp:NoSummary

passed=0 failed=0 skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for project in tests/*/*.csproj; do
  name=$(basename "$project" .csproj)
  assembly=$(find "tests/$name/bin/Release" -name "$name.dll" | head -n 1)
  echo "== $name"
  code=0
  timeout 900 dotnet "$assembly" -noLogo -noColor "$@" 2>&1 | tee "$log" || code=$?
  summary=$(grep -aE 'Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+, Not Run: [0-9]+' "$log" | tail -n 1 || true)
  if [ -z "$summary" ]; then
    echo "$name ended with code $code and no summary (124: it ran into its limit of 15 minutes)" >&2
    failed=$((failed + 1))
    continue
  fi
  read -r total errors fails skips explicit < <(sed -E 's/.*Total: ([0-9]+), Errors: ([0-9]+), Failed: ([0-9]+), Skipped: ([0-9]+), Not Run: ([0-9]+).*/\1 \2 \3 \4 \5/' <<<"$summary")
  passed=$((passed + total - fails - skips - explicit)) failed=$((failed + fails + errors)) skipped=$((skipped + skips))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
