#!/usr/bin/env bash
# Fetches files of a model or data set from the Hugging Face hub: resumes where a transfer broke off and holds every
# file against the hub's checksum. Files that are there and whole are left alone.
#   scripts/download.sh REPO FOLDER [FILE ...]
#   scripts/download.sh openai-community/gpt2 models/gpt2                     config, tokenizer and safetensors
#   scripts/download.sh datasets/stanfordnlp/imdb data/imdb plain_text/train-00000-of-00001.parquet
#   REVISION=main   HF_TOKEN=...  for gated ones   HF_ENDPOINT=https://huggingface.co
set -euo pipefail

if [ $# -lt 2 ] || [ "$1" = --help ]; then sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; fi
repo=$1 folder=$2
shift 2
base=${HF_ENDPOINT:-https://huggingface.co}/$repo/resolve/${REVISION:-main}
auth=()
if [ -n "${HF_TOKEN:-}" ]; then auth=(-H "Authorization: Bearer $HF_TOKEN"); fi
command -v curl >/dev/null || { echo "download: curl is missing; install it" >&2; exit 1; }
mkdir -p "$folder"

fail() { echo "download: $*" >&2; exit 1; }

# Status, checksum and size of a file as the hub tells them: the first answer, before it redirects to the storage.
describe() {
  local headers
  headers=$(curl -sS --retry 3 -I "${auth[@]}" "$base/$1") || fail "the hub does not answer at $base; is there internet here?"
  status=$(awk 'NR == 1 { print $2 }' <<<"$headers")
  checksum=$(header x-linked-etag "$headers")
  [ -n "$checksum" ] || checksum=$(header etag "$headers")
}

header() { awk -v name="$1" 'BEGIN { IGNORECASE = 1; FS = ": *" } tolower($1) == name { gsub(/["\r]|^W\//, "", $2); print $2; exit }' <<<"$2"; }

# 64 digits: SHA-256 of the content. 40: git's name of it. Else the hub says nothing to check against.
is_whole() {
  local file=$1 expected=$2
  case ${#expected} in
    64) [ "$(sha256sum <"$file" | cut -d' ' -f1)" = "$expected" ] ;;
    40) [ "$({ printf 'blob %s\0' "$(stat -c %s "$file")"; cat "$file"; } | sha1sum | cut -d' ' -f1)" = "$expected" ] ;;
    *) return 0 ;;
  esac
}

# fetch FILE: 1 where the hub has no such file.
fetch() {
  local file=$1 target=$folder/$1
  case /$file/ in */../* | //*) fail "$file: paths inside the repository only" ;; esac
  describe "$file"
  case $status in
    2* | 3*) ;;
    401 | 403) fail "$repo/$file: the hub refuses (code $status); accept the terms on its page and set HF_TOKEN" ;;
    404) return 1 ;;
    *) fail "$repo/$file: the hub answers with code $status; try again later" ;;
  esac
  if [ -f "$target" ] && is_whole "$target" "$checksum"; then note; echo "download: $file is there" >&2; return 0; fi
  mkdir -p "$(dirname "$target")"
  echo "download: $file" >&2
  # A part of the right length but wrong content cannot be continued; curl answers 33 or 22 (416) then.
  curl -sS -L --fail --retry 5 --retry-delay 2 -C - "${auth[@]}" -o "$target.part" "$base/$file" \
    || { [ -f "$target.part" ] && is_whole "$target.part" "$checksum"; } \
    || fail "$file broke off; the same command goes on from there"
  if ! is_whole "$target.part" "$checksum"; then
    rm -f "$target.part"
    fail "$file differs from the hub's checksum $checksum; the damaged copy is removed, run the same command again"
  fi
  mv "$target.part" "$target"
  note
}

# Model cards name where a model or data set came from.
note() { echo "$repo" >"$folder/.hub"; }

if [ $# -gt 0 ]; then
  for file in "$@"; do fetch "$file" || fail "$repo has no file $file"; done
  exit 0
fi

fetch config.json || fail "$repo has no config.json; name the files to fetch"
for file in generation_config.json tokenizer.json tokenizer_config.json special_tokens_map.json vocab.json merges.txt tokenizer.model; do
  fetch "$file" || true
done
if fetch model.safetensors; then exit 0; fi
if fetch model.safetensors.index.json; then
  for shard in $(grep -o '"model-[^"]*\.safetensors"' "$folder/model.safetensors.index.json" | tr -d '"' | sort -u); do
    fetch "$shard" || fail "$repo has no file $shard, which its index names"
  done
  exit 0
fi
fetch pytorch_model.bin || fail "$repo has neither model.safetensors nor pytorch_model.bin"
