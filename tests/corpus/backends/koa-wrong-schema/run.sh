#!/usr/bin/env bash

cd "$(dirname "$0")"
npm start
