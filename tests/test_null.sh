#!/bin/bash
# test_null.c tries every function of the public header: test_null.sh HEADER TEST
set -u
declared=$(grep -v '^#' "$1" | tr '\n' ' ' | grep -oE 'I2V_API [^;(]*\(' | grep -oE '[a-z0-9_]+\($' | tr -d '(')
[ "$(wc -w <<< "$declared")" -ge 40 ] || { echo "the declarations of $1 are not understood: $declared"; exit 1; }
bad=0
for name in $declared; do
    grep -qE "\\b$name\(.*(NULL|0)" "$2" || { echo "$2 does not try $name with NULL or 0"; bad=1; }
done
exit $bad
