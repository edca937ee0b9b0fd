#!/usr/bin/env bash
# Runs a command as N processes of one job on this machine (data-parallel training).
#   scripts/launch.sh -n 2 scripts/rlhf ppo recipe.yaml
#   -e mpi    through mpirun of Open MPI: processes on the CPU
#   -e nccl   by itself, one process per GPU, with torchrun's variables (RANK, LOCAL_RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT)
#   LAUNCH_GRACE=30   seconds the others get to end after one has died, before they are killed (nccl)
# Without -e it is nccl where nvidia-smi lists a GPU, else mpi. When one process dies the others are ended and its code
# is the job's; SIGINT, SIGTERM and SIGUSR1 go to all, which leave a checkpoint and end with 130.
set -euo pipefail

usage() { sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }

size="" engine=""
while [ $# -gt 0 ]; do
  case $1 in
    -n) size=${2:-}; shift 2 || usage ;;
    -e) engine=${2:-}; shift 2 || usage ;;
    -h | --help) usage ;;
    -*) echo "launch: unknown option $1" >&2; usage ;;
    *) break ;;
  esac
done
[[ "$size" =~ ^[1-9][0-9]*$ ]] || { echo "launch: -n wants the number of processes" >&2; usage; }
[ $# -gt 0 ] || { echo "launch: no command given" >&2; usage; }
if [ -z "$engine" ]; then engine=mpi; if nvidia-smi -L 2>/dev/null | grep -q GPU; then engine=nccl; fi; fi

# The command builds the program on first use: once, not in every process.
case $1 in */scripts/rlhf | scripts/rlhf | ./rlhf) "$1" --version >/dev/null ;; esac

# Without a say in it, every process would take all cores.
cores=$(getconf _NPROCESSORS_ONLN)
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$((cores / size > 0 ? cores / size : 1))}

children=()
forward() { for child in "${children[@]}"; do kill -s "$1" "$child" 2>/dev/null || true; done; }

over_mpi() {
  command -v mpirun >/dev/null || {
    echo "launch: processes on the CPU need mpirun of Open MPI: apt-get install openmpi-bin libopenmpi3 (Debian, Ubuntu), or module load openmpi on a cluster" >&2
    exit 1
  }
  # Threads are counted above, so no process is tied to a core. mpirun refuses root unless it is told twice.
  local words=(mpirun -q -n "$size" --bind-to none --oversubscribe) code=0
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  # Where the kernel forbids a process to read another's memory, shared memory is copied twice; Open MPI would complain.
  export OMPI_MCA_btl_vader_single_copy_mechanism=${OMPI_MCA_btl_vader_single_copy_mechanism:-none}
  # mpirun gives the first process a terminal of its own, which is none that could show anything.
  export TERM=dumb
  # SIGINT and SIGTERM would make mpirun kill its processes at once; SIGUSR1 it hands on. In a session of its own a
  # terminal's Ctrl-C does not reach it past this script.
  trap 'forward USR1' INT TERM USR1
  setsid "${words[@]}" "$@" &
  children=($!)
  wait "${children[0]}" || code=$?
  while kill -0 "${children[0]}" 2>/dev/null; do
    code=0
    wait "${children[0]}" || code=$?
  done
  exit "$code"
}

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

by_itself() {
  ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)) || {
    echo "launch: this is bash $BASH_VERSION, and -e nccl wants 5.1 or newer (wait -p); put one first in PATH" >&2
    exit 1
  }
  export WORLD_SIZE=$size MASTER_ADDR=${MASTER_ADDR:-127.0.0.1}
  MASTER_PORT=${MASTER_PORT:-$(free_port)}
  export MASTER_PORT
  trap 'forward TERM' INT TERM
  trap 'forward USR1' USR1
  local rank code=0 reaper="" running=$size ended one
  for ((rank = 0; rank < size; rank++)); do
    RANK=$rank LOCAL_RANK=$rank "$@" &
    children+=($!)
  done

  # Waits for each as it ends; a signal ends `wait` early without an ended process.
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
}

case $engine in
  mpi) over_mpi "$@" ;;
  nccl) by_itself "$@" ;;
  *) echo "launch: -e is mpi or nccl" >&2; usage ;;
esac
