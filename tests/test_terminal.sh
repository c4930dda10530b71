#!/bin/bash
# What files, models and servers say steers no terminal, and what is seen on one: test_terminal.sh PROGRAM SERVER DATA
set -u
program=$(realpath "$1")
server=$(realpath "$2")
model=$(realpath "$3/reference/plain_top")
. "$(dirname "$0")/shell.sh"
for variable in HF_TOKEN_PATH HF_HUB_CACHE HF_HUB_OFFLINE XDG_CACHE_HOME http_proxy https_proxy all_proxy; do
    unset $variable
done
export HF_HOME=$PWD/home HF_TOKEN=hf_secret
server_id=
trap '[ -n "$server_id" ] && kill "$server_id"; rm -rf "$scratch"' EXIT
small=(--num-inference-steps 2 --seed 7)

# CSI as one character, an override of direction, a line separator, DEL, ESC, a byte that is no UTF-8; and what stays.
bad=$'a\xc2\x9b31m\xe2\x80\xaeb\xe2\x80\xa8c\x7fd\x1be\xff\xc3\xa4'
shown='a?31m?b?c?d?e?'$'\xc3\xa4'

# plain FILE...: nothing in them steers a terminal.
plain() {
    for file; do
        LC_ALL=C grep -qP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]' "$file" &&
            fail "$(basename "$file") steers the terminal: $(cat -v "$file" | head -n 5)"
    done
}

both_plain() { plain "$scratch/out" "$scratch/err"; }

names() {
    picture "$bad.png"
    works "$scratch/out" info "$bad.png"
    both_plain
    printed "^picture    $shown.png$"
    works "$scratch/out" info --json "$bad.png"
    both_plain
    works "$bad.npy" generate "$bad.png" -o "$bad.npy" --model "$model" "${small[@]}"
    both_plain
    said "wrote $shown.npy"
    works "$scratch/out" generate "$bad.png" -o '{name}-{seed}.gif' --model "$model" --seeds 1,2 "${small[@]:0:2}" --json
    both_plain
    refused 1 "$shown.jpg" info "$bad.jpg"
    both_plain
    refused 2 "'$shown'" "$bad"
    refused 2 "$shown" info --"$bad"
    both_plain
    works "$scratch/out" info "$bad-1.gif"
    both_plain
}

# A JSON report says the very characters, escaped.
json() {
    picture $'x\xc2\x9b\xe2\x80\xae\xe2\x81\xa6\x7f\xc3\xa4.png'
    works "$scratch/out" info --json x*.png
    both_plain
    printed '"path": "x\\u009b\\u202e\\u2066\\u007f'$'\xc3\xa4''.png"'
}

# patched FILE FROM TO: a copy of the model in which FILE has TO for FROM, of the same length.
patched() {
    rm -rf patched
    cp -r "$model" patched
    LC_ALL=C sed -i "s/$2/$3/" patched/"$1"
}

# tensor NAME FILE: a file of weights with one tensor of that name, as it stands in JSON.
tensor() {
    local LC_ALL=C header="{\"$1\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}"
    printf "$(printf '\\x%02x' ${#header})\0\0\0\0\0\0\0" > "$2"
    printf '%s\0\0\0\0' "$header" >> "$2"
}

tensors() {
    local name
    for name in $'a\xc2\x9b31m\xe2\x80\xae.weight' 'a\u009b31m\u202e.weight'; do
        tensor "$name" bad.safetensors
        refused 1 'a?31m?.weight' info bad.safetensors
        both_plain
        tensor "${name%weight}lora_A.weight" lora.safetensors
        run generate photo.png -o x.npy --model "$model" --lora lora.safetensors
        both_plain
        [ "$status" = 1 ] || fail "a LoRA with a bad name: $status"
    done
}

models() {
    local first=unet/diffusion_pytorch_model-00001-of-00010.safetensors name
    name=$(LC_ALL=C grep -aoE '"[a-z_0-9.]+\.weight"' "$model/$first" | head -n 1 | tr -d '"')
    patched $first "$name" "${name%weight}"$'\xc2\x9b31mX'
    run info patched
    both_plain
    [ "$status" = 1 ] || fail "a model with a tensor of a bad name: $status"
    patched scheduler/scheduler_config.json EulerDiscreteScheduler $'Euler\xc2\x9b31m'
    run info patched
    both_plain
    patched model_index.json EulerDiscreteScheduler $'Euler\xc2\x9b31m\xe2\x80\xae'
    run info patched
    both_plain
    patched model_index.json StableVideoDiffusionPipeline $'Stable\xc2\x9b31m'
    run info patched
    both_plain
    run info $'patched\xc2\x9b31m'
    both_plain
}

metadata() {
    works a.gif generate photo.png -o a.gif --model "$model" "${small[@]}"
    LC_ALL=C sed 's/photo\.png/ph\xc2\x9b31m.p/' a.gif > b.gif
    works "$scratch/out" info b.gif
    both_plain
    printed '^  image .*ph?31m\.p$'
    works "$scratch/out" info --json b.gif
    both_plain
    refused 1 'ph?31m\.' generate --from b.gif -o c.gif
}

# serve FAULT...
serve() {
    [ -n "$server_id" ] && kill "$server_id" && wait "$server_id" 2> /dev/null
    rm -rf home ports
    "$server" "$model" "$scratch/log" "$@" > ports &
    server_id=$!
    while [ ! -s ports ]; do sleep 0.02; done
    read -r hub _ < ports
    rm ports
    export HF_ENDPOINT=http://127.0.0.1:$hub
}

servers() {
    local said=$'a\xc2\x9b31m\x1b[2J'
    serve "path=/api/ status=403 message=$said"
    refused 1 'the hub says "a?31m?\[2J"' pull acme/model
    both_plain
    serve "path=/api/ status=400 type=application/json body={\"error\":\"a\\u009b31m\\n\\u202eb\"}"
    refused 1 'HTTP 400: "a?31m??b"' pull acme/model
    both_plain
    serve $'path=/api/ type=application/json body={"sha":"0123456789abcdef0123456789abcdef01234567","siblings":[{"rfilename":"a\xc2\x9b31m.safetensors"},{"rfilename":"b\\u202e.safetensors"}]}'
    refused 1 'a?31m.safetensors, b?.safetensors' pull acme/model
    both_plain
    serve "path=/api/ type=application/json body={\"sha\":\"0123456789abcdef0123456789abcdef01234567\",\"cardData\":{\"license\":\"mit\\u009b31m\\u0085\"},\"siblings\":[{\"rfilename\":\"scheduler/scheduler_config.json\"}]}"
    run pull acme/model --file scheduler/scheduler_config.json
    both_plain
    [ "$status" = 0 ] || fail "a licence with control characters: $status"
    said 'its licence is called mit?31m?;'
}

# watched ARGUMENT...: a run on a terminal of $columns columns; what it drew is in $scratch/drawn, a line each.
columns=100 during=
watched() {
    local command
    printf -v command '%q ' "$program" "$@"
    script -qefc "stty cols $columns; $during $command" "$scratch/typescript" < /dev/null > /dev/null || fail "on a terminal: $*"
    sed -e '/^Script /d' "$scratch/typescript" | tr '\r' '\n' | sed -e 's/\x1b\[K//' -e '/^$/d' > "$scratch/drawn"
}

drawn() { grep -q -- "$1" "$scratch/drawn" || fail "nobody saw '$1': $(head -c 3000 "$scratch/drawn")"; }

# Sizes at which a step takes a tenth of a second and more: each phase is seen from its first event on, a step within,
# no bar that is full, and what comes after the last frame.
progress() {
    local bar='^\[[#-]*\] [ 0-9][0-9] % '
    watched generate photo.png -o watched.gif --model "$model" --width 136 --height 136 --num-frames 14 --threads 1 "${small[@]}"
    drawn "${bar}load 0 of "
    drawn "${bar}encode 0 of 2"
    drawn "${bar}denoise 0 of 2"
    drawn "${bar}denoise 0\\.[0-9] of 2, .*[0-9]* MiB, [0-9.]* s/step"
    drawn "${bar}denoise 1\\.[0-9] of 2, [0-9]*:[0-9][0-9] left, ends [0-2][0-9]:[0-5][0-9], [0-9]* MiB, [0-9.]* s/step"
    drawn "${bar}decode 0 of 14 frames"
    drawn '^writing watched.gif$'
    grep '^\[#*\] ' "$scratch/drawn" | grep -qv 'decode 14 of 14' && fail 'a bar was full before the end'
    [ "$(grep -n '^writing' "$scratch/drawn" | cut -d : -f 1)" -gt "$(grep -n decode "$scratch/drawn" | tail -n 1 | cut -d : -f 1)" ] ||
        fail 'the bar stood while the file was written'
    sed -n 's/^\[[#-]*\] *\([0-9]*\) %.*/\1/p' "$scratch/drawn" > percents
    sort -nC percents || fail "it went back: $(paste -sd ' ' percents)"
    # elsewhere a line a step
    run generate photo.png -o watched.gif --model "$model" --width 136 --height 136 --num-frames 14 --threads 1 "${small[@]}"
    [ "$(grep -c '^denoise' "$scratch/err")" = 2 ] || fail "not a line a step: $(cat "$scratch/err")"
    grep -q '^denoise [0-9]*\.' "$scratch/err" && fail 'a line within a step'
    said '^denoise 1 of 2, [0-9]* %, [0-9]*:[0-9][0-9] left, ends [0-2][0-9]:[0-5][0-9], [0-9]* MiB, [0-9.]* s/step$'
    said '^denoise 2 of 2, '
    both_plain
}

# widest FILE: columns of the longest line that was drawn, where some characters take two. What is written, stays.
widest() { grep -v '^wrote ' "$1" | LC_ALL=C.UTF-8 wc -L; }

# Whatever the width, and of whichever characters a name is: no line reaches the last column, where it would wrap.
widths() {
    local name=写真写真写真写真写真写真写真写真写真写真.gif
    for columns in 12 30 71 72 119 120 200; do
        watched generate photo.png -o $name --model "$model" "${small[@]}"
        [ "$(widest "$scratch/drawn")" -lt $columns ] || fail "at $columns columns: $(cat "$scratch/drawn")"
        [ $columns -lt 30 ] || grep -q 'left' "$scratch/drawn" || fail "nothing of the time at $columns columns"
        grep -qP '\x1b\[[0-9;]*m' "$scratch/typescript" && fail 'colours'
    done
    # the window changes once something stands there
    columns=100 during='(until grep -q load "'$scratch'/typescript"; do sleep 0.02; done; stty cols 40 < /dev/tty) &'
    watched generate photo.png -o watched.gif --model "$model" --width 136 --height 136 --num-frames 14 --threads 1 "${small[@]}"
    [ "$(widest "$scratch/drawn")" -ge 40 ] || fail 'the first lines were to be long'
    grep -v '^wrote ' "$scratch/drawn" | tail -n 3 > last
    [ "$(widest last)" -lt 40 ] || fail "the last lines wrap: $(cat last)"
    during=
    # a terminal that can draw nothing again
    TERM=dumb watched generate photo.png -o watched.gif --model "$model" "${small[@]}"
    grep -q $'\x1b' "$scratch/typescript" && fail 'controls on a dumb terminal'
    drawn '^denoise 1 of 2, '
    columns=100
}

# What takes over an hour says so when it begins, in two lines.
hours() {
    "$program" generate photo.png -o 'hours-{seed}.gif' --model "$model" --width 256 --height 192 --num-frames 8 \
        --seeds 1-10000 2> "$scratch/err" &
    local id=$! waited=0
    until grep -q '^shorter here: ' "$scratch/err" || [ $((waited += 1)) -gt 400 ]; do sleep 0.05; done
    kill -INT $id
    wait $id
    [ $? = 130 ] || fail 'it was to be interrupted'
    said '^time: about [0-9]* h [0-9]* min in all, until .*[0-2][0-9]:[0-5][0-9]; img2vid help time says what makes it shorter'
    said '^shorter here: .*--speed draft [0-9]' # a sixth; what takes more may not show beside other work
    [ "$(grep -c '^time: \|^shorter here: ' "$scratch/err")" = 2 ] || fail 'not two lines'
    works "$scratch/out" help time
    for words in 'animatelcm' '^--speed balanced' '^--speed draft' '476'; do printed "$words"; done
    watched generate photo.png -o watched.gif --model "$model" "${small[@]}"
    grep -q 'shorter here' "$scratch/typescript" && fail 'a short run need not be shorter'
}

picture photo.png
run_groups names json tensors models metadata progress widths hours servers
