#!/bin/bash
# compare_builds.sh BEFORE AFTER [PATTERN]: runs the programs of two build folders over every kind of run and compares
# what they write, byte by byte: arrays, latents, videos, pictures, plans. For changes that must not change a bit.
# PATTERN chooses runs by name, as grep -E reads it. The status is 0 if all are equal. Build the older commit in a
# worktree of its own:
#     git worktree add ../before COMMIT && make -C ../before && tools/compare_builds.sh ../before/build build
# A single file of Stability AI's kind is made of a committed model by tools/make_single_file.py with $PYTHON (python3),
# which needs torch and safetensors for it.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
before=$(realpath "$1/cli/img2vid") after=$(realpath "$2/cli/img2vid") pattern=${3:-.}
root=$(realpath "$(dirname "$0")/..")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0 ran=0

small=$root/models/small plain=$root/tests/data/reference/plain_top top=$root/tests/data/reference/attention_top
rocket=$root/examples/rocket.jpg lora=$root/tests/data/lora

# one PROGRAM FOLDER ARGUMENTS...: what it says goes to a file there, too.
one() {
    local program=$1 folder=$2
    shift 2
    mkdir -p "$folder"
    (cd "$folder" && status=0 && { "$program" "$@" --no-config > said.txt 2> errors.txt || status=$?; } &&
        echo "status $status" >> said.txt)
    # a plan's time is measured anew by each; older programs have shorter words for what is traded
    sed -i -e '/seconds/d' -e '/"traded"/s/fewer \(frames and pixels \)\{0,1\}together/operations on fewer frames and pixels at a time/' \
        -e '/"traded"/s/, and /, /' "$folder/said.txt"
}

# run NAME ARGUMENTS...: by both programs.
run() {
    local name=$1
    shift
    grep -qE "$pattern" <<< "$name" || return 0
    one "$before" "$scratch/before/$name" "$@"
    one "$after" "$scratch/after/$name" "$@"
    ran=$((ran + 1))
    if ! grep -qx 'status 0' "$scratch/before/$name/said.txt"; then
        echo "FAILED     $name: the older program fails: $(cat "$scratch/before/$name/errors.txt")"
        failed=1
    elif ! diff -r "$scratch/before/$name" "$scratch/after/$name" > "$scratch/diff.txt" 2>&1; then
        echo "DIFFERENT  $name: $(head -c 400 "$scratch/diff.txt")"
        failed=1
    else
        echo "equal      $name ($(find "$scratch/after/$name" -type f ! -name '*.txt' | wc -l) files)"
    fi
    rm -rf "$scratch/before/$name" "$scratch/after/$name"
}

# generate NAME MODEL ARGUMENTS...: small and short, where the arguments say nothing else.
generate() {
    local name=$1 model=$2
    shift 2
    run "$name" generate "$rocket" --model "$model" --quiet --seed 42 --num-inference-steps 4 --width 64 --height 64 \
        --num-frames 5 --save-latents latents.npy "$@"
}

for dtype in f32 bf16; do
    generate "small-$dtype" "$small" --dtype $dtype -o out.npy
    generate "plain-top-$dtype" "$plain" --dtype $dtype -o out.npy
    generate "attention-top-$dtype" "$top" --dtype $dtype -o out.npy
    generate "guidance-$dtype" "$small" --dtype $dtype -o out.npy --max-guidance-scale 3 --guidance-shape triangle
    generate "extend-$dtype" "$small" --dtype $dtype -o out.npy --extend 2
    generate "videos-$dtype" "$small" --dtype $dtype -o out-{video}.npy --num-videos 3 --save-latents latents.npy
    generate "chunks-$dtype" "$small" --dtype $dtype -o out.npy --decode-chunk-size 2
    # weights from the file at each use, in the UNet and in the decoder
    generate "streamed-$dtype" "$small" --dtype $dtype -o out.npy --max-memory 75M --width 32 --height 32 \
        --num-frames 14 --decode-chunk-size 1
    generate "small-memory-$dtype" "$small" --dtype $dtype -o out.npy --max-memory 150M --width 192 --height 128
    generate "lora-$dtype" "$top" --dtype $dtype -o out.npy --lora "$lora/layers:0.7" \
        --lora "$lora/convolutions.safetensors"
done
generate default-size "$small" -o out.npy --width 448 --height 256 --num-frames 14 --num-inference-steps 2
generate one-thread "$small" -o out.npy --threads 1
generate three-threads "$small" -o out.npy --threads 3
generate odd-size "$small" -o out.npy --width 136 --height 72 --num-frames 3
generate torch "$small" -o out.npy --rng torch
generate torch-videos "$small" -o out-{video}.npy --rng torch --num-videos 2 --extend 1
generate animatelcm "$small" -o out.npy --scheduler animatelcm
generate karras "$small" -o out.npy --sigma-schedule karras
generate ays "$small" -o out.npy --sigma-schedule ays --num-inference-steps 10
run sigmas generate "$rocket" --model "$small" --quiet --seed 42 --sigmas 8,3,0.5,0 --width 64 --height 64 -o out.npy
generate comfyui "$small" -o out.npy --preset comfyui --width 64 --height 64 --num-inference-steps 4 --num-frames 5
generate diffusers "$small" -o out.npy --preset diffusers --width 64 --height 64 --num-inference-steps 4 --num-frames 5
generate pad "$small" -o out.npy --fit pad --noise-aug-strength 0.5 --fps 12 --motion-bucket-id 3
run seeds generate "$rocket" "$root/tests/data/media/grey.jpg" --model "$small" --quiet --seeds 1-2 \
    --num-inference-steps 2 --width 64 --height 64 -o '{name}-{seed}.npy'
for ending in mp4 mkv webm mov gif webp png; do generate "file-$ending" "$small" -o "out.$ending" --playback-fps 9; done
generate pictures "$small" -o 'frames/%04d.png'
generate loop "$small" -o out.webm --loop --crf 20
run plan generate "$rocket" --model "$small" -o x.npy --plan --json --max-memory 600M
run plan-small generate "$rocket" --model "$small" -o x.npy --plan --json --max-memory 360M
run plan-top generate "$rocket" --model "$top" -o x.npy --plan --json --max-memory 500M --dtype bf16
if grep -qE "$pattern" <<< single-file; then
    "${PYTHON:-python3}" "$root/tools/make_single_file.py" file "$plain" "$scratch/single.safetensors" > /dev/null
    generate single-file "$scratch/single.safetensors" -o out.npy
fi
[ $ran -gt 0 ] || { echo "compare_builds.sh: no run is called $pattern" >&2; exit 2; }
echo "$ran runs"
exit $failed
