#!/bin/sh
# Reads orders "id;supplier;amount" and keeps the complete ones.
set -eu
awk -F';' 'NF == 3 && $1 != "" && $2 != "" && $3 ~ /^[0-9]+$/ { print $1 ";" $2 ";" $3 }'
