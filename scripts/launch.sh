#!/usr/bin/env bash
# Runs a command as N processes of one job on this machine (data-parallel training), one per GPU where there are any.
#   scripts/launch.sh -n 2 scripts/rlhf ppo recipe.yaml
#   LAUNCH_GRACE=30   seconds the others get to end after one has died, before they are killed
# Sets what torchrun sets: RANK, LOCAL_RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT. When one process dies the others
# are ended and its code is the job's; SIGINT, SIGTERM and SIGUSR1 go to all, which leave a checkpoint and end with 130.
set -euo pipefail

usage() { sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }

size=""
while [ $# -gt 0 ]; do
  case $1 in
    -n) size=${2:-}; shift 2 || usage ;;
    -h | --help) usage ;;
    -*) echo "launch: unknown option $1" >&2; usage ;;
    *) break ;;
  esac
done
[[ "$size" =~ ^[1-9][0-9]*$ ]] || { echo "launch: -n wants the number of processes" >&2; usage; }
[ $# -gt 0 ] || { echo "launch: no command given" >&2; usage; }

free_port() {
  local port
  for _ in $(seq 50); do
    port=$((20000 + RANDOM % 20000))
    # Nobody listening there: connecting fails.
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "$port"; return; fi
  done
  echo "launch: no free port found; set MASTER_PORT" >&2
  exit 1
}

# The command builds the program on first use: once, not in every process.
case $1 in */scripts/rlhf | scripts/rlhf | ./rlhf) "$1" --version >/dev/null ;; esac

export WORLD_SIZE=$size MASTER_ADDR=${MASTER_ADDR:-127.0.0.1}
MASTER_PORT=${MASTER_PORT:-$(free_port)}
# Without a say in it, every process would take all cores.
cores=$(getconf _NPROCESSORS_ONLN)
# The program says itself what goes wrong; libtorch would add its own log.
export GLOG_minloglevel=${GLOG_minloglevel:-3} TORCH_CPP_LOG_LEVEL=${TORCH_CPP_LOG_LEVEL:-ERROR}
export MASTER_PORT OMP_NUM_THREADS=${OMP_NUM_THREADS:-$((cores / size > 0 ? cores / size : 1))}

children=()
forward() { for child in "${children[@]}"; do kill -s "$1" "$child" 2>/dev/null || true; done; }
trap 'forward TERM' INT TERM
trap 'forward USR1' USR1

for ((rank = 0; rank < size; rank++)); do
  RANK=$rank LOCAL_RANK=$rank "$@" &
  children+=($!)
done

# Waits for each as it ends; a signal ends `wait` early without an ended process.
code=0
reaper=""
running=$size
while [ "$running" -gt 0 ]; do
  ended=""
  one=0
  wait -n -p ended "${children[@]}" || one=$?
  [ -n "${ended:-}" ] || continue
  running=$((running - 1))
  for rank in "${!children[@]}"; do
    if [ "${children[rank]}" = "$ended" ]; then unset "children[rank]"; break; fi
  done
  if [ "$one" -ne 0 ] && [ "$code" -eq 0 ]; then
    code=$one
    if [ "$one" -ne 130 ]; then
      echo "launch: rank $rank ended with $one; ending the others" >&2
      forward TERM
      # One that waits for the dead in a collective may not hear it.
      (sleep "${LAUNCH_GRACE:-30}"; forward KILL) >/dev/null 2>&1 &
      reaper=$!
    fi
  fi
done
if [ -n "$reaper" ]; then kill "$reaper" 2>/dev/null || true; fi
exit "$code"
