#!/usr/bin/env bash
# Shows that a commit builds to the same bytes wherever it lies: clones it into two folders of different depth, builds the
# program in each from nothing, and compares every assembly of ours.
#   scripts/reproducible.sh [COMMIT]      default: HEAD
#   WORK=folder to work in (default: a temporary one)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
commit=$(git -C "$root" rev-parse "${1:-HEAD}")
work=${WORK:-$(mktemp -d)}
mkdir -p "$work"
[ -n "${WORK:-}" ] || trap 'rm -rf "$work"' EXIT
export CI=true DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

first=$work/one second=$work/another/and/deeper
for folder in "$first" "$second"; do
  rm -rf "$folder"
  mkdir -p "$(dirname "$folder")"
  git clone -q --no-checkout "$root" "$folder"
  git -C "$folder" checkout -q "$commit"
  echo "reproducible: building in $folder" >&2
  # A compiler that stays from the first build must not serve the second.
  dotnet build "$folder/src/Cli" -c Release -v quiet -clp:NoSummary -p:UseSharedCompilation=false -nodeReuse:false >&2
done

different=0 count=0
while IFS= read -r file; do
  count=$((count + 1))
  if cmp -s "$first/$file" "$second/$file"; then
    echo "$(sha256sum "$first/$file" | cut -d' ' -f1)  $(basename "$file")"
  else
    echo "reproducible: $file differs" >&2
    different=1
  fi
done < <(cd "$first" && find src/Cli/bin/Release -name 'Rlhf*' \( -name '*.dll' -o -name '*.pdb' \) | LC_ALL=C sort)
[ "$count" -gt 0 ] || { echo "reproducible: nothing was built" >&2; exit 1; }
[ "$different" -eq 0 ] || exit 1
echo "reproducible: $count files of ${commit:0:12} are the same in both folders" >&2
