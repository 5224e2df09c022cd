#!/bin/sh
# Collects the bundle, which is what is deployed, into one folder.
set -eu
out=$1
rm -rf "$out"
mkdir -p "$out/src/etl"
cp src/step.py "$out/src/"
cp src/etl/*.sh "$out/src/etl/"
chmod 755 "$out"/src/etl/*.sh
cp -r databricks.yml resources "$out/"
