#!/usr/bin/env bash
# Writes requirements/*.txt from requirements/*.in: exact versions with hashes, and no address of any registry.
set -euo pipefail
cd "$(dirname "$0")/../requirements"
command -v uv >/dev/null || { echo "uv is needed to write the locks (pip install uv)." >&2; exit 1; }
options=(--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet)
uv pip compile run.in "${options[@]}" "$@" -o run.txt
uv pip compile test.in -c run.txt "${options[@]}" "$@" -o test.txt
uv pip compile security.in "${options[@]}" "$@" -o security.txt
