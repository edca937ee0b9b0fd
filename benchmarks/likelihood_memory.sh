#!/usr/bin/env bash
# The most memory that log-probs over a large vocabulary and their gradients take, chunked and the naive way (whole logits,
# whole log-softmax), each in a process of its own:  likelihood_memory.sh [vocabulary] [episodes] [tokens] [width]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dotnet build "$here" -c Release -v q -clp:NoSummary >&2
results=$(mktemp); trap 'rm -f "$results"' EXIT
for way in chunked naive; do dotnet "$here/bin/Release/net10.0/Rlhf.Benchmarks.dll" likelihood-memory "$way" "$@" | tee -a "$results" >&2; done
python3 - "$results" <<'P'
import json, sys
chunked, naive = (json.loads(line) for line in open(sys.argv[1]))
assert abs(chunked["loss"] - naive["loss"]) < 1e-4 and abs(chunked["gradient_norm"] / naive["gradient_norm"] - 1) < 1e-4, "the two ways do not agree"
print(json.dumps({"share_of_naive": chunked["peak_mib"] / naive["peak_mib"], "share_above_inputs": chunked["above_inputs_mib"] / naive["above_inputs_mib"],
                  "chunked_mib": round(chunked["peak_mib"]), "naive_mib": round(naive["peak_mib"])}))
P
