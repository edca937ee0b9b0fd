#!/usr/bin/env bash
# Packs the library for NuGet: Rlhf and the packages it stands on.
#   scripts/pack.sh [FOLDER]      default artifacts/packages
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
case ${1:-} in -*) sed -n '2,3s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;; esac
folder=$(realpath -m "${1:-$root/artifacts/packages}")
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
bash "$root/scripts/sdk.sh"
mkdir -p "$folder"
# Apart from what the checkout builds: who uses a package takes TorchSharp's native library from it and chooses a libtorch.
for project in Rlhf RewardModel Policy Foundation; do
  dotnet pack "$root/src/$project" -c Release --artifacts-path "$root/artifacts/pack" -o "$folder" -p:Torch=installed -p:NativeAssets=none \
    -p:RunAnalyzers=false -v quiet -clp:NoSummary >&2
done
ls "$folder"/*.nupkg
