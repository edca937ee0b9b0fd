#!/usr/bin/env bash
# Fuzzes a reader by coverage: SharpFuzz marks the branches of our assemblies (and of Parquet.Net's), AFL++ keeps the inputs that reach
# new ones. Ends with 1 where an input crashed it or took longer than five seconds; those inputs are in OUT/default.
#   scripts/guided-fuzz.sh [format=parquet] [seconds=600] [out=FOLDER (default runs/fuzz/FORMAT)]
# Wants afl-fuzz (apt-get install afl++); the tool that marks branches is installed beside the results.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
format=parquet seconds=600 out=
for word in "$@"; do
  case $word in format=* | seconds=* | out=*) declare "$word" ;; *) sed -n '2,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;; esac
done
out=${out:-runs/fuzz/$format}
command -v afl-fuzz >/dev/null || { echo "guided-fuzz: afl-fuzz is not there; apt-get install afl++" >&2; exit 77; }
mkdir -p "$out"
out=$(realpath "$out")
[ -x "$out/tool/sharpfuzz" ] || dotnet tool install SharpFuzz.CommandLine --version 2.3.0 --tool-path "$out/tool" >&2
rm -rf "$out/program" "$out/default"
dotnet build benchmarks -c Release -v quiet -clp:NoSummary >&2
cp -r benchmarks/bin/Release/net10.0 "$out/program"
words=(fuzz "format=$format" "guided=$out/real")
[ -d "$out/real" ] || dotnet benchmarks/bin/Release/net10.0/Rlhf.Benchmarks.dll "${words[@]}"
# What runs before the first input must not be marked: AFL++'s memory is not there yet.
mark() { "$out/tool/sharpfuzz" "$out/program/$1.dll" "${@:2}" >&2; }
mark Parquet
mark Rlhf.Foundation Rlhf.Foundation.Data.Parquet Rlhf.Foundation.Data.Thrift Rlhf.Foundation.Data.Row Rlhf.Foundation.Data.Json
mark Rlhf.Policies Rlhf.Policies.TensorFiles. Rlhf.Policies.Tokenization.
code=0
AFL_SKIP_BIN_CHECK=1 AFL_SKIP_CPUFREQ=1 AFL_NO_UI=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_AFFINITY=1 \
  afl-fuzz -i "$out/real" -o "$out" -V "$seconds" -t 5000 -m none -- dotnet "$out/program/Rlhf.Benchmarks.dll" "${words[@]}" >"$out/log" 2>&1 || code=$?
[ "$code" -eq 0 ] || { tail -n 20 "$out/log" >&2; exit "$code"; }
grep -E '^(execs_done|execs_per_sec|corpus_count|corpus_found|edges_found|saved_crashes|saved_hangs)' "$out/default/fuzzer_stats"
[ -z "$(find "$out/default/crashes" "$out/default/hangs" -name 'id:*' -print -quit)" ]
