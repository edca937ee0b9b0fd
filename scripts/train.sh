#!/usr/bin/env bash
# Trains every stage of a recipe, one after the other. Give the same command again after a stop: finished stages are
# passed over, an interrupted one goes on from its checkpoint. resume=must is asked of the first stage; those after it
# that have not begun begin.
#   scripts/train.sh recipe.yaml [key=value ...]
#   STAGES="sft reward ppo"   only these; by default every stage that has a section in the recipe, in this order:
#                             tokenizer sft reward ppo dpo curve, and the report at the end
# Ends with the code of the stage that did not finish: 1 failed, 2 wrong usage, 130 stopped with a checkpoint.
set -euo pipefail

rlhf=$(dirname "${BASH_SOURCE[0]}")/rlhf
if [ $# -lt 1 ] || [ "${1:-}" = --help ]; then
  sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
[ -f "$1" ] || { echo "train: $1: no such recipe" >&2; exit 2; }

recipe=$("$rlhf" sft "$@" --print-recipe) || exit 2
value() { sed -n "s/^$1: *\"\{0,1\}\([^#\"]*[^#\" ]\).*/\1/p" <<<"$recipe"; }
if [ -z "${STAGES:-}" ]; then
  sections=$(sed -n 's/^\([a-z_]*\):\( *#.*\)\{0,1\}$/\1/p' <<<"$recipe")
  STAGES=""
  for stage in tokenizer sft reward ppo dpo curve; do
    if grep -qx "$stage" <<<"$sections"; then STAGES="$STAGES $stage"; fi
  done
  folder=$(value out)
  if [ -z "$folder" ] || [ "$folder" = null ]; then folder=runs/$(value name); fi
fi

# A signal to this script goes to the stage that runs, which leaves a checkpoint and ends with 130.
child="" asked=""
# (SIGTERM for all of them: a shell starts its background processes with SIGINT ignored.)
hand_on() { if [ -n "$asked" ] && [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null || true; fi; }
trap 'asked=1; hand_on' INT TERM USR1
# One that came when a stage had made its last step stops before the next.
stop_if_asked() {
  if [ -z "$asked" ]; then return; fi
  echo "train: stopped before $1; the same command goes on from there" >&2
  exit 130
}

later=()
for stage in $STAGES; do
  stop_if_asked "$stage"
  echo "train: $stage" >&2
  "$rlhf" "$stage" "$@" "${later[@]}" &
  child=$!
  hand_on
  code=0
  wait "$child" || code=$?
  # A trapped signal ends `wait` early; the stage itself is still writing its checkpoint.
  while kill -0 "$child" 2>/dev/null; do
    code=0
    wait "$child" || code=$?
  done
  child=""
  if [ "$code" -ne 0 ]; then
    echo "train: $stage ended with $code; the same command goes on from there" >&2
    exit "$code"
  fi
  if [ "$(value resume)" = must ]; then later=(resume=auto); fi
done
if [ -n "${folder:-}" ]; then
  stop_if_asked "the report"
  "$rlhf" report "$folder"
fi
echo "train: done: $STAGES" >&2
