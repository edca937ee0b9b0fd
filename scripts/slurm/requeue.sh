# shellcheck shell=bash
# For batch scripts: runs a command, hands it the signals Slurm sends before it takes the machine away (SIGUSR1 ahead
# of the time limit, see --signal in the .sbatch files; SIGTERM at preemption), waits for its checkpoint, and puts the
# job back into the queue. The command ends with 130 when it stopped with a checkpoint, with the signal's own 138 or 143
# where that came before it could.
#   RLHF_MAX_RESTARTS  stop requeueing after so many restarts (default 100)

run_and_requeue() {
  local child code=0 asked=""
  "$@" &
  child=$!
  trap 'asked=USR1; kill -USR1 "$child" 2>/dev/null || true' USR1
  trap 'asked=TERM; kill -TERM "$child" 2>/dev/null || true' TERM
  wait "$child" || code=$?
  while kill -0 "$child" 2>/dev/null; do
    code=0
    wait "$child" || code=$?
  done
  trap - USR1 TERM
  if [ -n "$asked" ] && [[ $code = 130 || $code = 138 || $code = 143 ]]; then
    if [ "${SLURM_RESTART_COUNT:-0}" -ge "${RLHF_MAX_RESTARTS:-100}" ]; then
      echo "requeue: restarted ${SLURM_RESTART_COUNT} times already; not again" >&2
      return 1
    fi
    # An element of an array is put back alone, under ARRAY_TASK.
    local job=${SLURM_JOB_ID:?not inside a Slurm job}
    if [ -n "${SLURM_ARRAY_JOB_ID:-}" ]; then job=${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}; fi
    echo "requeue: stopped after SIG$asked; job $job goes back into the queue" >&2
    scontrol requeue "$job"
    return 0
  fi
  return "$code"
}
