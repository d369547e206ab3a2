#!/usr/bin/env bash
# Renew requirements/*.txt: every package with the hashes of all its files, no index addresses.
# --universal: one lock serves every Python that we allow.
set -euo pipefail
cd "$(dirname "$0")/../.."
uv=.venv/bin/uv
[ -x "$uv" ] || .venv/bin/python -m pip install --quiet "uv>=0.5,<1"
lock() {
  local out=$1
  shift
  "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-annotate \
    --custom-compile-command "make lock" "$@" pyproject.toml -o "requirements/$out"
}
# The build backend is locked too: the project itself is installed without fetching anything more.
lock run.txt --extra build
lock dev.txt --extra build --extra dev --constraint requirements/run.txt
lock bench.txt --extra build --extra dev --extra bench --constraint requirements/dev.txt
