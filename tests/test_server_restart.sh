#!/bin/bash
# img2vid serve outlives what ends it: test_server_restart.sh PROGRAM DATA, where DATA/reference holds tiny models.
set -u
program=$(realpath "$1")
data=$(realpath "$2")
model=$data/reference/plain_top
tests=$(dirname "$(realpath "$0")")
. "$tests/shell.sh"
. "$tests/server.sh"
picture photo.png
mkdir -p data

# job SEED: long enough to be interrupted.
job() { order -F num_frames=3 -F num_inference_steps=150 -F "seed=$1"; }

# save ID FILE
save() {
    answers 200 "/videos/$1/content"
    cp "$scratch/out" "$2"
}

# What undisturbed runs make.
undisturbed() {
    start
    for seed in 1 2 3; do
        job $seed
        becomes "$id" completed && save "$id" "whole-$seed.mp4"
    done
    stop
    cmp -s whole-1.mp4 whole-2.mp4 && fail 'two seeds, one video'
}

# A run goes on where it was: the second server makes fewer steps than all.
goes_on() {
    local signal made
    for signal in KILL TERM; do
        start
        job 1
        for ((i = 0; i < 1200; i++)); do
            answers 200 "/videos/$id"
            [ "$(value progress)" -ge 40 ] && break
            sleep 0.02
        done
        stop $signal
        there "data/states/$id"
        start
        becomes "$id" completed
        save "$id" again.mp4
        same again.mp4 whole-1.mp4
        answers 200 "${url%/v1}/metrics"
        made=$(sed -n 's/^img2vid_step_seconds_count //p' "$scratch/out")
        [ "$made" -gt 0 ] && [ "$made" -lt 120 ] || fail "after $signal $made of 150 steps were made again"
        [ -e "data/states/$id" ] && fail 'the state of a job that is done stays'
        stop
    done
}

# kill -9 at moments that are spread over the runs, some of them while a request arrives. Seven of them: after eight
# without a step between, which a slow build does not make in that time, a job counts as what ends the server.
killed() {
    local ids=() kept seed moment
    start
    for seed in 1 2 3; do
        job $seed
        ids+=("$id")
    done
    answers 200 '/videos?order=asc'
    kept=$(grep -o '"id": "video_[0-9a-f]*"' "$scratch/out" | tail -n 3)
    for moment in 0 3 11 2 7 13 5; do
        sleep "0.$(printf %02d $((moment * 3)))"
        [ $((moment % 2)) = 0 ] || { curl -s -o "$scratch/none" "$url/videos" -F size=x -F input_reference=@photo.png & }
        stop KILL
        wait
        start
    done
    answers 200 '/videos?order=asc'
    [ "$(grep -o '"id": "video_[0-9a-f]*"' "$scratch/out" | tail -n 3)" = "$kept" ] || fail 'jobs were lost'
    for seed in 1 2 3; do
        becomes "${ids[seed - 1]}" completed && save "${ids[seed - 1]}" again.mp4
        same again.mp4 whole-$seed.mp4
    done
    stop
    [ "$(find data/incoming data/pictures data/states -type f)" ] && fail "files stay: $(find data -type f)"
}

# A picture without a job, a state that is damaged, and files of others in the folder.
leftovers() {
    local orphan=video_0123456789abcdef0123456789abcdef
    cp photo.png data/pictures/$orphan
    cp photo.png data/incoming/$orphan
    cp whole-1.mp4 data/videos/$orphan.mp4
    cp whole-1.mp4 data/videos/mine.mp4
    start
    [ "$(find data -name "$orphan*")" ] && fail 'files without a job stay'
    there data/videos/mine.mp4
    job 2
    for ((i = 0; i < 600; i++)); do [ -s "data/states/$id" ] && break; sleep 0.02; done
    stop KILL
    printf 'damage' > "data/states/$id"
    start
    becomes "$id" completed
    save "$id" again.mp4
    same again.mp4 whole-2.mp4
    grep -q "warning: $id begins anew: " "$scratch/log" || fail 'a damaged state was not told of'
    stop
}

# plan ARGUMENT...: a job of the photo with these fields alone; sets id.
plan() {
    answers 200 /videos -F input_reference=@photo.png "$@"
    id=$(value id)
}

# serve_only NAME FOLDER: as start, with that model in place of tiny.
serve_only() {
    : > "$scratch/log"
    "$program" serve --listen 127.0.0.1:0 --data data --model "$1=$2" -v < /dev/null 2> "$scratch/log" &
    server=$!
    await grep -q '^listening' "$scratch/log"
    url=$(sed -n 's/^listening on \(http:.*\)$/\1/p' "$scratch/log")
}

# Jobs of a model that is not offered for a while: one that had begun, and one that waits. Others go first.
other_models() {
    local begun waiting other=${model%/*}/attention_top
    rm -rf data
    start
    job 3
    begun=$id
    job 2
    waiting=$id
    for ((i = 0; i < 600; i++)); do [ -s "data/states/$begun" ] && break; sleep 0.02; done
    stop KILL
    serve_only other "$other"
    grep -q '^warning: 2 jobs wait for the model tiny, which this server does not offer$' "$scratch/log" ||
        fail "nothing says that jobs wait: $(cat "$scratch/log")"
    order -F num_frames=2 -F num_inference_steps=2
    becomes "$id" completed
    for id in $begun $waiting; do
        answers 200 "/videos/$id"
        [ "$(value status)" = queued ] || fail "a job of a model that is not offered is $(value status)"
    done
    stop
    there "data/states/$begun"
    start
    becomes "$begun" completed && save "$begun" again.mp4
    same again.mp4 whole-3.mp4
    becomes "$waiting" completed && save "$waiting" again.mp4
    same again.mp4 whole-2.mp4
    grep -q 'wait for the model' "$scratch/log" && fail 'jobs of a model that is offered wait for it'
    stop
}

# A server that is ended in order before a job's first step, more often than a job may end one that is killed.
ended_at_once() {
    rm -rf data
    for ((round = 0; round < 11; round++)); do
        start
        [ $round -gt 0 ] || plan -F size=256x256 -F num_frames=25 -F num_inference_steps=2
        await grep -q "^$id: in_progress" "$scratch/log"
        stop
        [ -e "data/states/$id" ] && fail 'it has made a step already'
    done
    start
    answers 200 "/videos/$id"
    [ "$(value status)" = in_progress ] || fail "a job that was ended $round times in order is $(value status)"
    stop
    for ((round = 0; round < 9; round++)); do
        start
        await grep -q "^$id: \(in_progress\|failed\)" "$scratch/log"
        [ $round = 8 ] || stop KILL
    done
    becomes "$id" failed
    printed 'the server ended each time it began this job'
    stop
}

# has_warned: that a video waits for room
has_warned() { grep -q "^warning: the video of $id is made and waits for room on the disk: .*No space left" "$scratch/log"; }

waits_for_room() {
    for ((i = 0; i < 1200; i++)); do
        has_warned && return
        grep -q "^$id: \(completed\|failed\)" "$scratch/log" && break
        sleep 0.05
    done
    fail "$id does not wait for room: $(tail -n 5 "$scratch/log")"
    stop
    return 1
}

# On a disk of its own: what is made waits for room, across a restart, too.
on_full_disk() {
    start
    order -F num_frames=2 -F num_inference_steps=2
    becomes "$id" completed
    local first=$id
    head -c 530000 /dev/urandom > large.png
    problem 507 null 'disk is full' /videos -F input_reference=@large.png
    plan -F size=128x96 -F num_frames=40 -F num_inference_steps=1 -F crf=0
    waits_for_room || return
    answers 200 "/videos/$id"
    [ "$(value status)" = in_progress ] || fail "a video that waits for room is $(value status)"
    [ "$(find data/videos -type f)" = "data/videos/$first.mp4" ] || fail "parts stay: $(find data/videos -type f)"
    there "data/pictures/$id"
    stop
    start
    waits_for_room || return
    mount -o remount,size=20m data
    becomes "$id" completed
    answers 200 "/videos/$id/content"
    cmp -s "$scratch/out" "data/videos/$id.mp4" || fail 'other bytes'
    # another that waits is cancelled
    mount -o remount,size="$(($(du -sk data | cut -f 1) + 100))k" data
    plan -F size=128x96 -F num_frames=40 -F num_inference_steps=1 -F crf=0
    waits_for_room || return
    answers 200 -X POST "/videos/$id/cancel"
    for ((i = 0; i < 200; i++)); do [ "$(find data -name "$id*")" ] || break; sleep 0.05; done
    [ "$(find data -name "$id*")" ] && fail 'what was cancelled while it waited for room has files'
    stop
    # not a byte is free: what is there can be removed
    cat /dev/zero > data/filled 2> "$scratch/err"
    start
    answers 200 -X DELETE "/videos/$first"
    [ -e "data/videos/$first.mp4" ] && fail 'a video that was removed stays'
    stop
    cat /dev/zero >> data/filled 2> "$scratch/err"
    rm -f data/jobs.sqlite*
    cat /dev/zero >> data/filled 2> "$scratch/err"
    ends 1 serve --data data --model "$model" --listen 127.0.0.1:0
    said 'its disk is full: free 1 MiB there'
}

full_disk() {
    mount -t tmpfs -o size=520k none data || { fail 'no tmpfs'; return; }
    on_full_disk
    umount -l data
}

disk_full() {
    unshare -rm true 2> /dev/null || { echo 'left out: no file systems of its own here'; return; }
    unshare -rm bash "$tests/test_server_restart.sh" "$program" "$data" full_disk || fail 'on a full disk'
}

if [ "${3:-}" ]; then run_groups "${@:3}"; else run_groups undisturbed goes_on killed leftovers other_models ended_at_once disk_full; fi
