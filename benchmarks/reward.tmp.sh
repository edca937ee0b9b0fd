#!/usr/bin/env bash
# How good reward models get, beside what they could and what length alone gives; each prints its trust report.
#   benchmarks/reward.sh world [OUT]   the shipped pairs, by the demo recipe's tokenizer, sft and reward stages
#   benchmarks/reward.sh hh [OUT]      HH helpful-base, from stories260K
#   benchmarks/reward.sh imdb [OUT]    IMDB sentiment, from stories15M; the score model is OUT/reward/final
# hh and imdb read models and data from $RLHF_DATA (default ../shared/data) and end with 77 where it is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
what=${1:-world}
out=${2:-runs/reward-$what}
data=${RLHF_DATA:-../shared/data}

need() { [ -e "$1" ] || { echo "$1 is not there; set RLHF_DATA" >&2; exit 77; }; }

case $what in
  world)
    for stage in tokenizer\ train sft reward; do
      # shellcheck disable=SC2086
      nice -n 5 dotnet /tmp/mcli/Rlhf.Cli.dll $stage data/recipes/demo.yaml "out=$out"
    done ;;
  hh)
    need "$data/preferences/hh-helpful-base.jsonl.gz"
    nice -n 5 dotnet /tmp/mcli/Rlhf.Cli.dll reward "out=$out" "reward.model=$data/models/stories260K" "reward.data=$data/preferences/hh-helpful-base.jsonl.gz" \
      reward.eval_share=0.3 reward.max_length=256 reward.eval_every=0 reward.optimizer.learning_rate=1e-3 ;;
  imdb)
    need "$data/sentiment/imdb-8k.jsonl.gz"
    nice -n 5 dotnet /tmp/mcli/Rlhf.Cli.dll reward "out=$out" "reward.model=$data/models/stories15M" "reward.data=$data/sentiment/imdb-8k.jsonl.gz" reward.learn_from=labels \
      reward.max_length=80 reward.eval_every=113 reward.optimizer.learning_rate=3e-4 reward.optimizer.warmup_steps=20
    grep -o '"accuracy[a-z_]*": [0-9.]*\|"log_loss": [0-9.]*' "$out/reward/final/config.json" ;;
  *) echo "unknown: $what; expected world, hh or imdb" >&2; exit 2 ;;
esac
