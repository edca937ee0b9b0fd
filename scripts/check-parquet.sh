#!/usr/bin/env bash
# Lets other programs (DuckDB, hyparquet, parquet-rs) read what we write and write what we read.
#   scripts/check-parquet.sh                        builds and runs the tests that do both
#   scripts/check-parquet.sh rows READER FILE       prints the rows of FILE; READER is duckdb or hyparquet
#   scripts/check-parquet.sh make FOLDER            writes files of many encodings and codecs, and their rows
# Ends with 77 where node or npm is missing or the packages cannot be fetched.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
sources=$root/tests/Parquet.Tests/node
cache=$root/artifacts/node

skip() { echo "$*" >&2; exit 77; }

if [ $# -eq 0 ]; then
  cd "$root"
  dotnet build tests/Parquet.Tests -c Release -v quiet -clp:NoSummary
  exec dotnet tests/Parquet.Tests/bin/Release/net10.0/Parquet.Tests.dll -noLogo -class '*.OtherProgramsTests'
fi

command -v node >/dev/null || skip "node is not installed"
command -v npm >/dev/null || skip "npm is not installed"
mkdir -p "$cache"
exec 9>"$cache/.lock"
flock 9
if ! cmp -s "$sources/package.json" "$cache/package.json" || [ ! -e "$cache/.installed" ]; then
  rm -f "$cache/.installed"
  cp "$sources/package.json" "$cache/package.json"
  (cd "$cache" && npm install --no-audit --no-fund --silent >install.log 2>&1) || skip "npm cannot fetch the packages: $(tail -n 1 "$cache/install.log")"
  touch "$cache/.installed"
fi
cp "$sources"/*.mjs "$cache"
flock -u 9

command=$1
shift
case $command in
  rows) exec node "$cache/rows.mjs" "$@" ;;
  make) exec node "$cache/make.mjs" "$@" ;;
  *) echo "unknown command $command; the commands are rows and make" >&2; exit 2 ;;
esac
