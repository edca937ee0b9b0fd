#!/usr/bin/env bash
# How much of the program (as it is committed) the tests reach: lines and branches of each assembly, and the ten files with the most lines that none does.
#   scripts/coverage.sh [OUT]     OUT (default runs/coverage) keeps a report of each project
#   PROJECTS="Rlhf.Tests"         some of the projects under tests
# Processes that tests start count, those that are killed do not. Kernels are left out: counting in their loops would take hours, and each is held
# against its formula in a test. Wants python3.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=${1:-runs/coverage}
mkdir -p "$out"
out=$(realpath "$out")
# Assemblies are rewritten to count, so this is built in a clone: nothing else may build or run there.
[ -d "$out/tree" ] || git clone -q . "$out/tree"
git -C "$out/tree" fetch -q origin HEAD
git -C "$out/tree" checkout -q --detach FETCH_HEAD
# What tests read beside the checkout.
[ ! -d ../shared ] || ln -sfn "$(realpath ../shared)" "$out/shared"
cd "$out/tree"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
for name in ${PROJECTS:-$(cd tests && dirname -- */*.csproj)}; do
  echo "== $name" >&2
  rm -f "$out/$name".*
  dotnet build "tests/$name" -c Release -v quiet -clp:NoSummary -p:CollectCoverage=true >&2
  dotnet "tests/$name/bin/Release/net10.0/$name.dll" --progress off --results-directory "$out" --coverlet --coverlet-output-format json --coverlet-file-prefix "$name" \
    --coverlet-include '[Rlhf]*' --coverlet-include '[Rlhf.*]*' --coverlet-exclude '[*]Rlhf.Policies.Kernels.*' --coverlet-skip-auto-props >"$out/$name.log" 2>&1 || { grep -aE '^failed|error' "$out/$name.log" || true; } | head -n 20 >&2
done
python3 - "$out"/*.json <<'P'
import collections, json, os, sys
# By file: whether any test's program reached a line, or went a branch's way.
lines, branches, modules = collections.defaultdict(dict), collections.defaultdict(dict), {}
for report in sys.argv[1:]:
    for module, sources in json.load(open(report)).items():
        for path, classes in sources.items():
            modules[path] = module.removesuffix(".dll")
            for methods in classes.values():
                for one in methods.values():
                    for line, hits in one["Lines"].items():
                        lines[path][line] = lines[path].get(line, False) or hits > 0
                    for branch in one["Branches"]:
                        key = (branch["Line"], branch["Offset"], branch["Path"], branch["Ordinal"])
                        branches[path][key] = branches[path].get(key, False) or branch["Hits"] > 0
files = {path: (len(found) - sum(found.values()), len(found)) for path, found in lines.items()}
whole = collections.defaultdict(lambda: [0, 0, 0, 0])
for path, module in modules.items():
    for place, number in enumerate((sum(lines[path].values()), len(lines[path]), sum(branches[path].values()), len(branches[path]))):
        whole[module][place] += number
print("| assembly | lines | of | branches | of |\n|---|---|---|---|---|")
for module, (lines, all_lines, branches, all_branches) in sorted(whole.items()):
    print(f"| {module} | {lines / max(1, all_lines):.1%} | {all_lines} | {branches / max(1, all_branches):.1%} | {all_branches} |")
root = os.path.commonpath(list(files))
print("\n| file | lines that no test reaches | of |\n|---|---|---|")
for path, (missed, lines) in sorted(files.items(), key=lambda file: -file[1][0])[:10]:
    print(f"| {os.path.relpath(path, root)} | {missed} | {lines} |")
P
