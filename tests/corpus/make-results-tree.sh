#!/usr/bin/env bash
# Lays results-tree/ anew: each submission as a git patch against an empty repository,
# in the layout {uv|node}/agent/model/task/date/run_n/. Backends that are not there are
# left as they are.
set -euo pipefail
cd "$(dirname "$0")"

# id, date, run
submissions='
express-broken-auth 2025-01-02 1
express-ok 2025-01-09 1
express-no-database 2025-01-02 1
fastify-ok 2025-01-02 1
hono-violates-architecture 2025-01-02 1
koa-ok 2025-01-02 1
koa-wrong-schema 2025-01-02 2
flask-ok 2025-01-02 1
django-append-slash 2025-01-02 1
'

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

while read -r id date run; do
  [ -n "$id" ] && [ -d "backends/$id" ] || continue
  read -r kind task < <(python3 -c '
import json, sys
task = json.load(open(sys.argv[1]))
print(task["dockerFolder"], task["name"])' "backends/$id/task.json")
  out="$PWD/results-tree/$kind/sample-agent/sample-model/$task/$date/run_$run"
  repo="$scratch/$id"
  git ls-files -z "backends/$id" | xargs -0 cp --parents -t "$scratch"
  mv "$scratch/backends/$id" "$repo"
  rm "$repo/task.json"
  git -C "$repo" init -q
  git -C "$repo" add -A
  rm -rf "$out"
  mkdir -p "$out"
  GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null \
    git -C "$repo" -c core.abbrev=7 diff --cached --no-color > "$out/$id.patch"
done <<< "$submissions"
