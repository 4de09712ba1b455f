#!/usr/bin/env bash
exec python3 app.py
