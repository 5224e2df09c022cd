#!/bin/sh
set -u
suite=integration.$1
. tests/junit.sh
got=$(sh src/etl/source_to_landing.sh < tests/data/orders.csv | sh src/etl/landing_to_bronze.sh)
check "TEST-corp-procurement-3 the spend of each supplier is summed" "$(cat tests/data/spend.csv)" "$got"
report tests/integration/results.xml
