#!/usr/bin/env bash
# Puts libraries into FOLDER that stand for NVIDIA's on a machine without a card:  build.sh FOLDER
# Wants libtorch built with CUDA, and the headers of CUDA and NCCL. What comes of it computes on the CPU; speed says nothing.
set -euo pipefail
folder=${1:?usage: build.sh FOLDER}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
torch=$(dirname "$(find /usr/lib -name libtorch_cuda.so | head -n 1)")
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

library() { "${CXX:-g++}" -std=c++20 -O1 -fPIC -shared -Wall -Wno-unused-function "$here/$1.cpp" -o "$folder/$2" "${@:3}"; }
# The names that libtorch asks of a library, one a line.
wanted() { nm -D --undefined-only "$torch"/libtorch_cuda.so "$torch"/libtorch_python.so.* "$torch"/libcaffe2_nvrtc.so | awk -v p="^$1" '$2 ~ p { sub("@.*", "", $2); print $2 }' | sort -u; }
# A library whose functions all answer `success`, but for those that stand in the C of the second argument.
hollow() { # NAME PREFIX C
  { echo "$3"; wanted "$2" | while read -r name; do grep -q "\b$name(" <<<"$3" || echo "int $name() { return 0; }"; done; } >"$work/$1.c"
  echo "$1 { global: *; };" >"$work/$1.map"
  "${CC:-gcc}" -w -fPIC -shared "$work/$1.c" "-Wl,-soname,$1" "-Wl,--version-script=$work/$1.map" -o "$folder/$1"
}

echo 'libcudart.so.12 { global: *; };' >"$work/map"
library runtime libcudart.so.12 -Wl,-soname,libcudart.so.12 "-Wl,--version-script=$work/map"
library nccl libnccl.so.2 -Wl,-soname,libnccl.so.2
library operators libemulated_operators.so -Wl,--no-as-needed -ltorch -ltorch_cpu -ltorch_cuda -lc10 -lc10_cuda "$folder/libcudart.so.12"
hollow libcudnn.so.9 cudnn 'unsigned long cudnnGetVersion() { return 90000; } unsigned long cudnnGetCudartVersion() { return 12040; } int cudnnGetProperty(int which, int* v) { *v = which == 0 ? 9 : 0; return 0; }'
hollow libcuda.so.1 'cu[A-Z]' 'int cuDevicePrimaryCtxGetState(int d, unsigned* flags, int* active) { *flags = 0; *active = 1; return 0; }'
