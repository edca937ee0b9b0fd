#!/usr/bin/env bash
# Says what is missing where there is no .NET SDK that can build this. Nothing else is needed.
set -euo pipefail
if ! command -v dotnet >/dev/null || ! version=$(dotnet --version 2>/dev/null); then
  echo "the .NET 10 SDK is missing; install it from https://dotnet.microsoft.com/download" >&2
  exit 1
fi
[ "${version%%.*}" -ge 10 ] || { echo "the .NET SDK is $version; 10.0 or newer is wanted, from https://dotnet.microsoft.com/download" >&2; exit 1; }
