#!/bin/sh
set -u
suite=unit
. tests/junit.sh
check "TEST-corp-procurement-2 a complete order is kept" "1;acme;10" "$(printf '1;acme;10\n' | sh src/etl/source_to_landing.sh)"
check "TEST-corp-procurement-2 an order without supplier is rejected" "" "$(printf '1;;10\n' | sh src/etl/source_to_landing.sh)"
check "TEST-corp-procurement-2 an amount that is no number is rejected" "" "$(printf '1;acme;x\n' | sh src/etl/source_to_landing.sh)"
report tests/unit/results.xml
