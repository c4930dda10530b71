#!/bin/bash
# Redirects from the internet into this machine's own network, in a network without an outside that this script makes for
# itself: test_hub_guard.sh PROGRAM SERVER DATA. There 8.8.8.8 is this machine, too, and stands for the internet.
set -u
if [ "${INSIDE:-}" != 1 ]; then
    unshare -rmn ip link set lo up 2> /dev/null || { echo 'not tested here: no network of its own'; exit 77; }
    INSIDE=1 exec unshare -rmn bash "$0" "$@"
fi
program=$(realpath "$1")
server=$(realpath "$2")
model=$(realpath "$3/reference/plain_top")
. "$(dirname "$0")/shell.sh"
for variable in HF_TOKEN http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY; do unset $variable; done
ip link set lo up && ip address add 8.8.8.8/32 dev lo || exit 77

# hosts LINE...: what names lead to.
hosts() {
    umount /etc/hosts 2> /dev/null
    printf '%s\n' "$@" > "$scratch/hosts"
    mount --bind "$scratch/hosts" /etc/hosts || exit 77
}

# serve ADDRESS LOG FAULT...: sets port and adds to servers.
servers=()
serve() {
    rm -f "$scratch/ports"
    HTTP_SERVER_ADDRESS=$1 "$server" "$scratch/served" "$scratch/$2" "${@:3}" > "$scratch/ports" &
    servers+=($!)
    while [ ! -s "$scratch/ports" ]; do sleep 0.02; done
    read -r port _ < "$scratch/ports"
}
trap 'kill "${servers[@]}"; rm -rf "$scratch"' EXIT

# asked PATH: a picture is asked for outside, which redirects inside.
asked() { run generate "http://pictures.example:$outside/$1" -o x.npy --model "$model" --num-inference-steps 1; }

# What a name leads to first, and who answers.
tried_in_vain() {
    hosts '127.0.0.2 pictures.example' '8.8.8.8 pictures.example'
    asked picture
    grep -q 'GET /picture' "$scratch/outside" || fail 'the server outside was not asked'
    said 'which is in the network of this machine; not followed'
    [ -s "$scratch/inside" ] && fail 'a redirect from outside led inside'
}

name_of_the_inside() {
    hosts '8.8.8.8 pictures.example' '127.0.0.1 innocent.example'
    asked named
    said 'which is in the network of this machine; not followed'
    [ -s "$scratch/inside" ] && fail 'a redirect from outside led inside, by a name'
}

own_network() {
    hosts '127.0.0.1 intranet.example'
    serve 127.0.0.1 log "path=/picture redirect=http://127.0.0.1:$inside/none"
    run generate "http://intranet.example:$port/picture" -o x.npy --model "$model" --num-inference-steps 1
    grep -q 'GET /none' "$scratch/inside" || fail 'a redirect within the own network was not followed'
}

mkdir "$scratch/served"
serve 127.0.0.1 inside
inside=$port
serve 8.8.8.8 outside "path=/named redirect=http://innocent.example:$inside/none" \
    "path=/picture redirect=http://127.0.0.1:$inside/none"
outside=$port
run_groups tried_in_vain name_of_the_inside own_network
