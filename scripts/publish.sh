#!/usr/bin/env bash
# Makes a folder that runs where there is no .NET: the program, the tests that have a GPU form, the benchmarks with their
# peers, and gpu-check.sh, which builds the bridge to that machine's PyTorch.
#   scripts/publish.sh [FOLDER]      default artifacts/gpu; carry it to a GPU box, there: bash FOLDER/gpu-check.sh
set -euo pipefail
if [ "${1:-}" = --help ]; then sed -n '2,4s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; fi
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
folder=$(realpath -m "${1:-$root/artifacts/gpu}")
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

if [ -e "$folder" ] && [ ! -e "$folder/gpu-check.sh" ] && [ -n "$(ls -A "$folder")" ]; then
  echo "publish: $folder holds something else; name an empty folder or one that this script made" >&2
  exit 1
fi
rm -rf "$folder"
mkdir -p "$folder/bin" "$folder/benchmarks"
# All programs in one folder share one runtime.
for project in src/Rlhf tests/TorchSharp.Tests tests/Policy.Tests tests/Rlhf.Tests benchmarks/TensorLayer benchmarks/TrainStep; do
  echo "publish: $project" >&2
  dotnet publish "$root/$project" -c Release -r linux-x64 --self-contained --artifacts-path "$root/artifacts/publish" -o "$folder/bin" \
    -p:DebugType=none -p:GenerateDocumentationFile=false -v quiet -clp:NoSummary >&2
done
# The bridge belongs to the libtorch it was built against.
rm -f "$folder/bin/libtorchbridge.so"
cp "$root"/benchmarks/*.py "$root/benchmarks/gpu_stages.sh" "$folder/benchmarks/"
cp "$root/scripts/gpu-check.sh" "$root/scripts/launch.sh" "$folder/"
echo "$folder: $(du -sm "$folder" | cut -f1) MB, $(tar -C "$folder" -cz . | wc -c | awk '{ printf "%.0f", $1 / 1e6 }') MB as tar.gz"
