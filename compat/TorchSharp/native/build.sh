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

flags=(-std=c++17 -O2 -fPIC -shared -fvisibility=hidden -Wall -Wno-unknown-pragmas)
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
  lib=$(dirname "$(find /usr/lib -name libtorch.so 2>/dev/null | head -n 1)")
fi
libs=(-ltorch -ltorch_cpu -lc10 -ldl -lpthread)
version=$(sed -n 's/.*define TORCH_VERSION_MAJOR *//p' "${root:-/usr}/include/torch/csrc/api/include/torch/version.h" 2>/dev/null | head -n 1)
[ "${version:-1}" -ge 2 ] && flags[0]=-std=c++20
# CUDA: the headers of the toolkit are wanted for streams and graphs.
if [ -e "$lib/libtorch_cuda.so" ]; then
  for cuda in "${CUDA_HOME:-}" /usr/local/cuda "$(dirname "$(dirname "$(command -v nvcc 2>/dev/null || echo /x/x)")")"; do
    if [ -n "$cuda" ] && [ -e "$cuda/include/cuda_runtime_api.h" ]; then
      flags+=(-DBRIDGE_CUDA -I"$cuda/include" -I"$cuda/include/cccl" "-Wl,--no-as-needed"); libs+=(-ltorch_cuda -lc10_cuda)
      for l in "$cuda/lib64" "$root"/../nvidia/cuda_runtime/lib "$root"/../nvidia/cu13/lib; do
        if [ -d "$l" ]; then flags+=(-L"$l" "-Wl,-rpath,$l"); fi
      done
      break
    fi
  done
fi
# Collectives: Gloo where its headers are at hand.
if [ -e "${root:-/usr}/include/torch/csrc/distributed/c10d/ProcessGroupGloo.hpp" ] && \
   { [ -n "$root" ] && [ -e "$root/include/gloo/algorithm.h" ] || [ -e /usr/include/gloo/algorithm.h ]; }; then
  flags+=(-DBRIDGE_GLOO -DUSE_C10D_GLOO -DUSE_DISTRIBUTED)
fi

mkdir -p "$(dirname "$out")"
tmp=$out.$$
trap 'rm -f "$tmp"' EXIT
"${CXX:-g++}" "${flags[@]}" "$here/bridge.cpp" -o "$tmp" "${libs[@]}"
mv -f "$tmp" "$out"
echo "bridge: built against libtorch in $lib"
