#!/usr/bin/env bash
# Compiles the bridge against an installed libtorch:  build.sh OUTPUT.so
# libtorch is, in this order: $LIBTORCH; the torch package of python3 if it was built with CUDA;
# the system's headers and libraries.
set -euo pipefail
out=${1:?usage: build.sh OUTPUT.so}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
fail() { echo "error: bridge: $*" >&2; exit 1; }

command -v "${CXX:-g++}" >/dev/null || fail "no C++ compiler; run scripts/setup.sh, or: apt-get install g++"

root=${LIBTORCH:-}
if [ -z "$root" ] && command -v python3 >/dev/null; then
  root=$(python3 -c 'import importlib.util as u, pathlib as p
s = u.find_spec("torch")
d = p.Path(s.origin).parent if s and s.origin else None
print(d if d and (d / "lib" / "libtorch_cuda.so").exists() else "")' 2>/dev/null || true)
fi

flags=(-std=c++17 -O2 -fPIC -fvisibility=hidden -Wall -Wno-unknown-pragmas)
if [ -n "$root" ]; then
  [ -e "$root/lib/libtorch.so" ] || fail "LIBTORCH=$root holds no lib/libtorch.so"
  flags+=(-I"$root/include" -I"$root/include/torch/csrc/api/include" -L"$root/lib" "-Wl,-rpath,$root/lib")
  # PyTorch wheels before 2.7 were built with the old C++ string layout; the library itself says which.
  if ! nm -DC "$root/lib/libc10.so" 2>/dev/null | grep -q '__cxx11'; then flags+=(-D_GLIBCXX_USE_CXX11_ABI=0); fi
  lib=$root/lib
else
  [ -e /usr/include/torch/csrc/autograd/variable.h ] || \
    fail "no libtorch; run scripts/setup.sh, or: apt-get install libtorch-dev libgloo-dev libopenblas0-openmp, or set LIBTORCH to a PyTorch folder"
  flags+=(-I/usr/include/torch/csrc/api/include)
  lib=$(dirname "$(ls /usr/lib/*/libtorch.so /usr/lib/libtorch.so 2>/dev/null | head -n 1)")
fi
libs=(-ltorch -ltorch_cpu -lc10 -ldl -lpthread)
# Newer ones keep their version in headeronly.
include=${root:-/usr}/include/torch
version=$({ cat "$include"/headeronly/version.h "$include"/csrc/api/include/torch/version.h 2>/dev/null || true; } |
  sed -n '/define TORCH_VERSION_MAJOR/{s/.*MAJOR *//p;q}')
[ "${version:-1}" -ge 2 ] && flags[0]=-std=c++20
# CUDA: libtorch's half of it is linked wherever it is; streams and graphs want the toolkit's headers too.
if [ -e "$lib/libtorch_cuda.so" ]; then
  flags+=("-Wl,--no-as-needed"); libs+=(-ltorch_cuda -lc10_cuda)
  site=$(dirname "$root")
  for headers in "${CUDA_HOME:-/usr/local/cuda}/include" "$site"/nvidia/cu13/include "$site"/nvidia/cuda_runtime/include /usr/include; do
    [ -e "$headers/cuda_runtime_api.h" ] || continue
    flags+=(-DBRIDGE_CUDA -I"$headers" -I"$headers/cccl")
    for library in "$headers"/../lib64 "$headers"/../lib "$lib"; do
      if ls "$library"/libcudart.so* >/dev/null 2>&1; then
        flags+=(-L"$library" "-Wl,-rpath,$library"); libs+=("-l:$(basename "$(ls "$library"/libcudart.so* | head -n 1)")")
        break
      fi
    done
    break
  done
  for headers in "$site"/nvidia/nccl/include /usr/include; do
    if [ -e "$headers/nccl.h" ]; then flags+=(-DBRIDGE_NCCL -DUSE_C10D_NCCL -I"$headers"); break; fi
  done
fi
# Collectives: Gloo where its headers are at hand.
if [ -e "${root:-/usr}/include/torch/csrc/distributed/c10d/ProcessGroupGloo.hpp" ] &&
   [ -e "${root:-/usr}/include/gloo/algorithm.h" ]; then
  flags+=(-DBRIDGE_GLOO -DUSE_C10D_GLOO -DUSE_DISTRIBUTED)
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# -fopenmp when compiling only: at::parallel_for is a plain loop without it, and linking is left to libtorch, whose own
# OpenMP is then used; a second one would have a second pool of threads.
compile() { # FILE OBJECT flags…; one file after the other would take twice as long
  "${CXX:-g++}" "${flags[@]}" -fopenmp -c "$here/$1.cpp" -o "$work/$2.o" "${@:3}"
}
jobs=()
for file in bridge autograd cuda collectives product layers linear attention likelihood; do compile "$file" "$file" & jobs+=($!); done
compile kernels kernels -O3 -fno-math-errno -fno-trapping-math -march=x86-64-v3 & jobs+=($!)
# The same arithmetic for AVX2 and for AVX-512; the processor at hand decides when it is called.
compile product_kernels product_v3 -O3 -ffp-contract=fast -march=x86-64-v3 & jobs+=($!)
compile product_kernels product_v4 -O3 -ffp-contract=fast -march=x86-64-v4 -mprefer-vector-width=512 & jobs+=($!)
compile vectors vectors_v3 -O3 -fno-math-errno -fno-trapping-math -ffp-contract=fast -march=x86-64-v3 & jobs+=($!)
compile vectors vectors_v4 -O3 -fno-math-errno -fno-trapping-math -ffp-contract=fast -march=x86-64-v4 -mprefer-vector-width=512 & jobs+=($!)
for job in "${jobs[@]}"; do wait "$job" || fail "the compiler's message stands above"; done
mkdir -p "$(dirname "$out")"
"${CXX:-g++}" "${flags[@]}" -shared "$work"/*.o -o "$out.$$" "${libs[@]}"
mv -f "$out.$$" "$out"
echo "bridge: built against libtorch in $lib"
