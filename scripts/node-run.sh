#!/usr/bin/env bash
# Runs a script of tests/PROJECT/node with the npm packages that folder asks for, fetched on first use:
#   scripts/node-run.sh PROJECT SCRIPT.mjs [arguments…]
# Ends with 77 where node or npm is missing or the packages cannot be fetched.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
project=$1 script=$2
shift 2
sources=$root/tests/$project/node
cache=$root/artifacts/node/$project

skip() { echo "$*" >&2; exit 77; }

command -v node >/dev/null || skip "node is not installed"
command -v npm >/dev/null || skip "npm is not installed"
mkdir -p "$cache"
exec 9>"$cache/.lock"
flock 9
if ! cmp -s "$sources/package.json" "$cache/package.json" || [ ! -e "$cache/.installed" ]; then
  rm -f "$cache/.installed"
  cp "$sources/package.json" "$cache/package.json"
  (cd "$cache" && npm install --no-audit --no-fund --silent >install.log 2>&1) || skip "npm cannot fetch the packages: $(tail -n 1 "$cache/install.log")"
  touch "$cache/.installed"
fi
cp "$sources"/*.mjs "$cache"
flock -u 9
exec node "$cache/$script" "$@"
