# shellcheck shell=bash
# Sourced by the benchmarks that have a peer in PyTorch: sets python to an interpreter with torch ($PYTHON comes first).
python=${PYTHON:-$(for p in /usr/bin/python3 python3; do "$p" -c 'import torch' 2>/dev/null && echo "$p" && break; done)}
[ -n "$python" ] || { echo "error: no python3 with torch; install python3-torch, or set PYTHON" >&2; exit 1; }
