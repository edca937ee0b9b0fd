#!/usr/bin/env bash
# Finds or installs what the project needs: the .NET SDK, g++ and libtorch. Safe to run again.
set -euo pipefail

missing=()
fail() { echo "setup: $*" >&2; exit 1; }

command -v dotnet >/dev/null || fail "no dotnet; install the .NET 10 SDK from https://dotnet.microsoft.com/download"
[ "$(dotnet --version | cut -d. -f1)" -ge 10 ] || fail "dotnet $(dotnet --version) found, 10.0 or newer wanted"
command -v g++ >/dev/null || missing+=(g++)

torch_of_python() {
  python3 -c 'import importlib.util as u, pathlib as p, sys
s = u.find_spec("torch")
sys.exit(0 if s and s.origin and (p.Path(s.origin).parent / "lib" / "libtorch_cuda.so").exists() else 1)' 2>/dev/null
}
if [ -n "${LIBTORCH:-}" ]; then
  [ -e "$LIBTORCH/lib/libtorch.so" ] || fail "LIBTORCH=$LIBTORCH holds no lib/libtorch.so; unset it or point it at a PyTorch folder"
elif ! torch_of_python; then
  [ -e /usr/include/torch/csrc/autograd/variable.h ] || missing+=(libtorch-dev)
  [ -e /usr/include/gloo/algorithm.h ] || missing+=(libgloo-dev)
  # The OpenMP build of OpenBLAS: the pthread one fights libtorch's own threads, up to 2.6 times slower.
  ls /usr/lib/*/openblas-openmp/libopenblas.so.0 >/dev/null 2>&1 || missing+=(libopenblas0-openmp)
fi

if [ ${#missing[@]} -gt 0 ]; then
  sudo=""
  if [ "$(id -u)" -ne 0 ]; then sudo=$(command -v sudo || true); fi
  if ! command -v apt-get >/dev/null || { [ "$(id -u)" -ne 0 ] && [ -z "$sudo" ]; }; then
    fail "please install: ${missing[*]} (Debian's names), or set LIBTORCH to an unpacked PyTorch"
  fi
  echo "setup: installing ${missing[*]}" >&2
  export DEBIAN_FRONTEND=noninteractive
  log=$(mktemp)
  if ! { $sudo apt-get update -qq && $sudo apt-get install -y -qq "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    fail "apt-get could not install ${missing[*]}; the lines above say why"
  fi
  rm -f "$log"
fi

# Where both builds of OpenBLAS are installed, the OpenMP one has to be the one in use.
openmp=$(compgen -G "/usr/lib/*/openblas-openmp/libopenblas.so.0" | head -n 1 || true)
if [ -n "$openmp" ] && command -v update-alternatives >/dev/null && [ "$(id -u)" -eq 0 ]; then
  triplet=$(basename "$(dirname "$(dirname "$openmp")")")
  current=$(readlink -f "/usr/lib/$triplet/libblas.so.3" || true)
  case $current in
    *openblas-openmp*) ;;
    *) update-alternatives --set "libblas.so.3-$triplet" "$(dirname "$openmp")/libblas.so.3" >/dev/null 2>&1 || true
       update-alternatives --set "liblapack.so.3-$triplet" "$(dirname "$openmp")/liblapack.so.3" >/dev/null 2>&1 || true ;;
  esac
fi
