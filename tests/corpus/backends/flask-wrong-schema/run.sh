#!/usr/bin/env bash
set -e

python3 -c 'from database import init_db; init_db()'
exec python3 app.py
