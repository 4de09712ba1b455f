#!/usr/bin/env bash
set -e

python3 database.py

# Give the database a moment to become ready before the server connects to it
sleep 2

exec python3 app.py
