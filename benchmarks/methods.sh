#!/usr/bin/env bash
# The methods beside each other on the shipped world, each with as many episodes (replies, for those that learn from preferences) and
# three seeds:  methods.sh [OUT]
#   prints the table of docs/benchmarks.md. OUT (default runs/methods) keeps the runs; what is done already is not done again.
#   METHODS="ppo grpo"  some of data/recipes/methods     SEEDS="1 2"  some of the seeds     RLHF="nice scripts/rlhf"  how the program is started
#   SETTINGS="ppo.steps=5"  overrides for every method, to try it
# What rlhf demo leaves in runs/demo is where all of them start; it is run first where it is not there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=${1:-runs/methods}
read -ra program <<<"${RLHF:-scripts/rlhf}"
read -ra settings <<<"${SETTINGS:-}"
read -ra methods <<<"${METHODS:-ppo grpo dr-grpo dapo gspo cispo rloo reinforce++ dpo ipo kto orpo simpo distillation}"
[ -e runs/demo/ppo/final ] || "${program[@]}" demo >&2
for seed in ${SEEDS:-1 2 3}; do
  for method in "${methods[@]}"; do
    "${program[@]}" sweep "data/recipes/methods/$method.yaml" "out=$out/$method" "${settings[@]}" sweep.part=point "sweep.index=$((seed - 1))" >&2
  done
done
python3 - "$out" "${methods[@]}" <<'P'
import json, pathlib, statistics, sys

def middle(numbers, digits):
    mean = f"{statistics.mean(numbers):.{digits}f}"
    return f"{mean} ± {statistics.stdev(numbers):.{digits}f}" if len(numbers) > 1 else mean

print("| method | gold | gain over the reference, σ | win rate by gold | reward model | KL, nats | response tokens | seconds |\n|---|---|---|---|---|---|---|---|")
told = False
for method in sys.argv[2:]:
    points, seconds = [], []
    for point in sorted(pathlib.Path(sys.argv[1], method, "sweep").glob("*/curve/curve.json")):
        curve = json.loads(point.read_text())
        reference = curve["reference"]
        points.append(max(curve["points"], key=lambda one: one["step"]))
        seconds.append(json.loads((point.parent.parent / "point.json").read_text())["seconds"])
    if not points:
        continue
    if not told:
        told = True
        print(f"| the reference | {reference['gold']['value']:.2f} | 0 | 0.50 | {reference['proxy']['value']:.2f} | 0 | {reference['length']['value']:.1f} | |")
    of = lambda key: [one[key]["value"] for one in points]
    print(f"| {method} | {middle(of('gold'), 2)} | {middle(of('gold_gain'), 2)} | {middle(of('gold_win_rate'), 2)} | {middle(of('proxy'), 2)}"
          f" | {middle([one['kl']['exact']['value'] for one in points], 1)} | {middle(of('length'), 1)} | {statistics.mean(seconds):.0f} |")
P
