#!/bin/bash
# Runs that are ended, and gone on with by --resume: test_resume.sh PROGRAM DATA, where DATA/reference holds tiny models.
set -u
program=$(realpath "$1")
model=$(realpath "$2")/reference/plain_top
. "$(dirname "$(realpath "$0")")/shell.sh"
picture photo.png
picture other.png
printf 'x' >> other.png # the same pixels in another file
small=(--model "$model" --width 16 --height 16 --num-frames 3 --decode-chunk-size 2)
long=("${small[@]}" --num-inference-steps 40)

# only FILE...: nothing else is in this folder.
only() {
    local there wanted
    there=$(ls -A | sort)
    wanted=$(printf '%s\n' photo.png other.png "$@" | sort)
    [ "$there" = "$wanted" ] || fail "there is $(echo $there), not $(echo $wanted)"
}

signals() {
    local signal line='; what is done is kept in a.webp.checkpoint: the same command with --resume goes on from it$'
    works whole.webp generate photo.png -o whole.webp "${long[@]}" --seed 5 --quiet
    for signal in KILL INT TERM; do
        interrupt $signal a.webp.checkpoint generate photo.png -o a.webp "${long[@]}" --seed 5 --resume --quiet
        [ $signal = KILL ] || [ $status = 130 ] || fail "status $status after $signal"
        [ $signal = KILL ] || said "^img2vid: interrupted$line"
        [ $signal = KILL ] || [ "$(wc -l < "$scratch/err")" = 1 ] || fail 'one line was to be printed'
        [ -e a.webp ] && fail 'a video of a run that was ended'
        works a.webp generate photo.png -o a.webp "${long[@]}" --seed 5 --resume
        said '^going on from a.webp.checkpoint: [1-9][0-9]* of 40 steps are done$'
        cmp a.webp whole.webp || fail "other bytes after $signal"
        rm a.webp
        only whole.webp
    done
}

# What a run may be given otherwise, and what not.
parameters() {
    interrupt INT a.webp.checkpoint generate photo.png -o a.webp "${long[@]}" --seed 5 --resume
    refused 1 'from a.webp.checkpoint: --seed is 5 there and 6 here; give the same, or remove the file to begin anew$' \
        generate photo.png -o a.webp "${long[@]}" --seed 6 --resume
    refused 1 ': --num-inference-steps is 40 there and 39 here' \
        generate photo.png -o a.webp "${small[@]}" --num-inference-steps 39 --seed 5 --resume
    refused 1 ': --dtype is f32 there and bf16 here' \
        generate photo.png -o a.webp "${long[@]}" --seed 5 --resume --dtype bf16
    refused 1 ': the model is another one' generate photo.png -o a.webp --seed 5 --resume "${long[@]:2}" \
        --model "${model%/*}/attention_top"
    refused 1 ': --fit is crop there and pad here' generate photo.png -o a.webp "${long[@]}" --seed 5 --resume --fit pad
    refused 1 ': the image is another one' generate whole.webp -o a.webp "${long[@]}" --seed 5 --resume
    # a seed that is not given is that of the state; the picture is known by its pixels
    works a.webp generate other.png -o a.webp "${long[@]}" --resume --threads 1 --max-memory 1G --no-metadata
    said '^seed: 5$'
    only a.webp whole.webp
    rm a.webp
}

damage() {
    local size kept=$scratch/kept
    interrupt KILL a.webp.checkpoint generate photo.png -o a.webp "${long[@]}" --seed 5 --resume
    cp a.webp.checkpoint "$kept"
    size=$(stat -c %s "$kept")
    for ((i = 0; i < 20; i++)); do
        head -c $((size * i / 20)) "$kept" > a.webp.checkpoint
        refused 1 'a.webp.checkpoint is damaged, or is another kind of file' generate photo.png -o a.webp "${long[@]}" \
            --resume --seed 5
        cp "$kept" a.webp.checkpoint
        printf '\377\0' | dd of=a.webp.checkpoint bs=1 seek=$((size * i / 20 + 7)) conv=notrunc status=none
        refused 1 'a.webp.checkpoint is damaged' generate photo.png -o a.webp "${long[@]}" --resume --seed 5
    done
    cp "$kept" a.webp.checkpoint
    [ "$(head -c -64 a.webp.checkpoint | sha256sum)" = "$(tail -c 64 a.webp.checkpoint)  -" ] || fail 'the seal'
    works a.webp generate photo.png -o a.webp "${long[@]}" --seed 5 --resume --quiet
    same a.webp whole.webp
    rm a.webp
}

# A state that cannot be written, since files may not be so large: a video is smaller.
no_room() {
    (ulimit -f 16 && "$program" generate photo.png -o a.webp "${small[@]}" --width 64 --height 48 --resume --seed 5 \
        --num-inference-steps 3) > "$scratch/out" 2> "$scratch/err" || fail 'a state that is too large ended the run'
    said '^img2vid: warning: the run goes on without a newer checkpoint: cannot write a.webp.checkpoint: '
    [ "$(grep -c warning "$scratch/err")" = 1 ] || fail 'it was to be said once'
    there a.webp
    only a.webp whole.webp
    rm a.webp
}

# --save-latents, clips, and several videos of which some are finished.
latents() {
    local many=("${small[@]}" --num-inference-steps 40 --extend 1 --num-videos 2 --seed 5)
    works whole-1.npy generate photo.png -o whole.npy --save-latents whole-l.npy "${many[@]}" --quiet
    interrupt KILL a.npy.checkpoint generate photo.png -o a.npy --save-latents l.npy "${many[@]}" --resume
    works a-2.npy generate photo.png -o a.npy --save-latents l.npy "${many[@]}" --resume --quiet
    same a-1.npy whole-1.npy
    same a-2.npy whole-2.npy
    same l-1.npy whole-l-1.npy
    same l-2.npy whole-l-2.npy
    rm ./*.npy
    only whole.webp
}

# Seeds and pictures one after the other.
tasks() {
    local many=(photo.png other.png --seeds 1,2 "${small[@]}" --num-inference-steps 40)
    works w-other-2.webp generate "${many[@]}" -o 'w-{name}-{seed}.webp' --quiet
    interrupt INT o-other-1.webp.checkpoint generate "${many[@]}" -o 'o-{name}-{seed}.webp' --resume
    said '; what is done is kept in o-other-1.webp.checkpoint'
    there o-photo-1.webp o-photo-2.webp
    ends 0 generate "${many[@]}" -o 'o-{name}-{seed}.webp' --resume
    said '^skipped o-photo-1.webp: it is there already$'
    for task in photo-1 photo-2 other-1 other-2; do
        cmp o-$task.webp w-$task.webp || fail "o-$task.webp differs"
    done
    rm ./[ow]-*
    only whole.webp
}

# A list of jobs, the second of which is ended; nobody gave a seed. The state of the first may be there still: it stays
# until the second has one.
lists() {
    printf '{"image": "photo.png", "output": "%s.webp"}\n' j1 j2 > list.jsonl
    interrupt INT j2.webp.checkpoint generate --jobs list.jsonl "${long[@]}" --resume
    there j1.webp
    cp j2.webp.checkpoint j1.webp.checkpoint
    works j2.webp generate --jobs list.jsonl "${long[@]}" --resume
    said '^skipped j1.webp: it is there already$'
    said '^going on from j2.webp.checkpoint: [1-9][0-9]* of 40 steps are done$'
    rm list.jsonl j1.webp j2.webp
    only whole.webp
}

places() {
    refused 2 'exclude each other' generate photo.png -o a.webp "${long[@]}" --checkpoint s --no-checkpoint
    refused 2 'give --checkpoint FILE, too' generate photo.png -o - --format webp "${long[@]}" --resume
    refused 1 'photo.png' generate photo.png -o a.webp "${long[@]}" --checkpoint photo.png/s
    refused 1 'photo.png' generate photo.png -o a.webp "${long[@]}" --checkpoint ./photo.png
    refused 2 'put {name} or {index} into that name' generate photo.png other.png -o '{name}.gif' "${long[@]}" \
        --checkpoint s
    refused 2 'a checkpoint is a file' generate photo.png -o a.webp "${long[@]}" --checkpoint -
    # nothing of the user's is replaced, and what a link leads to goes
    echo mine > notes.txt
    refused 1 'notes.txt is there, and is no checkpoint, .*; remove it, or give another name' \
        generate photo.png -o a.webp "${long[@]}" --checkpoint notes.txt
    refused 1 'notes.txt is damaged, or is another kind of file' \
        generate photo.png -o a.webp "${long[@]}" --checkpoint notes.txt --resume
    [ "$(cat notes.txt)" = mine ] || fail 'notes.txt was written'
    rm notes.txt
    mkdir a.webp.checkpoint
    refused 1 'a.webp.checkpoint is no ordinary file; .*--no-checkpoint' generate photo.png -o a.webp "${long[@]}" --resume
    rmdir a.webp.checkpoint
    ln -s target a.webp.checkpoint
    refused 1 'is a link to nothing; ' generate photo.png -o a.webp "${long[@]}" --seed 5 --resume
    rm a.webp.checkpoint
    interrupt INT target generate photo.png -o a.webp "${long[@]}" --seed 5 --checkpoint target
    ln -s target state
    works a.webp generate photo.png -o a.webp "${long[@]}" --seed 5 --checkpoint state --resume --quiet
    same a.webp whole.webp
    [ -e target ] && fail 'the state behind a link stays'
    rm a.webp state
    interrupt KILL deep/er/state generate photo.png -o - --format webp "${long[@]}" --seed 5 --checkpoint deep/er/state
    "$program" generate photo.png -o - --format webp "${long[@]}" --checkpoint deep/er/state --resume --quiet > b.webp ||
        fail 'a video to standard output'
    same b.webp whole.webp
    [ -e deep/er/state ] && fail 'the state stays'
    rm -r deep b.webp
    # without --resume it begins anew, and says what is there
    interrupt KILL a.webp.checkpoint generate photo.png -o a.webp "${long[@]}" --seed 5 --checkpoint a.webp.checkpoint
    interrupt INT a.webp.checkpoint generate photo.png -o a.webp "${long[@]}" --seed 6 --checkpoint a.webp.checkpoint
    said '^note: a.webp.checkpoint is the checkpoint of an earlier run, from which --resume goes on'
    rm a.webp.checkpoint
    only whole.webp
}

# By itself where it takes more than two minutes, and not where it takes less.
by_time() {
    interrupt INT a.webp.checkpoint generate photo.png -o a.webp "${small[@]}" --width 64 --height 48 --seed 5 \
        --num-inference-steps 10000
    rm a.webp.checkpoint
    : > "$scratch/err" # of the run before
    "$program" generate photo.png -o a.webp "${small[@]}" --width 64 --height 48 --seed 5 --no-checkpoint \
        --num-inference-steps 10000 2> "$scratch/err" &
    local process=$!
    until grep -q 'denoise [1-9]' "$scratch/err" || ! kill -0 $process; do sleep 0.1; done
    kill -INT $process
    wait $process
    said '^img2vid: interrupted$'
    only whole.webp
}

run_groups signals parameters damage no_room latents tasks lists places by_time
