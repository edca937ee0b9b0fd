#!/usr/bin/env bash
# Rlhf beside itself composed and beside PyTorch, in turns because machines drift:  turns.sh WHAT [ROUNDS] [OPTIONS…]
#   turns.sh ppo 5 --shape b            one PPO iteration; peers: plain PyTorch, and transformers with TRL's bookkeeping where it is installed
#   turns.sh train-step 5               one step of a causal model; [--width 128 --heads 4 --layers 4 --vocabulary 512]
#   turns.sh generate 5                 so many new tokens for a batch of prompts; the same options
# Options go to all. PYTHON names an interpreter with torch; without one the peers are left out. EARLIER names a program
# that takes the same arguments, of an earlier build. Prints a JSON object a run, then medians and how many times as fast Rlhf is.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
what=${1:?"ppo, train-step or generate"} rounds=${2:-3}
shift $(($# < 2 ? $# : 2))
python=${PYTHON:-$(for p in /usr/bin/python3 python3; do "$p" -c 'import torch' 2>/dev/null && echo "$p" && break; done || true)}
dotnet build "$here" -c Release -v q -clp:NoSummary >&2
rlhf=(dotnet "$here/bin/Release/net10.0/Rlhf.Benchmarks.dll" "$what")
results=$(mktemp)
trap 'rm -f "$results"' EXIT
run() { local name=$1; shift; echo "{\"who\": \"$name\", \"found\": $("$@")}" | tee -a "$results" >&2; }
for _ in $(seq "$rounds"); do
  run rlhf "${rlhf[@]}" "$@"
  run composed env RLHF_KERNELS=0 "${rlhf[@]}" "$@"
  [ -z "${EARLIER:-}" ] || run earlier $EARLIER "$what" "$@"
  [ -n "$python" ] || continue
  case $what in
    ppo) run pytorch $python "$here/peer_ppo.py" --json "$@"
      ! $python -c 'import transformers' 2>/dev/null || run trl-like $python "$here/peer_transformers.py" ppo --trl "$@" ;;
    train-step) run pytorch $python "$here/peer_train_step.py" "$@" ;;
    generate) run pytorch $python "$here/peer_generate.py" cached "$@" ;;
  esac
done
"${rlhf[@]:0:2}" summary "$results"
