#!/usr/bin/env bash
# Submits a sweep to Slurm: the shared stages, then one array element for each point of the grid, then the report.
#   scripts/slurm/sweep.sh recipe.yaml sweep.grid="{seed: [1, 2]}" [key=value ...]
#   RLHF_ARRAY_LIMIT  so many points at a time (default 8)
#   SBATCH_...        sbatch's own variables choose partition, account, time
#   RLHF              the program (default: this checkout's scripts/rlhf)
# Points that fail or are preempted take no other with them; submit again to run what is not done.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export RLHF_ROOT=$root
rlhf=${RLHF:-$root/scripts/rlhf}
if [ $# -lt 1 ] || [ "$1" = --help ]; then
  sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
fi

points=$("$rlhf" sweep "$@" --dry-run | wc -l)
shared=$(sbatch --parsable "$root/scripts/slurm/sweep.sbatch" shared "$@")
array=$(sbatch --parsable --dependency="afterok:$shared" --array="0-$((points - 1))%${RLHF_ARRAY_LIMIT:-8}" "$root/scripts/slurm/sweep.sbatch" point "$@")
report=$(sbatch --parsable --dependency="afterany:$array" "$root/scripts/slurm/sweep.sbatch" report "$@")
echo "sweep: $points points: shared stages in job $shared, points in array $array, report in job $report"
