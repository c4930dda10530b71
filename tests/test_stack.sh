#!/bin/bash
# The program with little stack: test_stack.sh PROGRAM DATA.
set -u
program=$(realpath "$1")
model=$(realpath "$2")/reference/attention_top
. "$(dirname "$(realpath "$0")")/shell.sh"
picture picture.png
small=(--model "$model" --width 64 --height 48 --num-inference-steps 1 --num-frames 2 --threads 2 --quiet)

# The program alone gets it: wc and others of a system need more than 64 KiB.
img2vid=$program
program=limited
limited() { (ulimit "${limit[@]}" && exec "$img2vid" "$@"); }

# A soft limit is raised.
soft_limit() {
    local size
    for size in 64 256; do
        limit=(-S -s "$size")
        works "$size.mp4" generate picture.png -o "$size.mp4" "${small[@]}"
    done
}

# A hard one is named.
hard_limit() {
    limit=(-s 64)
    refused 1 'the stack is limited to 64 KiB.*ulimit -s 512' generate picture.png -o out.mp4 "${small[@]}"
    limit=(-s 512)
    works 512.webp generate picture.png -o 512.webp "${small[@]}"
}

run_groups soft_limit hard_limit
