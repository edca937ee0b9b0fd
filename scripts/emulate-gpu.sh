#!/usr/bin/env bash
# Rehearses a GPU box on a machine without one: gpu-check.sh --small in a Debian of its own, with libtorch for CUDA and two
# cards that tests/EmulatedGpu stands in for. Shows that graphs, streams, copies and jobs of several cards work as CUDA and
# libtorch want them; kernels are the CPU's, and how long anything takes says nothing.
#   scripts/emulate-gpu.sh [FOLDER [COMMAND…]]      default artifacts/emulated-gpu; COMMAND in place of the check
# Wants root, debootstrap and 12 GB of disk; fetches 3 GB the first time. The summary is left in FOLDER/out.
set -euo pipefail
case ${1:-} in -*) sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;; esac
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
folder=$(realpath -m "${1:-$root/artifacts/emulated-gpu}")
if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then echo "emulate-gpu: wants root and debootstrap (apt-get install debootstrap)" >&2; exit 2; fi

inside() { chroot "$folder" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive LD_LIBRARY_PATH="${libraries:-}" EMULATED_CUDA_CARDS=2 "$@"; }
unmount() { for place in proc dev/shm dev gpu; do ! mountpoint -q "$folder/$place" || umount "$folder/$place"; done; }
trap unmount EXIT
bind() { mkdir -p "$folder/$2"; mount --bind "$1" "$folder/$2"; }

if [ ! -e "$folder/ready" ]; then
  [ -e "$folder/etc/debian_version" ] ||
    debootstrap --variant=minbase --components=main,contrib,non-free trixie "$folder"
  bind /proc proc
  # Only unpacked: some of NVIDIA's packages want to fetch more, or to know the card, when they are set up.
  inside apt-get update
  inside apt-get install -y --download-only --no-install-recommends libtorch-cuda-dev python3-torch-cuda python3-numpy libnccl-dev libopenblas0-openmp g++
  inside sh -c 'ls /var/cache/apt/archives/*.deb | grep -vE "/(nvidia-cudnn|nvidia-installer|nvidia-support|nvidia-legacy|nvidia-alternative|glx-alternative|update-glx)" | xargs dpkg --force-depends --force-conflicts --unpack'
  inside dpkg --force-all --configure --pending || true
  inside sh -c 'python3 --version && g++ --version && ls /usr/include/nccl.h && rm -f /var/cache/apt/archives/*.deb'
  umount "$folder/proc"
  touch "$folder/ready"
fi

bash "$root/scripts/publish.sh" "$root/artifacts/gpu"
unmount
bind /proc proc
bind /dev dev
bind /dev/shm dev/shm
bind "$root/artifacts/gpu" gpu
rm -rf "$folder/emulated"
cp -r "$root/tests/EmulatedGpu" "$folder/emulated"
inside bash /emulated/build.sh /emulated/lib
libraries=/emulated/lib
if [ $# -gt 1 ]; then inside "${@:2}"; else inside bash /gpu/gpu-check.sh --small /out; fi
