#!/bin/bash
# libimg2vid exports what its header declares with I2V_API, and nothing else: test_symbols.sh LIBRARY HEADER
set -u
declared=$(grep -v '^#' "$2" | tr '\n' ' ' | grep -oE 'I2V_API [^;(]*\(' | grep -oE '[a-z0-9_]+\($' | tr -d '(' | sort)
case $1 in
*.dll) exported=$(${OBJDUMP:-objdump} -p "$1" | sed -n '/^\[Ordinal\/Name Pointer\]/,/^$/s/^.*\] \(.* \)\?\([a-z0-9_]*\)$/\2/p' | sort) ;;
*) exported=$(nm --dynamic --defined-only --format=posix "$1" | cut -d ' ' -f 1 | sort) ;;
esac
[ "$(wc -w <<< "$declared")" -ge 20 ] || { echo "the declarations of $2 are not understood: $declared"; exit 1; }
difference=$(diff <(echo "$declared") <(echo "$exported")) || { echo "< declared only, > exported only:
$difference"; exit 1; }
echo "$(wc -l <<< "$exported") symbols"
