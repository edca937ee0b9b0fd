#!/usr/bin/env bash
# Lets other programs (DuckDB, hyparquet, parquet-rs) read what we write and write what we read.
#   scripts/check-parquet.sh                        builds and runs the tests that do both
#   scripts/check-parquet.sh rows READER FILE       prints the rows of FILE; READER is duckdb or hyparquet
#   scripts/check-parquet.sh make FOLDER            writes files of many encodings and codecs, and their rows
# Ends with 77 where node or npm is missing or the packages cannot be fetched.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

if [ $# -eq 0 ]; then
  cd "$root"
  dotnet build tests/Parquet.Tests -c Release -v quiet -clp:NoSummary
  exec dotnet tests/Parquet.Tests/bin/Release/net10.0/Parquet.Tests.dll -noLogo -class '*.OtherProgramsTests'
fi

command=$1
shift
case $command in
  rows | make) exec "$root/scripts/node-run.sh" Parquet.Tests "$command.mjs" "$@" ;;
  *) echo "unknown command $command; the commands are rows and make" >&2; exit 2 ;;
esac
