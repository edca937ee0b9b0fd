#!/usr/bin/env bash
# Writes THIRD-PARTY-NOTICES: every package that the program ships with, as src/Cli/packages.lock.json names it, with what its
# own metadata says of it (in NuGet's package folder, so restore first) and the texts that it brings.
#   scripts/notices.sh [FILE]      default: THIRD-PARTY-NOTICES at the root; - prints it
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
lock=$root/src/Cli/packages.lock.json
file=${1:-$root/THIRD-PARTY-NOTICES}
store=${NUGET_PACKAGES:-$HOME/.nuget/packages}

# "Name version" of each package of the first framework; projects of the house have no version there.
packages() {
  awk -F'"' '/^    "/ { if (seen++) exit } /^      "/ { name = $2 } /^        "resolved"/ { print name, $4 }' "$lock" | LC_ALL=C sort -f
}
folder_of() { echo "$store/${1,,}/${2,,}"; }
# The first element of a name, or of a name with an attribute.
element() { tr -d '\r' <"$1" | tr '\n' ' ' | grep -oE "<$2(>| [^>]*>)[^<]*" | head -n 1 | sed -E 's/^<[^>]*>//; s/&amp;/\&/g; s/^ +| +$//g' || true; }
texts_of() { find "$1" -maxdepth 1 -type f \( -iname 'licen[sc]e*' -o -iname '*notice*' \) | LC_ALL=C sort -f; }
plain() { sed '1s/^\xEF\xBB\xBF//' "$1" | tr -d '\r' | sed -E 's/[[:space:]]+$//'; }

mit() { cat <<'TEXT'
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files
(the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge,
publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do
so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE
FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION
WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
TEXT
}
bsd() { cat <<'TEXT'
Redistribution and use in source and binary forms, with or without modification, are permitted provided that the following
conditions are met:

1. Redistributions of source code must retain the above copyright notice, this list of conditions and the following disclaimer.
2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following disclaimer in
   the documentation and/or other materials provided with the distribution.
3. Neither the name of the copyright holder nor the names of its contributors may be used to endorse or promote products derived from
   this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT
LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE
COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES
(INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION)
HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE)
ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
TEXT
}
rule() { printf '\n%s\n%s\n%s\n\n' "$(printf '=%.0s' {1..100})" "$1" "$(printf '=%.0s' {1..100})"; }

write() {
  declare -A seen=() known=()
  local name version folder spec licence copyright ships text sum titles=()
  echo "Third-party notices"
  echo
  echo "The program rlhf is licensed under the MIT licence (LICENSE). It ships with the packages below, which belong to their authors."
  echo "Made by scripts/notices.sh out of the packages' own metadata; do not edit."
  echo
  echo "A build for GPUs (-p:Torch=cuda) ships TorchSharp-cuda-linux in place of libtorch-cpu-linux-x64, under NVIDIA's terms for its parts; one for"
  echo "an installed PyTorch (-p:Torch=installed) ships no libtorch. A published folder brings the .NET runtime and ASP.NET Core, which are"
  echo "MIT licensed (https://github.com/dotnet/dotnet)."
  while read -r name version; do
    folder=$(folder_of "$name" "$version")
    spec=$folder/${name,,}.nuspec
    [ -f "$spec" ] || { echo "notices: $folder is not there; run 'dotnet restore Rlhf.sln' first" >&2; return 1; }
    ships=$(find "$folder" -mindepth 1 -maxdepth 1 -type d \( -name lib -o -name runtimes \))
    [ -n "$ships" ] || continue # analyzers work while building
    licence=$(element "$spec" license)
    if [ -z "$licence" ]; then
      licence=$(element "$spec" licenseUrl)
      case $licence in *'fwlink/?linkid=868514') licence="MIT ($licence)" ;; *K4os.Compression.LZ4*) licence="MIT ($licence)" ;; esac
    fi
    case $licence in
      MIT*) known[MIT]=1 ;;
      BSD-3-Clause) known[BSD]=1 ;;
      Apache-2.0) texts_of "$folder" | grep -qi 'licen[sc]e' || { echo "notices: $name $version brings no text of its licence, Apache-2.0; add one here" >&2; return 1; } ;;
      *) echo "notices: $name $version is licensed under '$licence', whose text this script does not have; look at it, then add it here" >&2; return 1 ;;
    esac
    copyright=$(element "$spec" copyright)
    printf '\n%s %s\n  licence    %s\n  project    %s\n  copyright  %s\n' "$name" "$version" "$licence" "$(element "$spec" projectUrl)" "${copyright:-$(element "$spec" authors)}"
    while IFS= read -r text; do
      [ -n "$text" ] || continue
      sum=$(plain "$text" | sha256sum | cut -d' ' -f1)
      [ -z "${seen[$sum]:-}" ] || continue
      seen[$sum]=1
      titles+=("$name $version: $(basename "$text")|$text")
    done < <(texts_of "$folder")
  done < <(packages)
  if [ -n "${known[MIT]:-}" ]; then rule "The MIT licence"; mit; fi
  if [ -n "${known[BSD]:-}" ]; then rule "The 3-clause BSD licence (BSD-3-Clause)"; bsd; fi
  for text in "${titles[@]}"; do rule "${text%%|*}"; plain "${text#*|}"; done
}

if [ "$file" = - ]; then
  write
else
  write >"$file.tmp" || { rm -f "$file.tmp"; exit 1; }
  mv "$file.tmp" "$file"
  echo "notices: $(grep -c '^  licence ' "$file") packages in $file" >&2
fi
