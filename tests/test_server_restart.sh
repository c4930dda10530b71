#!/bin/bash
# img2vid serve outlives what ends it: test_server_restart.sh PROGRAM DATA, where DATA/reference holds tiny models.
set -u
program=$(realpath "$1")
model=$(realpath "$2")/reference/plain_top
tests=$(dirname "$(realpath "$0")")
. "$tests/shell.sh"
. "$tests/server.sh"
picture photo.png

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

# kill -9 at moments that are spread over the runs, some of them while a request arrives.
killed() {
    local ids=() kept seed moment
    start
    for seed in 1 2 3; do
        job $seed
        ids+=("$id")
    done
    answers 200 '/videos?order=asc'
    kept=$(grep -o '"id": "video_[0-9a-f]*"' "$scratch/out" | tail -n 3)
    for moment in 0 3 11 2 7 13 1 5; do
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
    # a job of a model that is not here any more
    job 3
    stop KILL
    model_before=$model
    model=${model%/*}/attention_top
    program_model=$model
    : > "$scratch/log"
    "$program" serve --listen 127.0.0.1:0 --data data --model "other=$program_model" 2> "$scratch/log" &
    server=$!
    for ((i = 0; i < 200; i++)); do grep -q '^listening' "$scratch/log" && break; sleep 0.05; done
    url=$(sed -n 's/^listening on \(http:.*\)$/\1/p' "$scratch/log")
    becomes "$id" failed
    printed '"error": {"code": "generation_failed", "message": "the server was started anew without the model tiny"}'
    model=$model_before
    stop
}

# What cannot be written fails a job with a sentence, and the server stays. Needs a file system of its own.
disk_full() {
    unshare -rm true 2> /dev/null || { echo 'left out: no file systems of its own here'; return; }
    cat > "$scratch/full.sh" <<'SCRIPT'
mkdir -p "$1" && mount -t tmpfs -o size=700k none "$1" || exit 77
shift
exec "$@"
SCRIPT
    rm -rf data
    program_before=$program
    cat > "$scratch/program" <<SCRIPT
#!/bin/bash
exec unshare -rm bash "$scratch/full.sh" "\$PWD/data" "$program_before" "\$@"
SCRIPT
    chmod +x "$scratch/program"
    program=$scratch/program
    start
    program=$program_before
    order -F num_frames=2 -F num_inference_steps=2
    becomes "$id" completed
    head -c 600000 /dev/urandom > large.png
    problem 507 null 'disk is full' /videos -F input_reference=@large.png
    answers 200 /videos -F input_reference=@photo.png -F size=128x96 -F num_frames=40 -F num_inference_steps=1 -F crf=0
    becomes "$(value id)" failed
    printed '"message": ".*No space left on device'
    order -F num_frames=2 -F num_inference_steps=2
    becomes "$id" completed
    stop
}

if [ "${3:-}" ]; then run_groups "${@:3}"; else run_groups undisturbed goes_on killed leftovers disk_full; fi
