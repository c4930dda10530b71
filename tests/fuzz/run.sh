#!/bin/bash
# run.sh BUILD [SECONDS [TARGET...]]: fuzzes each target (all, if none is named) for so long, two at a time, from fixed
# seeds, and prints a line for each. BUILD is the folder of the preset fuzz. What is found is kept in BUILD/found, and its
# name printed; the corpora are copies, and thrown away unless KEEP names a folder for them.
set -u
[ $# -ge 1 ] || { echo "run.sh BUILD [SECONDS [TARGET...]]" >&2; exit 2; }
build=$(realpath "$1") seconds=${2:-60}
shift $(($# < 2 ? $# : 2))
table=$build/tests/fuzz/targets.txt
[ -f "$table" ] || { echo "$1 has no fuzz targets: build with cmake --preset fuzz" >&2; exit 2; }
[ $# -gt 0 ] || mapfile -t all < <(cut -d ' ' -f 1 "$table")
[ $# -gt 0 ] && all=("$@")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
found=$build/found
mkdir -p "$found"
# leaks inside codecs that no caller can mend are named there; ours are found
export LSAN_OPTIONS=suppressions=$(dirname "$(realpath "$0")")/../leaks.supp:print_suppressions=0
export ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1

# number NAME LOG: what libFuzzer's final statistics say under that name.
number() { sed -n "s/^stat::$1: *//p" "$2" | tail -1; }

# A target's line; fails, and says where the input is, if something was found.
fuzz() {
    local name=$1 corpus=${KEEP:-$work}/$1 log=$work/$1.log status seeds
    read -r -a seeds < <(sed -n "s/^$name //p" "$table")
    [ ${#seeds[@]} -gt 0 ] || { echo "there is no target $name" >&2; return 2; }
    mkdir -p "$corpus"
    (cd "$work" && "$build/tests/fuzz/fuzz_$name" -seed=1 -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 \
        -print_final_stats=1 -artifact_prefix="$found/$name-" "$corpus" "${seeds[@]}") > "$log" 2>&1
    status=$?
    local edges
    edges=$(grep -o 'cov: [0-9]*' "$log" | tail -1)
    printf '%-12s %9s executions %7s a second, %6s edges, %5s inputs\n' "$name" \
        "$(number number_of_executed_units "$log")" "$(number average_exec_per_sec "$log")" "${edges#cov: }" \
        "$(find "$corpus" -type f | wc -l)"
    [ $status -eq 0 ] && return
    grep -v '^#[0-9]*\s' "$log" | tail -60
    echo "$name: status $status; the input: $(sed -n 's/.*Test unit written to //p' "$log" | tail -1)"
    return 1
}

bad=0 running=0
for name in "${all[@]}"; do
    [ $running -lt 2 ] || { wait -n || bad=1; running=$((running - 1)); }
    fuzz "$name" &
    running=$((running + 1))
done
while [ $running -gt 0 ]; do
    wait -n || bad=1
    running=$((running - 1))
done
exit $bad
