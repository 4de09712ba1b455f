#!/usr/bin/env bash
set -e

rm -f db.sqlite3
python3 manage.py migrate --noinput
exec python3 manage.py runserver 0.0.0.0:8080 --noreload
