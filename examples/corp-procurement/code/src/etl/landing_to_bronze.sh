#!/bin/sh
# Sums the amounts of each supplier.
set -eu
awk -F';' '{ sum[$2] += $3 } END { for (s in sum) print s ";" sum[s] }' | sort
