#!/usr/bin/env bash
# On a GPU box: builds the bridge to its PyTorch, then runs the tests' GPU half, the demo, and the benchmarks beside their
# peers. Wants python3 with PyTorch for CUDA, and g++; no .NET, no network; takes under 8 minutes. scripts/publish.sh makes
# the folder in which this works.
#   bash gpu-check.sh [--small | --cpu] [OUT]      OUT: default gpu-check
#   --small      everything in sizes that only show that it runs; --cpu: the same on a machine without a GPU
# Leaves OUT/summary.txt (for docs/benchmarks.md), OUT/summary.json, OUT/log.txt and OUT/report.html (the demo's). Ends with 0
# where every stage passed, with 1 where one did not, with 2 where it could not begin.
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
cannot() { echo "gpu-check: $*" >&2; exit 2; }

device=cuda scale=full flag=""
case ${1:-} in --small | --cpu) flag=$1 scale=small; shift ;; esac
[ "$flag" != --cpu ] || device=cpu
case ${1:-} in -*) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;; esac
[ -x "$here/bin/rlhf" ] || cannot "no programs beside this script; make a folder with scripts/publish.sh and run the copy in there"
command -v python3 >/dev/null || cannot "no python3; a GPU box has one, with PyTorch"
if [ "$device" = cuda ] && ! python3 -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' 2>/dev/null; then
  cannot "the PyTorch of python3 sees no GPU here; rehearse with --cpu, or run this on a GPU box"
fi
out=$(realpath -m "${1:-gpu-check}")
mkdir -p "$out"
rm -f "$out"/{summary.txt,summary.json,log.txt,report.html}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset RLHF_BRIDGE RLHF_NO_GRAPHS
export here out work device scale

small=(sizes='[small_a,small_b,stories_15m]') large=(rows=64 length=512 new_tokens=128 repeats=2) large_bfloat16='sizes=[gpt2_124m,pythia_160m]' large_float32='sizes=[gpt2_124m]'
if [ "$scale" = small ]; then
  small=(sizes='[small_a]' rows=4 length=8 new_tokens=4 repeats=1) large=(rows=2 length=8 new_tokens=4 repeats=1) large_bfloat16='sizes=[small_a]' large_float32='sizes=[small_a]'
fi

# Seconds for all stages; writing the summary takes the rest of 8 minutes. A rehearsal may have little of its machine.
patience=1 failed=0
if [ "$scale" = small ]; then patience=3; fi
total=$((465 * patience))
run() { # STAGE LIMIT COMMAND ARGUMENTS…
  local stage=$1 limit=$(($2 * patience)) code=0 outcome began=$EPOCHREALTIME left=$((total - SECONDS))
  [ "$left" -lt "$limit" ] && limit=$left
  echo "== $stage" | tee -a "$out/log.txt" >&2
  if [ "$limit" -lt 3 ]; then outcome="no time left"
  else
    timeout -k 5 "$limit" bash "$here/benchmarks/gpu_stages.sh" "${@:3}" >>"$out/log.txt" 2>&1 </dev/null || code=$?
    case $code in 0) outcome=passed ;; 124 | 137) outcome="out of time ($limit s)" ;; *) outcome="failed ($code)" ;; esac
  fi
  [ "$outcome" = passed ] || { failed=1; echo "   $outcome: $(grep -av '^ *$' "$out/log.txt" | tail -n 1)" >&2; }
  printf '%s\t%s\t%s\n' "$stage" "$outcome" "$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')" >>"$work/stages.tsv"
}

run machine 20 machine
run bridge 150 bridge
run doctor 20 doctor
run tests 80 tests
run demo 130 demo
run reproducibility 45 reproducibility
run two-cards 40 two_cards
run bench-large-bfloat16 70 bench bench-large-bfloat16 bfloat16 "$large_bfloat16" "${large[@]}"
run peers-bfloat16 90 peers peers-bfloat16 bfloat16 transformers
run bench-large-float32 45 bench bench-large-float32 float32 "$large_float32" "${large[@]}"
run peers-float32 60 peers peers-float32 float32
run bench-small-bfloat16 30 bench bench-small-bfloat16 bfloat16 "${small[@]}"
run bench-small-float32 30 bench bench-small-float32 float32 "${small[@]}"
run ops 30 ops

python3 "$here/benchmarks/gpu_summary.py" "$work" "$out" "$device" "$flag"
cat "$out/summary.txt"
exit $failed
