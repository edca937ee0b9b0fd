#!/usr/bin/env bash
# Makes a folder that runs where there is no .NET: the program (FOLDER/rlhf), the tests that have a GPU half, the benchmarks
# with their peers, and gpu-check.sh.
#   scripts/publish.sh [FOLDER]               with libtorch for CPUs; default artifacts/publish
#   scripts/publish.sh --installed [FOLDER]   without: it runs on the PyTorch of python3 there, or on the folder in RLHF_LIBTORCH
set -euo pipefail
usage() { sed -n '2,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
torch=cpu
if [ "${1:-}" = --installed ]; then torch=installed; shift; fi
case ${1:-} in -*) usage ;; esac
folder=$(realpath -m "${1:-$root/artifacts/publish}")
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
bash "$root/scripts/sdk.sh"

if [ -e "$folder" ] && [ ! -e "$folder/gpu-check.sh" ] && [ -n "$(ls -A "$folder")" ]; then
  echo "publish: $folder holds something else; name an empty folder or one that this script made" >&2
  exit 1
fi
rm -rf "$folder"
mkdir -p "$folder/bin" "$folder/benchmarks"
cp "$root/scripts/gpu-check.sh" "$root/LICENSE" "$root/THIRD-PARTY-NOTICES" "$folder/"
# All programs in one folder share one runtime; what is built for it stays apart from what the checkout builds.
for project in src/Cli tests/Policy.Tests tests/Rlhf.Tests benchmarks; do
  echo "publish: $project" >&2
  dotnet publish "$root/$project" -c Release -r linux-x64 --self-contained --artifacts-path "$root/artifacts/publish-$torch" -o "$folder/bin" \
    -p:Torch=$torch -p:DebugType=none -v quiet -clp:NoSummary >&2
done
cp "$root"/benchmarks/*.py "$root/benchmarks/gpu_stages.sh" "$folder/benchmarks/"
ln -s bin/Rlhf.Cli "$folder/rlhf"
echo "$folder: $(du -sm "$folder" | cut -f1) MB, $(tar -C "$folder" -cz . | wc -c | awk '{ printf "%.0f", $1 / 1e6 }') MB as tar.gz"
