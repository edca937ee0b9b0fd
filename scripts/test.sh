#!/usr/bin/env bash
# Builds everything, runs every test; closes with "N passed, N failed, N skipped".
#   scripts/test.sh [FILTER...]    FILTER goes to the xunit runner, e.g. -class '*GeneralizedAdvantage*' or -trait- Speed=slow
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash scripts/sdk.sh
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet build Rlhf.sln -c Release -v quiet -clp:NoSummary

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
assembly() { find "tests/$1/bin/Release" -name "$1.dll" | head -n 1; }
run() {
  local code=0
  timeout 900 dotnet "$(assembly "$1")" -noLogo -noColor "${@:2}" 2>&1 | tee "$logs/$1" || code=$?
  echo $code >"$logs/$1.code"
}
export logs
export -f assembly run

# The largest first, so that no long one is left for the end.
names=$(for project in tests/*/*.csproj; do
  name=$(basename "$project" .csproj)
  echo "$(stat -c %s "$(assembly "$name")") $name"
done | sort -rn | cut -d ' ' -f 2)
# Tests of the command line start programs and wait for them, some by the clock: alone. The others keep one core busy: two at a time.
echo "== Cli.Tests"
run Cli.Tests "$@"
# shellcheck disable=SC2016 # for the shell that xargs starts
grep -vx Cli.Tests <<<"$names" | xargs -P 2 -I{} bash -o pipefail -c 'said=$(run "$@") && printf "== %s\n%s\n" "$1" "$said"' run {} "$@"

passed=0 failed=0 skipped=0
for name in $names; do
  summary=$(grep -aE 'Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+, Not Run: [0-9]+' "$logs/$name" | tail -n 1 || true)
  # No test that a filter leaves.
  [ $# -eq 0 ] || ! grep -qaE ' Total: 0$' "$logs/$name" || continue
  if [ -z "$summary" ]; then
    echo "$name ended with code $(cat "$logs/$name.code") and no summary (124: it ran into its limit of 15 minutes)" >&2
    failed=$((failed + 1))
    continue
  fi
  read -r total errors fails skips explicit < <(sed -E 's/.*Total: ([0-9]+), Errors: ([0-9]+), Failed: ([0-9]+), Skipped: ([0-9]+), Not Run: ([0-9]+).*/\1 \2 \3 \4 \5/' <<<"$summary")
  passed=$((passed + total - fails - skips - explicit)) failed=$((failed + fails + errors)) skipped=$((skipped + skips))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
