#!/bin/sh
set -u
suite=integration.$1
. tests/junit.sh
got=$(sh src/etl/source_to_landing.sh < tests/data/orders.csv | sh src/etl/landing_to_bronze.sh)
check "TEST-corp-procurement-3 the spend of each supplier is summed" "$(cat tests/data/spend.csv)" "$got"
kept=$(sh src/etl/source_to_landing.sh < tests/data/orders.csv | cut -d';' -f1 | tr '\n' ' ')
check "TEST-corp-procurement-5 the order without supplier is rejected" "1 2 4 " "$kept"
report tests/integration/results.xml
