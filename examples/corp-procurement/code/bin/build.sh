#!/bin/sh
# Collects what is deployed into one folder.
set -eu
out=$1
rm -rf "$out"
mkdir -p "$out/etl"
cp src/etl/*.sh "$out/etl/"
chmod 755 "$out"/etl/*.sh
printf 'corp-procurement\n' > "$out/PRODUCT"
