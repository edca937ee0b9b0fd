#!/usr/bin/env bash
# Proves that nothing is lost by a crash: runs every stage undisturbed, then again killed with SIGKILL at random moments of each
# and resumed each time, and compares final weights, metrics, samples and curves bit by bit.
#   scripts/kill-and-resume.sh [key=value ...]       the shipped world at a small size; keys go to every stage
#   STAGES="tokenizer sft reward ppo grpo dpo curve sweep rounds study"    those that are killed; what they start from runs undisturbed
#   KILLS=40 in all, the same number in each stage  SEED=1  WORK=folder to work in (default: a temporary one)
#   RLHF_KERNELS=0 holds for all of it
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
kills=${KILLS:-40}
RANDOM=${SEED:-1}
more=("$@")
work=${WORK:-$(mktemp -d)}
mkdir -p "$work"
[ -n "${WORK:-}" ] || trap 'rm -rf "$work"' EXIT
cd "$root"
say() { echo "kill-and-resume: $*" >&2; }

# Both times in one folder, so that no path tells them apart.
run=$work/run
shape="sft.from_scratch={width: 64, layers: 2, heads: 2, context: 64}"
small=(save_every=2 "$shape" sft.epochs=0.1 reward.epochs=0.1 ppo.steps=8 ppo.episodes=16 curve.max_prompts=8 curve.best_of=4)
begun=(ppo.model="$run/sft/final" ppo.score.reward_model.path="$run/reward/final" ppo.episodes=16 save_every=2)

# A stage: the words after `rlhf` that run it in $run, and the folder that is its own. Another one needs a case here, a folder and a place in `all`.
all="tokenizer sft reward ppo grpo dpo curve sweep rounds study"
declare -A leaves=([tokenizer]=tokenizer [sft]=sft [reward]=reward [ppo]=ppo [grpo]=grpo [dpo]=dpo [curve]=curve [sweep]=grid [rounds]=rounds [study]=study)
words_of() {
  case $1 in
    tokenizer | sft | reward | ppo | curve) words=("$1" data/recipes/demo.yaml "${small[@]}" out="$run") ;;
    grpo) words=(ppo data/recipes/methods/grpo.yaml "${begun[@]}" ppo.samples_per_prompt=4 ppo.steps=8 out="$run/grpo") ;;
    dpo) words=(dpo data/recipes/methods/dpo.yaml dpo.model="$run/sft/final" dpo.epochs=0.1 save_every=2 out="$run") ;;
    sweep)
      words=(sweep data/recipes/sweep.yaml "${begun[@]}" ppo.steps=4 curve.max_prompts=8 curve.best_of=2 curve.cache="$run/grid/cache"
        "sweep.grid={ppo.kl.coefficient: [0.05, 0.5]}" out="$run/grid")
      ;;
    rounds)
      words=(rounds data/recipes/rounds.yaml save_every=2 rounds.count=2 rounds.pairs=24 "$shape" sft.epochs=0.05 reward.epochs=2 ppo.steps=3 ppo.episodes=16
        curve.max_prompts=8 out="$run/rounds")
      ;;
    study)
      words=(study data/recipes/study.yaml save_every=2 "$shape" sft.epochs=0.05 reward.epochs=1 "study.sizes=[32]" study.focus=32 study.members=2 "study.noise=[0.25]"
        study.best_of=8 "study.prices=[0.1]" study.checkpoints=4 ppo.steps=4 ppo.episodes=8 curve.max_prompts=6 curve.samples=1 out="$run/study")
      ;;
  esac
  words+=("${more[@]}")
}

chosen=${STAGES:-$all}
for stage in $chosen; do
  [ -n "${leaves[$stage]:-}" ] || { say "there is no stage $stage; there are $all"; exit 2; }
done
count=$(wc -w <<<"$chosen")
log=$work/log

# Undisturbed, and how long each takes.
scripts/rlhf --version >&2
rm -rf "$run" "$work/whole"
declare -A takes=()
for stage in $all; do
  case " $chosen tokenizer sft reward ppo " in *" $stage "*) ;; *) continue ;; esac
  words_of "$stage"
  started=$(date +%s%N)
  scripts/rlhf "${words[@]}" >"$log" 2>&1 || { tail -n 5 "$log" >&2; say "$stage failed undisturbed"; exit 1; }
  takes[$stage]=$((($(date +%s%N) - started) / 1000000))
  say "$stage undisturbed in ${takes[$stage]} ms"
done
mv "$run" "$work/whole"

declare -A done_kills=()
sessions=0 place=0 total=0
for stage in $all; do
  [ -n "${takes[$stage]:-}" ] || continue
  left=0
  case " $chosen " in
    *" $stage "*)
      left=$((kills / count))
      [ "$place" -ge $((kills % count)) ] || left=$((left + 1))
      place=$((place + 1))
      ;;
  esac
  words_of "$stage"
  tries=$((20 * left + 20))
  while :; do
    tries=$((tries - 1)) sessions=$((sessions + 1))
    [ "$tries" -ge 0 ] || { say "$stage makes no progress"; exit 1; }
    # A session of its own, so that all that it starts dies with it.
    setsid scripts/rlhf "${words[@]}" >"$log" 2>&1 &
    child=$!
    if [ "$left" -gt 0 ]; then
      life=$((300 + RANDOM % takes[$stage]))
      while [ "$life" -gt 0 ] && kill -0 "$child" 2>/dev/null; do
        sleep 0.02
        life=$((life - 22))
      done
      if kill -0 "$child" 2>/dev/null; then
        kill -KILL -- "-$child" 2>/dev/null || true
        wait "$child" 2>/dev/null || true
        left=$((left - 1)) total=$((total + 1))
        done_kills[$stage]=$((${done_kills[$stage]:-0} + 1))
        continue
      fi
    fi
    code=0
    wait "$child" || code=$?
    if [ "$code" -ne 0 ]; then
      tail -n 5 "$log" >&2
      say "a resumed session of $stage failed with $code"
      exit 1
    fi
    [ "$left" -gt 0 ] || break
    # Done before its kills are spent: once more from the beginning.
    rm -rf "${run:?}/${leaves[$stage]}"
  done
  [ -z "${done_kills[$stage]:-}" ] || say "$stage: ${done_kills[$stage]} kills"
done

# Times and memory differ between any two runs, and so do the times in labels; nothing else may.
normalized() { sed -E -e 's/"(seconds[a-z_]*|[a-z_]*per_second|memory[a-z_]*|time)": *("[^"]*"|[^,}]*)//g' "$1"; }
different=0 compared=0
while IFS= read -r file; do
  compared=$((compared + 1))
  case $file in
    */manifest.json) continue ;;
    *.json | *.jsonl) cmp -s <(normalized "$work/whole/$file") <(normalized "$run/$file") || { say "$file differs"; different=1; } ;;
    *) cmp -s "$work/whole/$file" "$run/$file" || { say "$file differs"; different=1; } ;;
  esac
done < <(cd "$work/whole" && find . -path '*/final/*' -type f -o -name metrics.jsonl -o -name samples.jsonl -o -name curve.json -o -name study.json -o -name pairs.jsonl)
[ "$compared" -gt 0 ] || { say "nothing to compare"; exit 1; }
[ "$different" -eq 0 ] || exit 1
summary=""
for stage in $all; do summary="$summary${done_kills[$stage]:+, $stage ${done_kills[$stage]}}"; done
say "$total kills (${summary#, }), $sessions sessions; $compared files (weights, metrics, samples, curves, pairs) are bitwise the same"
