#!/bin/sh
# Makes the site of all bundles into the folder given.
set -eu
cd "$(dirname "$0")"
./check.sh bundles/*.zip
alharness leaderboard build bundles/*.zip --out "$1"
