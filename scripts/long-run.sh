#!/usr/bin/env bash
# Whether a long run keeps what it should give back: many PPO steps of a tiny model while `rlhf serve` is labelled and watched
# all the time. Once a second each process is asked for its memory, handles and threads, and the run for its disk; ends with 1
# where the last quarter lies above the second one.
#   scripts/long-run.sh      STEPS=2000  WORK=folder to work in (default: a temporary one)
# Wants curl and jq.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
steps=${STEPS:-2000}
work=${WORK:-$(mktemp -d)}
mkdir -p "$work"
say() { echo "long-run: $*" >&2; }
children=()
finish() {
  kill "${children[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  [ -n "${WORK:-}" ] || rm -rf "$work"
}
trap finish EXIT

recipe=(data/recipes/demo.yaml out="$work/run" "sft.from_scratch={width: 32, layers: 2, heads: 2, context: 64}" sft.epochs=0.1 reward.epochs=0.1 device=cpu)
for stage in tokenizer sft reward; do scripts/rlhf "$stage" "${recipe[@]}" >"$work/log" 2>&1 || { tail -n 3 "$work/log" >&2; exit 1; }; done

dotnet src/Cli/bin/Release/net10.0/Rlhf.Cli.dll serve "runs=[$work/run]" label.pairs=data/world/pairs.parquet label.file="$work/labels.jsonl" port=0 >"$work/url" 2>"$work/serve.log" &
server=$!
children+=("$server")
for _ in $(seq 100); do [ -s "$work/url" ] && break; sleep 0.1; done
url=$(head -n 1 "$work/url")
url=${url%/}
[ -n "$url" ] || { cat "$work/serve.log" >&2; exit 1; }

dotnet src/Cli/bin/Release/net10.0/Rlhf.Cli.dll ppo "${recipe[@]}" ppo.steps="$steps" ppo.episodes=8 ppo.minibatches=2 ppo.epochs=1 ppo.sampling.max_new_tokens=12 \
  ppo.kl.horizon=2000 save_every=50 keep_last=2 keep_every=0 >"$work/ppo.log" 2>&1 &
trainer=$!
children+=("$trainer")

label() { # one annotator, who answers as fast as the server does, ten times a second at most
  local pair number=0
  while :; do
    number=$((number + 1))
    pair=$(curl -s -m 10 "$url/api/label/next?annotator=$1" | jq -r '.pair.id // empty')
    [ -n "$pair" ] || return 0
    curl -s -m 10 -o /dev/null -H 'Content-Type: application/json' -d "{\"id\":\"$1-$number\",\"annotator\":\"$1\",\"pair\":\"$pair\",\"answer\":\"left\"}" "$url/api/label/answers" || true
    [ $((number % 20)) -ne 0 ] || curl -s -m 10 -o /dev/null -H 'Content-Type: application/json' -d "{\"id\":\"$1-u$number\",\"annotator\":\"$1\"}" "$url/api/label/undo" || true
    sleep 0.1
  done
}
watch() { # pages that come and go
  while :; do
    curl -s -m 10 -o /dev/null "$url/api/runs" || true
    curl -s -m 10 -o /dev/null "$url/api/runs/metrics?run=ppo&names=kl,raw_score,entropy" || true
    curl -s -m 10 -o /dev/null "$url/api/runs/words?run=ppo" || true
    curl -s -m 10 -o /dev/null "$url/api/runs/samples?run=ppo" || true
    curl -s -m 2 -N -o /dev/null "$url/api/runs/events?run=ppo&from=0&generation=0&names=kl" || true
  done
}
for worker in "label ann" "label bob" watch watch; do
  $worker >/dev/null 2>&1 &
  children+=("$!")
done

readings=$work/readings.tsv
: >"$readings"
of() { # memory in KiB, handles, threads
  echo "$(awk '/^VmRSS/ { print $2 }' "/proc/$1/status") $(find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l) $(awk '/^Threads/ { print $2 }' "/proc/$1/status")"
}
while kill -0 "$trainer" 2>/dev/null; do
  line="$(of "$trainer" 2>/dev/null) $(of "$server" 2>/dev/null) $(du -sk "$work/run/ppo/checkpoints" 2>/dev/null | cut -f1)" || true # before the first checkpoint, or between two looks at a process that ends
  [ "$(wc -w <<<"$line")" -ne 7 ] || echo "$line" >>"$readings"
  sleep 1
done
code=0
wait "$trainer" || code=$?
[ "$code" -eq 0 ] || { tail -n 3 "$work/ppo.log" >&2; say "ppo ended with $code"; exit 1; }

# Medians of the second and the last quarter; a twentieth more is allowed, and two handles or threads.
awk -v steps="$steps" '
  { for (i = 1; i <= NF; i++) value[NR, i] = $i; rows = NR }
  function median(column, from, to,    n, i, j, x, list) {
    n = 0
    for (i = from; i <= to; i++) list[n++] = value[i, column]
    for (i = 1; i < n; i++) { x = list[i]; for (j = i - 1; j >= 0 && list[j] > x; j--) list[j + 1] = list[j]; list[j + 1] = x }
    return list[int(n / 2)]
  }
  END {
    if (rows < 20) { print "long-run: only " rows " readings; raise STEPS"; exit 1 }
    split("ppo: memory KiB|ppo: handles|ppo: threads|serve: memory KiB|serve: handles|serve: threads|checkpoints: KiB", names, "|")
    printf "%-20s %14s %14s\n", "", "second quarter", "last quarter"
    for (i = 1; i <= 7; i++) {
      early = median(i, int(rows / 4) + 1, int(rows / 2)); late = median(i, int(3 * rows / 4) + 1, rows)
      slack = i == 1 || i == 4 || i == 7 ? early / 20 : 2
      grows = late > early + slack
      printf "%-20s %14d %14d%s\n", names[i], early, late, grows ? "  grows" : ""
      if (grows) bad = 1
    }
    print steps " steps, " rows " readings"
    exit bad
  }' "$readings"
say "$(wc -l <"$work/labels.jsonl") labels, $(($(stat -c %s "$work/run/ppo/metrics.jsonl") / steps)) bytes of metrics a step"
