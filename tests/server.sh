# What tests of img2vid serve share. To be sourced after shell.sh, with program and model set.
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
server=
end_server() { [ -z "$server" ] || kill -KILL "$server" 2> /dev/null; }
trap 'end_server; rm -rf "$scratch"' EXIT

# start ARGUMENT...: a server on the folder data; sets server and url. Without one there is nothing more to be seen.
start() {
    : > "$scratch/log"
    "$program" serve --listen 127.0.0.1:0 --data data --model "tiny=$model" -v "$@" < /dev/null > "$scratch/serve.out" \
        2> "$scratch/log" &
    server=$!
    for ((i = 0; i < 600; i++)); do
        url=$(sed -n 's/^listening on \(http:.*\)$/\1/p' "$scratch/log")
        [ -z "$url" ] || return 0
        kill -0 $server 2> /dev/null || break
        sleep 0.05
    done
    fail "the server does not start: $(cat "$scratch/log")"
    exit 1
}

# stop [SIGNAL]: ends it; after SIGTERM it says that it is done.
stop() {
    local ended
    kill "-${1:-TERM}" $server
    { wait $server; } 2> /dev/null
    ended=$?
    server=
    [ "${1:-TERM}" = KILL ] || [ $ended = 0 ] || fail "the server ended with $ended: $(tail -n 20 "$scratch/log")"
    grep -E 'ERROR: AddressSanitizer|runtime error|ERROR: LeakSanitizer' "$scratch/log" && fail 'a sanitizer'
    return 0
}

# answers CODE ARGUMENT...: curl's arguments, of which the address may begin with /; the body is in $scratch/out.
answers() {
    local wanted=$1 code arguments=() argument
    shift
    for argument; do
        case $argument in /*) argument=$url$argument ;; esac
        arguments+=("$argument")
    done
    : > "$scratch/out"
    code=$(curl -sS -m 60 -o "$scratch/out" -D "$scratch/head" -w '%{http_code}' "${arguments[@]}" 2> "$scratch/err")
    [ "$code" = "$wanted" ] || fail "HTTP $code, not $wanted: ${*:0:300}"
}

# problem CODE PARAM WORDS ARGUMENT...: likewise, an error object that names the parameter (null: none).
problem() {
    local wanted=$1 param=$2 words=$3
    shift 3
    answers "$wanted" "$@"
    [ "$param" = null ] || param="\"$param\""
    grep -qF "\"param\": $param," "$scratch/out" || fail "the error names not $param: $*"
    grep -q "\"message\": \".*$words" "$scratch/out" || fail "the error lacks '$words': $*"
}

# value NAME: of the last answer
value() { sed -nE "s/.*\"$1\": (\"([^\"]*)\"|([^,}]*)).*/\2\3/p" "$scratch/out" | head -n 1; }

# order ARGUMENT...: a small job; sets id.
order() {
    answers 200 /videos -F input_reference=@photo.png -F size=16x16 "$@"
    id=$(value id)
}

# becomes ID STATUS: waits for it.
becomes() {
    local status=
    [ "$1" ] || { fail "there is no job to become $2"; return 1; }
    for ((i = 0; i < 1200; i++)); do
        answers 200 "/videos/$1"
        status=$(value status)
        [ "$status" = "$2" ] && return 0
        case $status in completed | failed | cancelled) break ;; esac
        sleep 0.1
    done
    fail "$1 is $status, not $2"
    return 1
}
