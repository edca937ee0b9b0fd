#!/usr/bin/env bash
# On a GPU box: does its PyTorch fit TorchSharp? Then the GPU half of the tests, the demo, and the benchmarks beside their
# peers. Wants python3 with PyTorch for CUDA; no .NET, no compiler, no network; takes under 8 minutes. scripts/publish.sh
# --installed makes the folder in which this works.
#   bash gpu-check.sh [--small | --cpu] [OUT]      OUT: default gpu-check
#   --small      everything in sizes that only show that it runs; --cpu: the same on a machine without a GPU
# Leaves in OUT, after each stage anew: summary.txt (for docs/benchmarks.md), summary.json, log.txt, stages.jsonl (a line for
# each stage), results/STAGE.jsonl, and the demo's report.html. Ends with 0 where every stage passed, with 1 where one did
# not, with 2 where it could not begin.
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
cannot() { echo "gpu-check: $*" >&2; exit 2; }

device=cuda scale=full flag=""
case ${1:-} in --small | --cpu) flag=$1 scale=small; shift ;; esac
[ "$flag" != --cpu ] || device=cpu
case ${1:-} in -*) sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;; esac
[ -x "$here/bin/Rlhf.Cli" ] || cannot "no programs beside this script; make a folder with scripts/publish.sh and run the copy in there"
command -v python3 >/dev/null || cannot "no python3; a GPU box has one, with PyTorch"
out=$(realpath -m "${1:-gpu-check}")
work=$out/results
rm -rf "$work" "$out"/{summary.txt,summary.json,stages.jsonl,log.txt,report.html}
mkdir -p "$work"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset RLHF_NO_GRAPHS
export here out work scratch device scale

small=(sizes='[small_a,small_b,stories_15m]') large=(sizes='[gpt2_124m]' rows=64 length=512 new_tokens=128 repeats=2)
if [ "$scale" = small ]; then
  small=(sizes='[small_a]' rows=4 length=8 new_tokens=4 repeats=1) large=(sizes='[small_a]' rows=2 length=8 new_tokens=4 repeats=1)
fi

# Seconds for all stages. A rehearsal may have little of its machine.
patience=1 failed=0 fits=yes
if [ "$scale" = small ]; then patience=3; fi
total=$((465 * patience))
run() { # STAGE LIMIT COMMAND ARGUMENTS…
  local stage=$1 limit=$(($2 * patience)) code=0 outcome began=$EPOCHREALTIME left=$((total - SECONDS)) seconds
  [ "$left" -lt "$limit" ] && limit=$left
  echo "== $stage" >>"$out/log.txt"
  if [ $fits = no ]; then outcome="skipped: this libtorch does not serve"
  elif [ "$limit" -lt 3 ]; then outcome="no time left"
  else
    timeout -k 5 "$limit" bash "$here/benchmarks/gpu_stages.sh" "${@:3}" >>"$out/log.txt" 2>&1 </dev/null || code=$?
    case $code in 0) outcome=passed ;; 124 | 137) outcome="out of time ($limit s)" ;; *) outcome="failed ($code)" ;; esac
  fi
  seconds=$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
  echo "{\"stage\": \"$stage\", \"outcome\": \"$outcome\", \"seconds\": $seconds}" >>"$out/stages.jsonl"
  case $outcome in
    passed | skipped*) echo "$stage: $outcome, $seconds s" ;;
    *) echo "$stage: $outcome, $seconds s: $(grep -av '^ *$' "$out/log.txt" | tail -n 1)" ;;
  esac
  python3 "$here/benchmarks/gpu_summary.py" "$out" "$device" "$flag" || true
  [ "$outcome" = passed ] || { failed=1; return 1; }
}

run fit 30 fit || fits=no
run tests 90 tests || true
run demo 60 demo || true
run bench-large-bfloat16 60 bench bench-large-bfloat16 bfloat16 "${large[@]}" || true
run bench-large-float32 45 bench bench-large-float32 float32 "${large[@]}" || true
run bench-small-bfloat16 30 bench bench-small-bfloat16 bfloat16 "${small[@]}" || true
run bench-small-float32 30 bench bench-small-float32 float32 "${small[@]}" || true
run phases 40 phases || true
run peers-bfloat16 90 peers peers-bfloat16 bfloat16 transformers || true
run peers-float32 60 peers peers-float32 float32 || true
run reproducibility 45 reproducibility || true
exit $failed
