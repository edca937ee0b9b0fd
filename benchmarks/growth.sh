#!/usr/bin/env bash
# Whether time and memory grow with what they should not:  growth.sh [OUT]
#   over 500 small PPO steps (seconds of each phase and memory, by hundreds), with more rows side by side, with longer rows.
# OUT (default runs/growth) keeps the run; the shipped world's tokenizer, policy and reward model are made in it first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=${1:-runs/growth}
for stage in tokenizer\ train sft reward; do
  # shellcheck disable=SC2086
  scripts/rlhf $stage data/recipes/demo.yaml "out=$out" >&2
done
scripts/rlhf ppo data/recipes/demo.yaml "out=$out" ppo.steps=500 ppo.episodes=16 ppo.epochs=1 ppo.minibatches=2 save_every=100 >&2
python3 - "$out/ppo/metrics.jsonl" <<'P'
import json, statistics, sys
rows = [row for row in map(json.loads, open(sys.argv[1])) if "seconds_update" in row]
print("steps      generation s  likelihoods s  update s  tokens a response  memory GB")
for first in range(0, len(rows), 100):
    part = rows[first:first + 100]
    middle = lambda key: statistics.median(row[key] for row in part)
    print(f"{part[0]['step']:3d}-{part[-1]['step']:<4d} {middle('seconds_generation'):14.3f} {middle('seconds_likelihoods'):14.3f} {middle('seconds_update'):9.3f}"
          f" {middle('response_length'):18.1f} {max(row['memory_gb'] for row in part):10.3f}")
P
measure() { scripts/rlhf bench 'sizes=[small_b]' repeats=1 "$@" --json 2>/dev/null; }
{
  for rows in 8 16 32 64 128; do measure "rows=$rows" length=32 new_tokens=32; done
  for length in 32 64 128 240; do measure "length=$length" "new_tokens=$length" "rows=$((2048 / length))"; done
} | python3 -c '
import json, sys
print("rows x length   training tokens/s  prefill tokens/s  decode tokens/s")
for line in sys.stdin:
    run = json.loads(line)
    work, speed = run["workload"], run["speeds"][0]
    print("%4d x %-6d %18.0f %17.0f %16.0f" % (work["rows"], work["length"], speed["training"], speed["prefill"], speed["decode"]))'
