#!/usr/bin/env bash
# The stages of scripts/gpu-check.sh, which starts them one by one:  gpu_stages.sh STAGE [ARGUMENTS…]
# Each prints to the log and leaves its numbers, JSON objects line by line, in $work/STAGE.jsonl.
# shellcheck disable=SC2317  # stages are called by name
set -euo pipefail
: "${here:?}" "${out:?}" "${work:?}" "${device:?}" "${scale:?}"

machine() {
  if command -v nvidia-smi >/dev/null; then nvidia-smi; fi
  python3 - <<'P'
import json, os, platform, subprocess, torch
facts = {"torch": torch.__version__, "cuda": torch.version.cuda, "python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count(),
         "compiler": subprocess.run([os.environ.get("CXX", "g++"), "--version"], capture_output=True, text=True).stdout.split("\n")[0]}
if torch.cuda.is_available():
    card = torch.cuda.get_device_properties(0)
    facts.update(gpu=card.name, gpus=torch.cuda.device_count(), gpu_memory_bytes=card.total_memory, capability=f"{card.major}.{card.minor}")
print(json.dumps(facts))
open(os.environ["work"] + "/machine.jsonl", "w").write(json.dumps(facts))
P
}

# Beside the programs, where they look for it and where later runs find it.
bridge() { bash "$here/bin/native/build.sh" "$here/bin/libtorchbridge.so"; }

doctor() {
  "$here/bin/rlhf" doctor
  [ "$device" = cpu ] || "$here/bin/rlhf" doctor | grep -q 'CUDA device'
}

# On a GPU nothing may be skipped: what looks for a GPU has to find it.
tests() {
  local name line total errors failed skipped all=0 bad=0 left=0
  for name in TorchSharp Policy Rlhf; do
    "$here/bin/$name.Tests" -noLogo -noColor -trait Device=gpu 2>&1 | tee "$work/tests.log" || true
    line=$(grep -aoE 'Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+' "$work/tests.log" | tail -n 1 || true)
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
  fi
  "$here/bin/rlhf" demo --json device="$device" out="$work/demo" "${small[@]}" >"$work/demo.jsonl"
  cp "$work/demo/report.html" "$out/"
  python3 - <<'P'
import json, os
found = {change["name"]: change for change in json.load(open(os.environ["work"] + "/demo.jsonl"))["changes"]}
gold = found["gold score"]
print("gold score", gold["before"], "->", gold["after"])
assert os.environ["scale"] == "small" or gold["after"] > gold["before"], "the gold score did not rise"
P
}

# A few steps of PPO with the demo's models.
ppo() { # OUT DEVICE [BEFORE…]
  (cd "$here/bin" && "${@:3}" ./rlhf ppo data/recipes/demo.yaml device="$2" out="$1" ppo.model="$work/demo/sft/final" \
    ppo.score.reward_model.path="$work/demo/reward/final" ppo.steps=3 ppo.sample_every=1 ppo.samples=64)
}

# The first rollouts have to be the same, with graphs and without. Later ones follow from weights, and a GPU adds gradients
# up in whatever order its threads come: how many steps stay the same is a number, not a condition.
reproducibility() {
  local run
  for run in first second no_graphs; do
    if [ "$run" = no_graphs ]; then export RLHF_NO_GRAPHS=1; fi
    ppo "$work/$run" "$device"
  done
  python3 - <<'P'
import json, os
work = os.environ["work"]
def rollouts(run):
    steps = {}
    for line in open(f"{work}/{run}/ppo/samples.jsonl"):
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

# One job of two processes, where there is a card for each: its first step is that of one process, but for what adding up in
# another order does.
two_cards() {
  local cards
  cards=$(python3 -c 'import torch; print(torch.cuda.device_count())')
  if [ "$device" = cpu ] || [ "$cards" -lt 2 ]; then echo "{\"cards\": $cards}" | tee "$work/two-cards.jsonl"; return; fi
  ppo "$work/two_cards" cuda bash "$here/launch.sh" -n 2
  python3 - <<'P'
import json, os
work = os.environ["work"]
def score(run):
    return json.loads(open(f"{work}/{run}/ppo/metrics.jsonl").readline())["score"]
found = {"one": score("first"), "two": score("two_cards")}
print(found)
json.dump(found, open(f"{work}/two-cards.jsonl", "w"))
assert abs(found["one"] - found["two"]) < 1e-3, "two processes scored other rollouts than one"
P
}

# bench STAGE DTYPE KEYS…
bench() { "$here/bin/rlhf" bench --json device="$device" dtype="$2" "${@:3}" >"$work/$1.jsonl"; }

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

ops() {
  export OMP_NUM_THREADS=1
  "$here/bin/TensorLayer" ops >"$work/ops.ours"
  python3 "$here/benchmarks/peer_ops.py" >"$work/ops.python"
  paste -d' ' "$work/ops.ours" "$work/ops.python" |
    awk '{ printf "{\"operator\": \"%s\", \"ours_ns\": %d, \"python_ns\": %d}\n", $1, $2, $4 }' | tee "$work/ops.jsonl"
}

"$@"
