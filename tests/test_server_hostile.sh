#!/bin/bash
# img2vid serve under requests that no client should send: test_server_hostile.sh PROGRAM DATA GENERATOR
set -u
program=$(realpath "$1")
model=$(realpath "$2")/reference/plain_top
generator=$(realpath "$3")
tests=$(dirname "$(realpath "$0")")
. "$tests/shell.sh"
. "$tests/server.sh"
picture photo.png

hostile() {
    start --max-queue 3 --max-upload 100K --max-frames 20 --max-pixels 16384
    order -F num_frames=3 -F num_inference_steps=3 -F seed=5
    local kept=$id port=${url##*:} most
    "$generator" "${port%/v1}" 1000 photo.png > "$scratch/said" 2> "$scratch/err" || fail 'the server gave way'
    cat "$scratch/said"
    becomes "$kept" completed
    answers 200 "/videos/$kept/content"
    # no file but the server's own, by its own names
    find . "$scratch" -newer photo.png -type f | grep -vE '/data/(jobs\.sqlite(-wal|-shm)?|lock|[a-z]+/video_[0-9a-f]{32}(\.mp4)?)$' |
        grep -E '/work/' > "$scratch/out" && fail 'files that the server should not have made'
    LC_ALL=C grep -q "$(printf '\033')" "$scratch/log" && fail 'the log has a letter that steers terminals'
    most=$(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$server/status")
    echo "most memory: $most KiB"
    grep -q __asan_init "$program" || [ "$most" -lt 400000 ] || fail "it took $most KiB"
    stop
}

run_groups hostile
