#!/bin/sh
# Reads only; changes nothing in production.
set -u
suite=verification.$1
. tests/junit.sh
check "TEST-corp-procurement-3 the summing step answers on no input" "" "$(sh src/etl/landing_to_bronze.sh < /dev/null)"
report tests/verification/results.xml
