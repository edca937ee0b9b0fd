#!/usr/bin/env bash
# Generation against plain PyTorch, with a cache and recomputing the prefix, taken in turns because machines drift:
#   generate.sh [rounds] [options…]     options go to all: --width 128 --layers 4 --heads 4 --vocabulary 512 --new 24
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
rounds=${1:-2}; shift || true
# shellcheck source=benchmarks/python.sh
. "$here/python.sh"
dotnet build "$here" -c Release -v q -clp:NoSummary >&2
results=$(mktemp); trap 'rm -f "$results"' EXIT
for _ in $(seq "$rounds"); do
  dotnet "$here/bin/Release/net10.0/Rlhf.Benchmarks.dll" generate "$@" | tee -a "$results" >&2
  "$python" "$here/peer_generate.py" cached "$@" | tee -a "$results" >&2
  "$python" "$here/peer_generate.py" recompute --repeats 1 "$@" | tee -a "$results" >&2
done
"$python" - "$results" <<'P'
import json, statistics, sys
runs = [json.loads(line) for line in open(sys.argv[1])]
times = {who: [r["median_s"] for r in runs if r["peer"] == who] for who in ("rlhf", "pytorch-cached", "pytorch-recompute")}
ratio = lambda who: statistics.median(peer / ours for peer, ours in zip(times[who], times["rlhf"]))
print(json.dumps({"times_faster_than_cached": ratio("pytorch-cached"), "times_faster_than_recompute": ratio("pytorch-recompute"), "seconds": times,
                  "tokens_per_s": statistics.median(r["tokens_per_s"] for r in runs if r["peer"] == "rlhf")}))
P
