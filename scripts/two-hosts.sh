#!/usr/bin/env bash
# Rehearses a job over two machines on one: two network namespaces with addresses of their own, a wire between them,
# MPI over TCP. Needs root, ip (iproute2) and mpirun of Open MPI.
#   scripts/two-hosts.sh scripts/rlhf ppo recipe.yaml [key=value ...]
#   CUT=FILE    takes the wire away when FILE is there and not empty (a run's metrics.jsonl: in the middle of its work)
#   PER_HOST=1  processes on each machine
# What is left of the two machines is cleared away at the end. The code is the job's.
set -euo pipefail

[ $# -gt 0 ] || { sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
for program in ip mpirun unshare; do
  command -v "$program" >/dev/null || { echo "two-hosts: $program is not on this machine" >&2; exit 1; }
done

here=rlhf-a-$$ there=rlhf-b-$$ per_host=${PER_HOST:-1}
scratch=$(mktemp -d)
# shellcheck disable=SC2317 # the trap calls it
clean() {
  # What the cut-off machine still runs ends by itself within its timeout; nobody waits for it here.
  ip netns pids "$there" 2>/dev/null | xargs -r kill -KILL 2>/dev/null || true
  ip netns del "$here" 2>/dev/null || true
  ip netns del "$there" 2>/dev/null || true
  rm -rf "$scratch"
}
trap clean EXIT

ip netns add "$here"
ip netns add "$there"
ip link add "ra$$" netns "$here" type veth peer name "rb$$" netns "$there"
ip -n "$here" addr add 10.77.0.1/24 dev "ra$$"
ip -n "$there" addr add 10.77.0.2/24 dev "rb$$"
for space in "$here ra$$" "$there rb$$"; do
  read -r name device <<<"$space"
  ip -n "$name" link set lo up
  ip -n "$name" link set "$device" up
done

# mpirun reaches the other machine as it would by ssh: it hands over the host and a command.
cat >"$scratch/reach" <<REACH
#!/usr/bin/env bash
shift
exec ip netns exec $there unshare --uts bash -c 'hostname host-b; exec bash -c "\$*"' reach "\$@"
REACH
chmod +x "$scratch/reach"
printf '10.77.0.1 slots=%s\n10.77.0.2 slots=%s\n' "$per_host" "$per_host" >"$scratch/hosts"

if [ -n "${CUT:-}" ]; then
  (
    until [ -s "$CUT" ]; do sleep 0.1; done
    sleep 1
    echo "two-hosts: the wire is cut" >&2
    ip -n "$there" link set "rb$$" down
  ) &
fi

export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} RLHF_RANK_TIMEOUT=${RLHF_RANK_TIMEOUT:-60}
# mpirun waits for a daemon that is cut off as long as TCP does, five minutes and more, unless keepalive is told otherwise.
# The two share a memory that two machines would not: everything goes over TCP.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 TERM=dumb
code=0
ip netns exec "$here" unshare --uts bash -c 'hostname host-a; exec "$@"' two-hosts \
  mpirun --hostfile "$scratch/hosts" -n $((2 * per_host)) --bind-to none --mca plm_rsh_agent "$scratch/reach" --mca plm_rsh_no_tree_spawn 1 \
  --mca btl self,tcp --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 \
  --mca oob_tcp_keepalive_time 3 --mca oob_tcp_keepalive_intvl 1 --mca oob_tcp_keepalive_probes 3 \
  -x TERM -x PATH -x OMP_NUM_THREADS -x RLHF_RANK_TIMEOUT "$@" || code=$?
if [ -n "${CUT:-}" ]; then
  # The ranks behind the cut wire have nobody who could end them: they have to by themselves.
  for ((second = 0; second < 2 * RLHF_RANK_TIMEOUT; second++)); do
    [ -n "$(ip netns pids "$there")" ] || break
    sleep 1
  done
  if [ -n "$(ip netns pids "$there")" ]; then
    echo "two-hosts: processes still run on the machine that was cut off" >&2
    code=99
  else
    echo "two-hosts: nothing runs any more on the machine that was cut off" >&2
  fi
fi
exit "$code"
