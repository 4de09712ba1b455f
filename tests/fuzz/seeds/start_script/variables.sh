#!/bin/bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export NODE_ENV=production A='x y' B="p${PORT:-8080}q"
C=$PORT
exec uvicorn main:app --port "$C" $PORT
