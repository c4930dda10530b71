# What tests of the program in bash share. To be sourced with program set; it makes the folder $scratch, which goes at the
# end, and moves to $scratch/work. Output of a run is in $scratch/out, errors in $scratch/err.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/work"
cd "$scratch/work" || exit 1
for variable in ${!IMG2VID_@}; do unset "$variable"; done # and no configuration of whoever runs this
export IMG2VID_CONFIG=/dev/null
failures=0
: > "$scratch/out" > "$scratch/err"

# picture FILE: a PNG of 24x16 pixels.
picture() {
    base64 -d > "$1" <<PNG
iVBORw0KGgoAAAANSUhEUgAAABgAAAAQCAIAAACDRijCAAAAKUlEQVR42mNkYGDgogZiYeBnoAoYUgb9xyHOOPS9NmoQHQ1iHA0jCAAA
3CADBqShQtMAAAAASUVORK5CYII=
PNG
}

fail() {
    echo "FAILED: $*"
    sed 's/^/    stderr: /' "$scratch/err"
    sed 's/^/    stdout: /' "$scratch/out" | head -n 20
    failures=$((failures + 1))
}

# run ARGUMENT...: sets status.
run() {
    "$program" "$@" < /dev/null > "$scratch/out" 2> "$scratch/err"
    status=$?
}

# ends STATUS ARGUMENT...
ends() {
    local wanted=$1
    shift
    run "$@"
    [ "$status" = "$wanted" ] || fail "status $status, not $wanted: $*"
}

# works FILE ARGUMENT...: ends with 0 and FILE has something in it.
works() {
    local file=$1
    shift
    ends 0 "$@"
    there "$file"
}

# refused STATUS WORDS ARGUMENT...: ends with STATUS, prints the one line "img2vid: ..." with WORDS in it on standard
# error and nothing on standard output, and leaves no file behind.
refused() {
    local wanted=$1 words=$2 before
    shift 2
    before=$(ls -AR)
    ends "$wanted" "$@"
    [ "$(wc -l < "$scratch/err")" = 1 ] || fail "one line was to be printed: $*"
    grep -q -- "^img2vid: .*$words" "$scratch/err" || fail "the message lacks '$words': $*"
    [ -s "$scratch/out" ] && fail "standard output was to be empty: $*"
    [ "$(ls -AR)" = "$before" ] || fail "files were left behind: $*"
}

there() { for file; do [ -s "$file" ] || fail "$file is missing or empty"; done; }
printed() { grep -q -- "$1" "$scratch/out" || fail "standard output lacks '$1'"; }
said() { grep -q -- "$1" "$scratch/err" || fail "standard error lacks '$1'"; }
same() { cmp "$1" "$2" || fail "$1 and $2 differ"; }

# reports NAME VALUE...: the parameters in a report of --json.
reports() {
    while [ $# -gt 0 ]; do
        printed "^ *\"$1\": \"\?$2\"\?,\?$"
        shift 2
    done
}

# await COMMAND...: until it succeeds, for a minute at most.
await() {
    for _ in $(seq 3000); do
        "$@" && return
        sleep 0.02
    done
}

# interrupt SIGNAL STATE ARGUMENT...: sends it once the run has written the state; sets status.
interrupt() {
    local signal=$1 state=$2
    shift 2
    touch "$scratch/mark"
    "$program" "$@" < /dev/null > "$scratch/out" 2> "$scratch/err" &
    local process=$!
    while kill -0 $process 2> /dev/null && [ ! "$state" -nt "$scratch/mark" ]; do sleep 0.01; done
    kill "-$signal" $process 2> /dev/null || fail "it had ended before $signal came: $*"
    { wait $process; } 2> /dev/null
    status=$?
    there "$state"
}

# run_groups FUNCTION...: each after its name; then the exit status.
run_groups() {
    for group; do
        echo "== $group"
        $group
    done
    [ $failures = 0 ] && echo 'all passed' || { echo "$failures failed"; exit 1; }
}
