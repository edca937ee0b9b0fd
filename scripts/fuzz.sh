#!/usr/bin/env bash
# Feeds damaged files to every parser, 100,000 a format unless told otherwise. Ends with 1 where one crashed, hung for a
# second, or took memory far beyond the file's size; each failure is printed with the seed and number that make it again.
#   scripts/fuzz.sh [inputs=100000] [seed=1] [format=parquet] [first=0]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dotnet build benchmarks -c Release -v quiet -clp:NoSummary
exec dotnet benchmarks/bin/Release/net10.0/Rlhf.Benchmarks.dll fuzz "$@"
