#!/usr/bin/env bash
# What one small operator costs through this binding and through Python, on the same libtorch and one thread each.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. benchmarks/python.sh
dotnet build benchmarks/TensorLayer -c Release -v quiet -clp:NoSummary >&2
ours=$(OMP_NUM_THREADS=1 dotnet benchmarks/TensorLayer/bin/Release/net10.0/TensorLayer.dll ops)
theirs=$(OMP_NUM_THREADS=1 "$python" benchmarks/peer_ops.py)
paste -d' ' <(echo "$ours") <(echo "$theirs") |
  awk 'BEGIN { printf "%-18s %10s %10s %7s\n", "operator", "ours ns", "python ns", "ratio" } { printf "%-18s %10d %10d %7.2f\n", $1, $2, $4, $2 / $4 }'
