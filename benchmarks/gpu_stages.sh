#!/usr/bin/env bash
# The stages of scripts/gpu-check.sh, which starts them one by one:  gpu_stages.sh STAGE [ARGUMENTS…]
# Each prints to the log and leaves its numbers, JSON objects line by line, in $work/STAGE.jsonl; $scratch is thrown away.
# shellcheck disable=SC2317  # stages are called by name
set -euo pipefail
: "${here:?}" "${out:?}" "${work:?}" "${scratch:?}" "${device:?}" "${scale:?}"

# The program's own look at libtorch: known tensors, on the processor and on the card. A GPU has to be there and in order.
fit() {
  if command -v nvidia-smi >/dev/null; then nvidia-smi; fi
  python3 - <<'P' || true
import json, os, platform
facts = {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()}
try:
    import torch
    facts.update(torch=torch.__version__, cuda=torch.version.cuda)
    if torch.cuda.is_available():
        card = torch.cuda.get_device_properties(0)
        facts.update(gpu=card.name, gpus=torch.cuda.device_count(), gpu_memory_bytes=card.total_memory, capability=f"{card.major}.{card.minor}")
except ImportError:
    pass
print(json.dumps(facts))
open(os.environ["work"] + "/machine.jsonl", "w").write(json.dumps(facts) + "\n")
P
  "$here/rlhf" doctor --json >"$scratch/doctor.json" || { "$here/rlhf" doctor | grep '^bad'; return 1; }
  "$here/rlhf" doctor
  python3 - <<'P'
import json, os
findings = json.load(open(os.environ["scratch"] + "/doctor.json"))
found = {finding["subject"]: finding["found"] for finding in findings}
open(os.environ["work"] + "/fit.jsonl", "w").write(json.dumps(found) + "\n")
assert os.environ["device"] == "cpu" or "CUDA device" in found["gpu"], "the program sees no GPU: " + found["gpu"]
P
}

# On a GPU nothing may be skipped: what looks for a GPU has to find it.
tests() {
  local name line total errors failed skipped all=0 bad=0 left=0
  for name in Policy Rlhf; do
    "$here/bin/$name.Tests" -noLogo -noColor -trait Device=gpu 2>&1 | tee "$scratch/tests.log" || true
    line=$(grep -aoE 'Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+' "$scratch/tests.log" | tail -n 1 || true)
    read -r total errors failed skipped < <(tr -dc '0-9 \n' <<<"$line")
    # A program that died left no summary: one failure.
    all=$((all + ${total:-1})) bad=$((bad + ${errors:-1} + ${failed:-0})) left=$((left + ${skipped:-0}))
  done
  echo "{\"passed\": $((all - bad - left)), \"failed\": $bad, \"skipped\": $left}" >"$work/tests.jsonl"
  [ "$bad" -eq 0 ] && { [ "$device" = cpu ] || [ "$left" -eq 0 ]; }
}

demo() {
  local small=()
  if [ "$scale" = small ]; then
    small=('sft.from_scratch={width: 32, layers: 1, heads: 2, context: 64}' sft.epochs=1 reward.epochs=1 ppo.steps=2 ppo.episodes=16 curve.max_prompts=16 curve.samples=1 curve.best_of=2)
  else small=(ppo.steps=10); fi
  "$here/rlhf" demo --json device="$device" out="$scratch/demo" "${small[@]}" >"$work/demo.jsonl"
  cp "$scratch/demo/report.html" "$out/"
  python3 - <<'P'
import json, os
found = {change["name"]: change for change in json.load(open(os.environ["work"] + "/demo.jsonl"))["changes"]}
gold = found["gold score"]
print("gold score", gold["before"], "->", gold["after"])
assert os.environ["scale"] == "small" or gold["after"] > gold["before"], "the gold score did not rise"
P
}

# A few steps of PPO with the demo's models.
ppo() { # OUT
  (cd "$here/bin" && ./Rlhf.Cli ppo data/recipes/demo.yaml device="$device" out="$1" ppo.model="$scratch/demo/sft/final" \
    ppo.score.reward_model.path="$scratch/demo/reward/final" ppo.steps=3 ppo.sample_every=1 ppo.samples=64)
}

# The first rollouts have to be the same, with graphs and without. Later ones follow from weights, and a GPU adds gradients
# up in whatever order its threads come: how many steps stay the same is a number, not a condition.
reproducibility() {
  local run
  for run in first second no_graphs; do
    if [ "$run" = no_graphs ]; then export RLHF_NO_GRAPHS=1; fi
    ppo "$scratch/$run"
  done
  python3 - <<'P'
import json, os
work, scratch = os.environ["work"], os.environ["scratch"]
def rollouts(run):
    steps = {}
    for line in open(f"{scratch}/{run}/ppo/samples.jsonl"):
        row = json.loads(line)
        steps.setdefault(row["step"], []).append((row["prompt"], row["response"]))
    return list(steps.values())
first = rollouts("first")
assert len(first) == 3 and all(first), "samples.jsonl holds other steps than were run"
def same(run):
    return next((i for i, (a, b) in enumerate(zip(first, rollouts(run))) if a != b), len(first))
found = {"steps": len(first), "episodes": len(first[0]), "same_steps_again": same("second"), "same_steps_without_graphs": same("no_graphs")}
print(found)
json.dump(found, open(f"{work}/reproducibility.jsonl", "w"))
assert found["same_steps_again"] > 0 and found["same_steps_without_graphs"] > 0, "the same seed gave other first rollouts"
P
}

# bench STAGE DTYPE KEYS…
bench() { "$here/rlhf" bench --json device="$device" dtype="$2" "${@:3}" >"$work/$1.jsonl"; }

# Where the time goes, piece by piece: for the log.
phases() {
  local shape=()
  if [ "$scale" = small ]; then shape=(size=small_a rows=4 length=16 new=4); fi
  "$here/bin/Rlhf.Benchmarks" phases device="$device" "${shape[@]}"
}

# peer STAGE DTYPE SCRIPT ARGUMENTS…: one that fails lets the others run.
peer() {
  local code=0
  python3 "$here/benchmarks/$3" "${@:4}" --device "$device" --dtype "$2" >>"$work/$1.jsonl" || code=$?
  if [ "$code" -ne 0 ] && [ "$code" -ne 77 ]; then touch "$work/$1.failed"; fi
  if [ "$code" -eq 77 ]; then echo '{"peer": "transformers-'"$4"'", "outcome": "not installed"}' >>"$work/$1.jsonl"; fi
}

# The workloads of bench's gpt2_124m.
peers() { # STAGE DTYPE [transformers]
  local shape=(--width 768 --layers 12 --heads 12 --vocabulary 50257) rows=64 length=512 prompt=128 new=128 name=gpt2_124m
  if [ "$scale" = small ]; then shape=(--width 128 --layers 4 --heads 4 --vocabulary 512) rows=2 length=8 prompt=2 new=4 name=a; fi
  peer "$1" "$2" peer_train_step.py "${shape[@]}" --batch "$rows" --length "$length" --steps 8
  peer "$1" "$2" peer_generate.py cached "${shape[@]}" --batch "$rows" --prompt 1 --new "$new" --repeats 2
  peer "$1" "$2" peer_ppo.py --shape "$name" --episodes "$rows" --prompt "$prompt" --response "$new" --repeats 1 --json
  if [ "${3:-}" = transformers ]; then
    peer "$1" "$2" peer_transformers.py generate --shape "$name" --batch "$rows" --new "$new" --repeats 2
    peer "$1" "$2" peer_transformers.py ppo --trl --shape "$name" --episodes "$rows" --prompt "$prompt" --response "$new" --repeats 1
  fi
  cat "$work/$1.jsonl"
  [ ! -e "$work/$1.failed" ]
}

"$@"
