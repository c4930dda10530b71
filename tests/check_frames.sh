#!/bin/bash
# No function of the library needs more than 16 KiB of its caller's stack where the compiler does not optimize either:
# check_frames.sh ROOT COMPILER INCLUDES, which has ':' between folders. Looks at the files that have the largest structs
# (i2v_unet_tensors and what holds it); the others are looked at where the library is built.
set -u
root=$1 compiler=$2 includes=$3
flags=(-std=gnu11 -D_GNU_SOURCE -O0 -Wframe-larger-than=16384 -Werror -I "$root/src" -I "$root/include")
IFS=: read -ra folders <<< "$includes"
for folder in "${folders[@]}"; do [ -n "$folder" ] && flags+=(-I "$folder"); done

# 1 if a function of the file needs more, which the compiler tells.
check() {
    "$compiler" "${flags[@]}" -c -o /dev/null "$1"
}

# A check that finds nothing proves nothing: a struct on the stack four times is refused.
self_test() {
    local file status=0
    file=$(mktemp --suffix=.c)
    cat > "$file" <<'C'
#include "model/unet.h"
void use(i2v_unet_tensors *first, i2v_unet_tensors *second);
void four(void);
void four(void) {
    i2v_unet_tensors first[2] = {{0}}, second[2] = {{0}};
    use(first, second);
}
C
    check "$file" 2> /dev/null && { echo 'a frame of four structs is not refused'; status=1; }
    rm "$file"
    return $status
}

self_test || exit 1
mapfile -t files < <(grep -lE 'i2v_unet_tensors|i2v_denoiser' "$root"/src/{model,pipeline}/*.c)
[ ${#files[@]} -ge 3 ] || { echo "few files have the structs: ${files[*]}"; exit 1; }
for file in "${files[@]}"; do check "$file" || exit 1; done
echo "no frame of ${#files[@]} files is larger than 16 KiB without optimization"
