#!/bin/bash
# --preview: the file of previews: test_preview.sh PROGRAM DATA
set -u
. "$(dirname "$0")/shell_model.sh"
steps=(--model "$model" --width 64 --height 48 --num-inference-steps 4 --num-frames 3 --seed 7)

# Each kind, as many frames as the video has, at the video's rate; and the video is the same as without.
kinds() {
    local ending
    works without.webp generate picture.png -o without.webp "${steps[@]}"
    for ending in webp gif png; do
        works p.$ending generate picture.png -o with.webp --preview p.$ending --fps 5 "${steps[@]}"
        works "$scratch/out" info p.$ending
        printed '^frames *3, 5 a second'
        printed '^size *64x48'
    done
    works p.webp generate picture.png -o with.webp --preview p.webp "${steps[@]}"
    same with.webp without.webp
    works p.webp generate picture.png -o with.webp --preview p.webp --loop "${steps[@]}"
    works "$scratch/out" info p.webp
    printed '^frames *4,'
}

# watch FILE: a line for each file that has that name in turn, as soon as it is there, until stop is there.
watch() {
    local inode before=
    while [ ! -e stop ]; do
        inode=$(stat -c %i "$1" 2> /dev/null) || continue
        [ "$inode" = "$before" ] || { "$program" info "$1" > /dev/null 2>&1 && echo "whole" || echo "broken"; }
        before=$inode
    done
}

# seen FILE ARGUMENT...: a run whose steps take a while; what was seen of FILE is in the file seen.
seen() {
    local file=$1 watcher
    shift
    watch "$file" > seen &
    watcher=$!
    works "$file" generate picture.png -o r.gif --preview "$file" "$@" --width 136 --height 136 --num-inference-steps 6 \
        --num-frames 14 --model "$model" --threads 1 --seed 1
    touch stop
    wait $watcher
    rm stop
    grep -q broken seen && fail 'a preview was seen that is not whole'
    ls -A | grep '^\.img2vid-' && fail 'temporary files are left'
}

# It is renamed into place after each step: other files one after the other, each whole.
renamed() {
    seen r.webp
    [ "$(wc -l < seen)" -ge 3 ] || fail "the preview was not written anew after each step: $(cat seen)"
    seen every.webp --preview-every 6
    [ "$(wc -l < seen)" = 1 ] || fail "more previews than asked for: $(cat seen)"
    refused 2 'preview-every needs --preview or --show' generate picture.png -o f.gif --preview-every 2 "${steps[@]}"
    refused 1 'preview-every is -1' generate picture.png -o f.gif --preview f.webp --preview-every -1 "${steps[@]}"
}

several() {
    works all.webp generate picture.png -o '{seed}.gif' --seeds 1,2 --num-videos 2 --preview all.webp "${steps[@]:0:8}"
    there 1-1.gif 2-2.gif
    rm -- *.gif
}

# Folders are made, and gone if the run ends before anything is in them.
folders() {
    works made/by/p.webp generate picture.png -o f.gif --preview made/by/p.webp "${steps[@]}"
    refused 1 'multiple of 8' generate picture.png -o f.gif --preview new/p.webp --width 63 "${steps[@]:0:2}"
}

wrong() {
    refused 2 "'p.mp4' must end in .webp, .gif or .png" generate picture.png -o f2.gif --preview p.mp4 "${steps[@]}"
    refused 2 'have no % in its name' generate picture.png -o f2.gif --preview %04d.png "${steps[@]}"
    refused 1 'are one file' generate picture.png -o f2.gif --preview ./f2.gif "${steps[@]}"
    cp picture.png also.png
    refused 1 'would overwrite also.png' generate also.png -o f2.gif --preview also.png "${steps[@]}"
    touch kept.webp
    refused 1 'kept.webp' generate picture.png -o f2.gif --preview kept.webp --no-overwrite "${steps[@]}"
    refused 2 'exclude each other' generate picture.png -o f2.gif --show --quiet "${steps[@]}"
    refused 2 'unknown option' decode x.npy -o f2.gif --preview p.webp
}

# A preview that cannot be written is a warning, once; the video is made.
no_room() {
    mkdir gone
    (while [ ! -e gone/p.webp ]; do :; done; rm -r gone) &
    works n.gif generate picture.png -o n.gif --preview gone/p.webp --width 136 --height 136 --num-inference-steps 6 \
        --num-frames 14 --model "$model" --threads 1 --seed 1
    wait
    [ "$(grep -c 'warning: no preview: .*gone' "$scratch/err")" = 1 ] || fail 'no one warning'
}

# A run that was killed and is gone on with: the map is fitted again, and the last preview is that of a whole run.
resumed() {
    local long=("${steps[@]:0:6}" --num-frames 3 --seed 7 --num-inference-steps 30)
    works whole.webp generate picture.png -o whole.webp "${long[@]}" --preview whole-p.webp
    interrupt KILL ended.webp.checkpoint generate picture.png -o ended.webp "${long[@]}" --preview p.webp --resume
    rm -f p.webp
    works p.webp generate picture.png -o ended.webp "${long[@]}" --preview p.webp --resume
    said '^going on from ended.webp.checkpoint: [1-9][0-9]* of 30 steps are done$'
    same ended.webp whole.webp
    same p.webp whole-p.webp
    # without previews, whose options are no part of what a state is of
    works without.webp generate picture.png -o without.webp "${long[@]}"
    same without.webp whole.webp
}

# One file for all jobs, of which none has one of its own; how often it is written may be a job's.
lists() {
    local image='"image": "picture.png", "num_inference_steps": 6'
    printf '{%s, "output": "j1.gif"}\n{%s, "output": "j2.gif", "preview_every": 6}\n' "$image" "$image" > list.jsonl
    rm -f p.webp
    works p.webp generate --jobs list.jsonl "${steps[@]}" --preview p.webp
    there j1.gif j2.gif
    printf '{%s, "output": "j3.gif", "preview": "q.webp"}\n' "$image" > list.jsonl
    refused 2 'list.jsonl:1: preview is for the command line alone' generate --jobs list.jsonl "${steps[@]}"
    printf '{%s, "output": "j3.gif", "show": true}\n' "$image" > list.jsonl
    refused 2 'list.jsonl:1: show is for the command line alone' generate --jobs list.jsonl "${steps[@]}"
    printf '{%s, "output": "j3.gif", "preview_every": 2}\n' "$image" > list.jsonl
    refused 2 'list.jsonl:1: --preview-every needs --preview or --show' generate --jobs list.jsonl "${steps[@]}"
    printf '{%s, "output": "p.gif"}\n' "$image" > list.jsonl
    refused 1 'are one file' generate --jobs list.jsonl "${steps[@]}" --preview p.gif
    rm list.jsonl j?.gif
}

plan() {
    local with without
    works "$scratch/out" generate --plan picture.png "${steps[@]}" --json
    without=$(cat "$scratch/out")
    works "$scratch/out" generate --plan picture.png --preview p.webp "${steps[@]}" --json
    with=$(cat "$scratch/out")
    [ "$with" = "$without" ] && fail 'the plan does not count previews'
    works "$scratch/out" generate --plan picture.png --preview p.webp "${steps[@]}"
}

run_groups kinds renamed several folders wrong no_room resumed lists plan
