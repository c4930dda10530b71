#!/bin/bash
# Peak memory over inputs that claim or unpack to much (tests/hostile_inputs.c), against the budget that is given:
# test_memory_bounds.sh PROGRAM HOSTILE_INPUTS PEAK_MEMORY MODEL [sanitized]
# With "sanitized", where a sanitizer's own memory would be counted, the inputs are tried and nothing is measured.
set -u
program=$1 maker=$2 runner=$3 model=$4 sanitized=${5:-}
. "$(dirname "$0")/shell.sh"

# measure ARGUMENT...: the program's status in status, its peak in KiB in peak, its seconds in seconds.
measure() {
    "$runner" "$scratch/peak" "$program" "$@" < /dev/null > "$scratch/out" 2> "$scratch/err"
    status=$?
    read -r peak seconds < "$scratch/peak"
}

# What a process has before it does anything: pages of the program and of the libraries of FFmpeg and others. They are
# part of the 64 MiB that a plan counts for the process, so that the peak of all is within the budget.
measure --version
base=$peak

# within MIB STATUSES ARGUMENT...: ends with one of the statuses ("01"), in time, with an error told if it fails, and
# has a peak of no more than so much.
within() {
    local budget=$1 statuses=$2 last=${*: -1}
    shift 2
    measure "$@"
    case $statuses in *$status*) ;; *) fail "status $status, not one of $statuses: $*" ;; esac
    [ "$status" = 0 ] || grep -q '^img2vid: ' "$scratch/err" || fail "an error was to be told: $*"
    printf '%7.1f MiB %5.1f s  status %s  %s\n' "$((peak * 10 / 1024))e-1" "$seconds" "$status" "$1 $2 ... $last"
    [ -n "$sanitized" ] && return
    [ "$peak" -le $((budget * 1024)) ] || fail "$((peak / 1024)) MiB of $budget: $*"
    [ "${seconds%.*}" -lt 5 ] || fail "$seconds s: $*"
}

run_options=(--num-frames 2 --num-inference-steps 1 --seed 1 -q --model "$model")

pictures_are_described() {
    local file
    for file in *.png *.jpg *.webp *.gif *.bmp *.tif *.j2k *.mp4 *.npy; do within 100 01 info "$file" --max-memory 100M; done
}

pictures_are_read_within_the_budget() {
    local file
    for file in *.png *.jpg *.webp *.gif *.bmp *.tif *.j2k *.mp4; do
        within 300 01 generate "$file" -o out.npy "${run_options[@]}" --max-memory 300M
    done
    for file in claim.png text.png ./*.jpg ./*.webp; do
        within 80 01 generate "$file" -o out.npy "${run_options[@]}" --max-memory 80M
    done
    within 300 0 generate tag.tif -o out.npy "${run_options[@]}" --max-memory 300M
    within 400 0 generate progressive.jpg -o out.npy "${run_options[@]}" --max-memory 400M
    rm -f out.npy
}

pictures_in_a_row_are_read_within_the_budget() {
    within 400 1 generate progressive.jpg idats.png zeros.png text.png -o '{name}.npy' --num-frames 2 \
        --num-inference-steps 1 --seed 1 --model "$model" -q --max-memory 400M
    said '^img2vid: zeros.png: reading 16000 x 16000 pixels takes 7[0-9][0-9] MiB, but --max-memory'
    there progressive.npy text.npy
    rm -f idats.npy progressive.npy text.npy
}

# With the least budget that one picture can be read with, another before it leaves parts of the model loaded.
loaded_parts_make_room_for_a_picture() {
    local refused=65536 enough=163840 middle
    while [ $((enough - refused)) -gt 128 ]; do
        middle=$(((enough + refused) / 2))
        run generate medium.jpg -o out.npy "${run_options[@]}" --max-memory ${middle}K
        if [ "$status" = 0 ]; then enough=$middle; else refused=$middle; fi
    done
    within $((enough / 1024 + 1)) 0 generate idats.png medium.jpg -o '{name}.npy' "${run_options[@]}" \
        --max-memory ${enough}K
    there medium.npy
    rm -f out.npy idats.npy medium.npy
}

arrays_are_read_within_the_budget() {
    within 100 1 decode hole.npy -o out.gif --model "$model" --max-memory 100M
    said 'holds 1600[01] MiB of latents'
    within 100 1 decode claim.npy -o out.gif --model "$model" --max-memory 100M
    within 100 1 generate idats.png -o out.npy "${run_options[@]}" --latents hole.npy --max-memory 100M
}

# A tree of JSON may take 64 MiB (json/bounds.h), its text 32.
lists_and_headers_are_bounded() {
    local file
    for file in list.safetensors tensors.safetensors list deep large; do
        within 100 1 info "$file" --max-memory 100M
        within 100 1 generate idats.png -o out.npy --model "$file" --max-memory 100M
    done
    within 100 1 generate idats.png -o out.npy "${run_options[@]}" --lora list.safetensors --max-memory 100M
    within 100 1 generate idats.png -o out.npy "${run_options[@]}" --unet tensors.safetensors --max-memory 100M
    within 100 1 generate --from metadata.png -o out.npy "${run_options[@]}" --max-memory 100M
}

# What is refused for its size or its cost is told.
refusals_are_told() {
    refused 1 'reading 30000 x 8000 pixels takes 6[0-9][0-9] MiB, but --max-memory leaves' \
        generate claim.png -o out.npy "${run_options[@]}" --max-memory 300M
    refused 1 'scans.jpg is a JPEG of more than 100 scans' generate scans.jpg -o out.npy "${run_options[@]}"
    refused 1 'hole.png: the file is larger than the [0-9]* MiB that --max-memory' \
        generate hole.png -o out.npy "${run_options[@]}" --max-memory 300M
    refused 1 'samples.mp4 claims to have 80000000 frames' info samples.mp4
    refused 1 'list.safetensors: its JSON would take more than 64 MiB' info list.safetensors
    refused 1 'deep/model_index.json: its JSON is nested more than 64 deep' info deep
}

"$maker" . || { echo 'the inputs could not be made'; exit 1; }
echo "before anything: $((base / 1024)) MiB"
[ -n "$sanitized" ] && echo 'nothing is measured: a sanitizer has memory of its own'
run_groups pictures_are_described pictures_are_read_within_the_budget pictures_in_a_row_are_read_within_the_budget \
    loaded_parts_make_room_for_a_picture arrays_are_read_within_the_budget lists_and_headers_are_bounded \
    refusals_are_told
