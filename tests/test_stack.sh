#!/bin/bash
# The program with little stack: test_stack.sh PROGRAM DATA.
set -u
program=$(realpath "$1")
model=$(realpath "$2")/reference/attention_top
. "$(dirname "$(realpath "$0")")/shell.sh"
picture picture.png
small=(--model "$model" --width 64 --height 48 --num-inference-steps 1 --num-frames 2 --threads 2 --quiet)

# A soft limit is raised.
soft_limit() {
    for size in 64 256; do
        (ulimit -S -s $size && works "$size.mp4" generate picture.png -o "$size.mp4" "${small[@]}"; exit $failures) || fail "$size"
        there "$size.mp4"
    done
}

# A hard one is named.
hard_limit() {
    (ulimit -s 64 && refused 1 'the stack is limited to 64 KiB.*ulimit -s 512' generate picture.png -o out.mp4 "${small[@]}"
     exit $failures) || fail 'a hard limit'
    (ulimit -s 512 && works 512.webp generate picture.png -o 512.webp "${small[@]}"; exit $failures) || fail '512'
}

run_groups soft_limit hard_limit
