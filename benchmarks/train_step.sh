#!/usr/bin/env bash
# The training step against plain PyTorch, taken in turns because machines drift:  train_step.sh [rounds] [options…]
# Options go to both sides: --width 128 --layers 4 --heads 4 --vocabulary 512
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
rounds=${1:-3}; shift || true
# shellcheck source=benchmarks/python.sh
. "$here/python.sh"
dotnet build "$here" -c Release -v q -clp:NoSummary >&2
results=$(mktemp); trap 'rm -f "$results"' EXIT
for _ in $(seq "$rounds"); do
  dotnet "$here/bin/Release/net10.0/Rlhf.Benchmarks.dll" train-step "$@" | tee -a "$results" >&2
  "$python" "$here/peer_train_step.py" "$@" | tee -a "$results" >&2
done
"$python" - "$results" <<'P'
import json, statistics, sys
runs = [json.loads(line) for line in open(sys.argv[1])]
ours, peer = ([r for r in runs if r["peer"] == who] for who in ("rlhf", "pytorch"))
ratios = [a["median_s"] / b["median_s"] for a, b in zip(ours, peer)]
print(json.dumps({"ratio": statistics.median(ratios), "ratios": ratios, "ours_s": [r["median_s"] for r in ours], "peer_s": [r["median_s"] for r in peer],
                  "utilisation": statistics.median(r["utilisation"] for r in ours), "peer_utilisation": statistics.median(r["utilisation"] for r in peer)}))
P
