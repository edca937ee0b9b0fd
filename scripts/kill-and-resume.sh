#!/usr/bin/env bash
# Proves that nothing is lost by a crash: runs the stages of a recipe undisturbed, then again killed with SIGKILL at
# random moments across all stages and resumed each time, and compares final weights, metrics and samples bit by bit.
#   scripts/kill-and-resume.sh [recipe.yaml] [key=value ...]     default: data/recipes/demo.yaml at a small size
#   KILLS=25  SEED=1  WORK=folder to work in (default: a temporary one)
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
kills=${KILLS:-25}
RANDOM=${SEED:-1}
if [ $# -eq 0 ]; then
  set -- "$root/data/recipes/demo.yaml" save_every=2 \
    sft.epochs=0.2 reward.epochs=0.2 ppo.steps=12 ppo.episodes=16 curve.max_prompts=16 curve.best_of=4
fi
work=${WORK:-$(mktemp -d)}
mkdir -p "$work"
[ -n "${WORK:-}" ] || trap 'rm -rf "$work"' EXIT
cd "$root"

# Undisturbed, and how long it takes.
"$root/scripts/rlhf" --version >&2
started=$(date +%s%N)
scripts/train.sh "$@" out="$work/whole" >"$work/whole.log" 2>&1 || { tail -n 5 "$work/whole.log" >&2; exit 1; }
duration=$((($(date +%s%N) - started) / 1000000))
echo "kill-and-resume: undisturbed in $duration ms; now with $kills kills" >&2

# Each session lives for a random while, of which enough is left to get further; a start alone takes about a second.
longest=$((4 * duration / kills))
[ "$longest" -ge 3000 ] || longest=3000
done_kills=0
sessions=0
while :; do
  sessions=$((sessions + 1))
  [ "$sessions" -le $((20 * kills + 20)) ] || { echo "kill-and-resume: no progress after $sessions sessions" >&2; exit 1; }
  setsid scripts/train.sh "$@" out="$work/killed" >"$work/killed.log" 2>&1 &
  child=$!
  if [ "$done_kills" -lt "$kills" ]; then
    life=$((500 + RANDOM % longest))
    while [ "$life" -gt 0 ] && kill -0 "$child" 2>/dev/null; do
      sleep 0.05
      life=$((life - 50))
    done
    if kill -0 "$child" 2>/dev/null; then
      # The whole session group, so that no stage outlives its script.
      kill -KILL -- "-$child" 2>/dev/null || true
      wait "$child" 2>/dev/null || true
      done_kills=$((done_kills + 1))
      stage=$(grep -a '^train: ' "$work/killed.log" | tail -n 1 | cut -d' ' -f2 || true)
      echo "kill-and-resume: kill $done_kills in ${stage:-start}" >&2
      continue
    fi
  fi
  code=0
  wait "$child" || code=$?
  if [ "$code" -ne 0 ]; then
    tail -n 5 "$work/killed.log" >&2
    echo "kill-and-resume: a resumed session failed with $code" >&2
    exit 1
  fi
  [ "$done_kills" -ge "$kills" ] && break
  # All stages are done before all kills are spent: go on with a fresh run.
  rm -rf "$work/killed"
done

# Times, memory and the folder's own name differ between any two runs; nothing else may.
normalized() { sed -E -e 's/"(seconds[a-z_]*|[a-z_]*per_second|memory[a-z_]*)": *[^,}]*//g' -e "s#$work/(whole|killed)#RUN#g" -e 's/"run": *"(whole|killed)"/"run":"RUN"/g' "$1"; }
different=0
while IFS= read -r file; do
  case $file in
    */final/manifest.json) continue ;;
    *.json | *.jsonl) cmp -s <(normalized "$work/whole/$file") <(normalized "$work/killed/$file") || { echo "kill-and-resume: $file differs" >&2; different=1; } ;;
    *) cmp -s "$work/whole/$file" "$work/killed/$file" || { echo "kill-and-resume: $file differs" >&2; different=1; } ;;
  esac
done < <(cd "$work/whole" && find . -path '*/final/*' -type f -o -name metrics.jsonl -o -name samples.jsonl -o -name curve.json)
[ "$different" -eq 0 ] || exit 1
echo "kill-and-resume: $kills kills, $sessions sessions; weights, metrics and samples are bitwise the same" >&2
