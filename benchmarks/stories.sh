#!/usr/bin/env bash
# A real model against a real reward, judged by a second opinion:  stories.sh [OUT]
#   PPO, best-of-n, GRPO and DPO of stories15M towards a sentiment model; OUT (default runs/stories15m-sentiment) gets report.html
#   of PPO, and methods/report.html of the three beside each other; what is done already is not done again.
#   RLHF="nice scripts/rlhf"  how the program is started
#   SETTINGS="ppo.steps=4"    overrides of every command, to try it
# Reads models/stories15M and sentiment/imdb-8k.jsonl.gz from $RLHF_DATA (default ../shared/data) and ends with 77 where they are missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=${1:-runs/stories15m-sentiment}
data=${RLHF_DATA:-../shared/data}
model=$data/models/stories15M reviews=$data/sentiment/imdb-8k.jsonl.gz prompts=data/recipes/stories.prompts.jsonl
for path in "$model" "$reviews"; do [ -e "$path" ] || { echo "$path is not there; set RLHF_DATA" >&2; exit 77; }; done
read -ra program <<<"${RLHF:-scripts/rlhf}"
read -ra settings <<<"${SETTINGS:-}"
recipe=data/recipes/stories15m-sentiment.yaml
mkdir -p "$out"
gold="gold.reward_model.path=$out/judge/reward/final" proxy=$out/reward/final
run() { echo "stories: $1 $(date +%T)" >&2; "${program[@]}" "$@" "${settings[@]}"; }

# Every second review teaches the judge, the others the reward model.
[ -s "$out/reviews.judge.jsonl" ] || gzip -cd "$reviews" | awk -v proxy="$out/reviews.proxy.jsonl" -v judge="$out/reviews.judge.jsonl" '{ print > (NR % 2 ? proxy : judge) }'
run reward "$recipe" "out=$out/judge" seed=7 "reward.model=$model" "reward.data=$out/reviews.judge.jsonl" "reward.normalization.policy=$model"
run demo "$recipe" "out=$out" "reward.model=$model" "reward.data=$out/reviews.proxy.jsonl" "reward.normalization.policy=$model" "ppo.model=$model" "$gold"

run ppo "$recipe" "out=$out/grpo" "name=stories15m-grpo" ppo.algorithm=grpo ppo.samples_per_prompt=8 ppo.steps=50 ppo.kl.control=fixed "ppo.model=$model" "ppo.score={reward_model: {path: $proxy}}" "$gold"
# Pairs of the model's own responses, the best and the worst of four by the same reward model.
for _ in $(seq 16); do cat "$prompts"; done >"$out/prompts.jsonl"
[ -s "$out/pairs.jsonl" ] || run best-of-n "$model" "$out/prompts.jsonl" n=4 pairs=true only_ended=false "to=$out/pairs.jsonl" sampling.max_new_tokens=40 "score.reward_model.path=$proxy"
run dpo "out=$out/dpo" "name=stories15m-dpo" save_every=8 keep_last=5 "dpo.model=$model" "dpo.data=$out/pairs.jsonl" dpo.epochs=2 dpo.batch_size=32 \
  "dpo.optimizer={learning_rate: 3e-5, schedule: constant}"
# All beside each other; what the demo's curve has is taken from its cache.
run curve "$out/ppo" "$out/grpo/ppo" "$out/dpo/dpo" "out=$out/methods" "curve.prompts=$prompts" curve.samples=8 curve.best_of=64 curve.sampling.max_new_tokens=40 \
  "curve.proxy.reward_model.path=$proxy" "curve.cache=$out/curve/cache" "$gold"
run report "$out/methods"
