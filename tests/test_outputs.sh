#!/bin/bash
# What the program writes loses nothing that is there: test_outputs.sh PROGRAM DATA, where DATA/reference holds tiny
# models.
set -u
program=$(realpath "$1")
data=$(realpath "$2")
model=$data/reference/plain_top
. "$(dirname "$(realpath "$0")")/shell.sh"
mkdir out
picture photo.png
cp photo.png second.png
small=(--model "$model" --width 64 --height 48 --num-inference-steps 1 --num-frames 3 --seed 1)
"$program" generate photo.png -o first.gif --save-latents l.npy "${small[@]}" --quiet || fail 'no video to begin with'
"$program" generate photo.png -o first.npy "${small[@]}" --quiet || fail 'no video to begin with'
"$program" generate photo.png -o first.webp "${small[@]}" --quiet || fail 'no video to begin with'
cp first.webp second.webp

# spared FILE WORDS ARGUMENT...: refused with WORDS, and FILE is as it was.
spared() {
    local file=$1 words=$2 before
    shift 2
    before=$(sha256sum "$file")
    refused 1 "$words" "$@"
    [ "$(sha256sum "$file")" = "$before" ] || fail "$file is another: $*"
}

sources() {
    local path
    mkdir -p there
    ln -sf ../photo.png there/link.png
    ln -f photo.png there/hard.png
    ln -sfn . here
    for path in photo.png ./photo.png "$PWD/photo.png" there/../photo.png here/photo.png '{name}.png' there/link.png \
        there/hard.png; do
        spared photo.png 'would overwrite photo.png, a picture of this run; give another name with --output' \
            generate photo.png -o "$path" "${small[@]}"
    done
    spared photo.png 'would overwrite photo.png' generate photo.png -o ./photo.png "${small[@]}" --plan
    spared photo.png 'would overwrite there/link.png' generate there/link.png -o photo.png "${small[@]}"
    spared second.png 'would overwrite photo.png' generate photo.png second.png -o '{name}.png' "${small[@]}"
    spared first.gif 'first.gif' generate first.gif -o first.gif "${small[@]}"
    spared first.webp 'first.webp' generate first.webp second.webp -o './{name}.webp' "${small[@]}"
    # one that is there only once the first is written
    mkdir -p later
    refused 1 'would overwrite later/1.webp' generate photo.png later/1.webp -o 'later/{index}.webp' "${small[@]}"
    spared l.npy 'would overwrite l.npy, the latents of this run' decode l.npy -o l.npy --model "$model"
    spared l.npy 'would overwrite ./l.npy' decode ./l.npy -o l.npy --model "$model" --plan
    "$program" generate photo.png -o x.npy --save-latents noise.npy "${small[@]}" --quiet
    spared noise.npy 'noise.npy, the noise of' generate photo.png -o noise.npy "${small[@]}" --latents noise.npy
    spared noise.npy 'with --save-latents$' generate photo.png -o y.npy --save-latents ./noise.npy "${small[@]}" \
        --latents noise.npy
    spared first.gif 'the file of --from' generate --from first.gif -o ./first.gif
    spared photo.png 'would overwrite' generate --from first.gif -o photo.png
    cp photo.png in.png
    "$program" generate - -o in.png "${small[@]}" < in.png > "$scratch/out" 2> "$scratch/err"
    said 'writing in.png would overwrite standard input'
    same in.png second.png
    # what is beside them is written
    works photo.webp generate photo.png -o '{name}.webp' "${small[@]}" --quiet
    works there/photo.png generate photo.png -o 'there/{name}.png' "${small[@]}" --quiet
    works second.gif generate first.gif -o second.gif "${small[@]}" --quiet
    rm -r there here later
}

frames() {
    mkdir -p frames
    cp photo.png frames/0003.png
    cp photo.png frames/0004.png
    spared frames/0003.png 'writing frames/0003.png would overwrite' \
        generate ./frames/0003.png -o frames/%04d.png "${small[@]}"
    spared frames/0004.png 'frames/0004.png' generate frames/0004.png -o frames/%04d.png "${small[@]}" --loop
    spared frames/0004.png 'frames/0004.png' generate frames/0004.png -o frames/%04d.png "${small[@]}" --extend 1
    works frames/0001.png generate frames/0004.png -o frames/%04d.png "${small[@]}" --quiet
    ln -s ../photo.png frames/2.png
    spared photo.png 'frames/2.png would overwrite photo.png' generate photo.png -o frames/%d.png "${small[@]}"
    cp photo.png x.png
    cp photo.png x1.png
    refused 1 'frames/x11.png, which are' generate x.png x1.png -o 'frames/{name}%d.png' "${small[@]}" --num-frames 11
    works frames/x13.png generate x.png x1.png -o 'frames/{name}%d.png' "${small[@]}" --quiet
    rm -r frames
}

models() {
    cp -rL "$model" model
    chmod -R u+w model
    cp "$data/lora/layers-kohya.safetensors" lora.safetensors
    local file
    for file in unet/diffusion_pytorch_model-00003-of-00010.safetensors unet/config.json model_index.json; do
        ln -sfn "model/$file" alias.npy
        spared "model/$file" "would overwrite model/$file, a part of the model" \
            generate photo.png -o alias.npy "${small[@]}" --model model
        spared "model/$file" 'with --save-latents' \
            generate photo.png -o x.npy --save-latents alias.npy "${small[@]}" --model model
    done
    ln -sfn model/image_encoder/model.safetensors alias.npy
    for file in model model/image_encoder model/image_encoder/model.safetensors; do
        spared model/image_encoder/model.safetensors 'a part of the model' \
            generate photo.png -o alias.npy "${small[@]}" --image-encoder "$file"
    done
    ln -sfn model/vae/diffusion_pytorch_model-00002-of-00003.safetensors alias.npy
    spared model/vae/diffusion_pytorch_model-00002-of-00003.safetensors 'a part of the model' \
        decode l.npy -o alias.npy --model "$model" --vae model/vae
    # the configuration that is read beside a file of weights
    ln -sfn model/image_encoder/config.json alias.npy
    spared model/image_encoder/config.json 'a part of the model' \
        generate photo.png -o alias.npy "${small[@]}" --image-encoder model/image_encoder/model.safetensors
    ln -sfn lora.safetensors alias.npy
    spared lora.safetensors 'a LoRA' generate photo.png -o alias.npy "${small[@]}" \
        --model "$data/reference/attention_top" --lora lora.safetensors:0.5
    works model/video.npy generate photo.png -o model/video.npy "${small[@]}" --model model --quiet
    works model/video.npy generate photo.png -o model/video.npy "${small[@]}" --model model --quiet
    rm -r model alias.npy
}

outputs() {
    refused 1 'and \./o.npy, which are\|and o.npy, which are' \
        generate photo.png -o o.npy --save-latents ./o.npy "${small[@]}"
    ln -s o.npy dangling.npy
    refused 1 'are one file; change --output or --save-latents' \
        generate photo.png -o o.npy --save-latents dangling.npy "${small[@]}"
    ln -s . here
    refused 1 'are one file' generate photo.png -o here/o.npy --save-latents o.npy "${small[@]}"
    mkdir -p one
    ln -s one two
    cp photo.png one.png
    cp photo.png two.png
    refused 1 'are one file; change --output$' generate one.png two.png -o '{name}/v.webp' "${small[@]}"
    rm -r dangling.npy here one two
}

links_and_permissions() {
    printf old > target.webp
    chmod 640 target.webp
    ln -s target.webp link.webp
    works link.webp generate photo.png -o link.webp "${small[@]}" --quiet
    [ -L link.webp ] || fail 'the link was replaced'
    same target.webp first.webp
    [ "$(stat -c %a target.webp)" = 640 ] || fail 'the mode was not kept'
    local ending
    for ending in mp4 gif webp png npy; do
        ln -s "out/made.$ending" "d.$ending"
        works "out/made.$ending" generate photo.png -o "d.$ending" "${small[@]}" --quiet
        [ -L "d.$ending" ] || fail "the link d.$ending was replaced"
        chmod 444 "out/made.$ending"
        spared "out/made.$ending" 'read-only; give another name' generate photo.png -o "d.$ending" "${small[@]}"
        spared "out/made.$ending" 'read-only' generate photo.png -o "out/made.$ending" "${small[@]}"
        mkfifo "pipe.$ending"
        refused 1 "cannot write pipe.$ending: it is a named pipe" generate photo.png -o "pipe.$ending" "${small[@]}"
        [ -p "pipe.$ending" ] || fail "the pipe.$ending was replaced"
    done
    refused 1 'read-only' generate photo.png -o o.mp4 --save-latents out/made.npy "${small[@]}"
    chmod 644 out/made.png
    ln -s made.png out/1.png
    works out/2.png generate photo.png -o 'out/%d.png' "${small[@]}" --quiet
    [ -L out/1.png ] || fail 'the link out/1.png was replaced'
    chmod 444 out/3.png
    spared out/3.png 'out/3.png: it is read-only' generate photo.png -o 'out/%d.png' "${small[@]}"
    printf old > out/v-2.gif
    chmod 444 out/v-2.gif
    spared out/v-2.gif 'out/v-2.gif: it is read-only' generate photo.png -o 'out/v.gif' --num-videos 2 "${small[@]}"
    chmod -R u+w out
    rm -r out/* d.* pipe.*
}

percents() {
    cp photo.png '50%.png'
    cp photo.png 'a%02d.png'
    cp photo.png '100%%n.png'
    cp photo.png 'b%d.png.png'
    mkdir -p out
    ends 0 generate '50%.png' 'a%02d.png' '100%%n.png' -o 'out/{name}.png' "${small[@]}" --json
    there 'out/50%.png' 'out/a%02d.png' 'out/100%%n.png'
    printed '"out/50%.png"'
    printed '"out/a%02d.png"'
    said 'wrote out/a%02d.png'
    ends 0 generate '50%.png' 'a%02d.png' '100%%n.png' -o 'out/{name}-%d.png' "${small[@]}" --quiet
    there 'out/50%-1.png' 'out/a%02d-3.png' 'out/100%%n-2.png'
    [ "$(ls out | wc -l)" = 12 ] || fail 'other files were written'
    ends 0 generate 'a%02d.png' '50%.png' -o 'out/{name}.webp' "${small[@]}" --quiet
    there 'out/a%02d.webp' 'out/50%.webp'
    ends 0 generate 'a%02d.png' -o 'out/{name}/x.png' "${small[@]}" --quiet
    there 'out/a%02d/x.png'
    ends 0 generate 'b%d.png.png' -o 'out/{name}' "${small[@]}" --quiet
    there 'out/b%d.png'
    ends 0 generate 'a%02d.png' -o 'out/{name}.png' --num-videos 2 "${small[@]}" --quiet
    there 'out/a%02d-1.png' 'out/a%02d-2.png'
    ends 0 generate photo.png -o 'out/75%%.png' "${small[@]}" --quiet
    there 'out/75%.png'
    spared '50%.png' 'writing 50%.png would overwrite 50%.png' generate '50%.png' -o '{name}.png' "${small[@]}"
    refused 1 '%% stands for %' generate photo.png -o 'out/75%.png' "${small[@]}"
    refused 1 'exactly one number' generate photo.png -o 'out/%d-%d.png' "${small[@]}"
    rm -r out/*
}

# Names that mean something to a shell, a terminal or the file system.
odd_names() {
    local newline=$'new\nline' name
    mkdir -p in out/in
    for name in -dash "$newline" 'a b' "qu'o\"te" '*' ' ' .hidden file:x 'http:x'; do
        cp photo.png "in/$name.png"
        works "out/$name.gif" generate "in/$name.png" -o 'out/{name}.gif' "${small[@]}" --quiet
    done
    cp photo.png ./-dash.png
    works -dash.mp4 generate -o '{name}.mp4' "${small[@]}" --quiet -- -dash.png
    # ".." would leave the folder
    cp photo.png in/...png
    cp photo.png in/..png
    works out/in/picture/x.gif generate in/...png -o 'out/in/{name}/x.gif' "${small[@]}" --quiet
    works out/picture.gif generate in/..png -o 'out/{name}.gif' "${small[@]}" --quiet
    rm -r in out/* ./-dash.*
}

# A process that is killed leaves its temporary file, which the next write there removes after a day.
left_overs() {
    printf x > out/.img2vid-1a2b3c4d.mp4
    printf x > out/.img2vid-2a2b3c4d.mp4
    printf x > .img2vid-3a2b3c4d.npy
    touch -d '2 days ago' out/.img2vid-1a2b3c4d.mp4 .img2vid-3a2b3c4d.npy
    local ending
    for ending in webp %d.png npy; do
        touch -d '2 days ago' out/.img2vid-1a2b3c4d.mp4
        ends 0 generate photo.png -o "out/a.$ending" "${small[@]}" --quiet
        [ -e out/.img2vid-1a2b3c4d.mp4 ] && fail "what was left stays beside a.$ending"
        printf x > out/.img2vid-1a2b3c4d.mp4
    done
    [ -e out/.img2vid-2a2b3c4d.mp4 ] || fail 'a file of today was removed'
    [ -e .img2vid-3a2b3c4d.npy ] || fail 'a file of another folder was removed'
    rm -r out/* out/.img2vid* .img2vid*
}

# limited ARGUMENT...: as run, but ended when it waits for ever.
limited() {
    timeout 60 "$program" "$@" < /dev/null > "$scratch/out" 2> "$scratch/err"
    status=$?
    [ $status = 124 ] && fail "it waits for ever: $*"
}

pipes() {
    mkfifo pipe.gif
    limited generate --from pipe.gif -o o.gif
    said 'pipe.gif is not a regular file'
    limited info pipe.gif
    said 'pipe.gif is not a regular file'
    limited decode pipe.gif -o o.gif --model "$model"
    said 'pipe.gif is not a regular file'
    limited generate photo.png -o o.gif "${small[@]}" --latents pipe.gif
    said 'pipe.gif is not a regular file'
    limited generate photo.png -o o.gif "${small[@]}" --lora pipe.gif
    said 'pipe.gif'
    local file
    for file in model_index.json unet/config.json vae/config.json image_encoder/config.json \
        scheduler/scheduler_config.json feature_extractor/preprocessor_config.json \
        unet/diffusion_pytorch_model-00003-of-00010.safetensors image_encoder/model.safetensors; do
        cp -rL "$model" model
        chmod -R u+w model
        rm "model/$file"
        mkfifo "model/$file"
        limited generate photo.png -o o.gif "${small[@]}" --model model
        [ $status = 1 ] || fail "model/$file is a pipe: status $status"
        said "model/${file%/*}"
        rm -r model
    done
    # pictures may come through pipes
    limited generate pipe.gif -o o.npy "${small[@]}"
    said 'pipe.gif is a pipe into which nothing writes'
    [ -e o.npy ] && fail 'a video of nothing was made'
    (sleep 0.3; cat photo.png > pipe.gif) &
    limited generate pipe.gif -o o.npy "${small[@]}"
    same o.npy first.npy
    wait
    limited generate <(sleep 0.3; cat photo.png) -o o2.npy "${small[@]}"
    same o2.npy first.npy
    cat photo.png | "$program" generate /dev/stdin -o o3.npy "${small[@]}" --quiet || fail '/dev/stdin'
    same o3.npy first.npy
    rm pipe.gif o*.npy
}

# gif FILE JSON: a GIF that says JSON (at most 255 bytes) of itself.
gif() {
    local at part
    {
        printf 'GIF89a\1\0\1\0\0\0\0!\xfe'
        for ((at = 0; at < ${#2}; at += 255)); do
            part=${2:at:255}
            printf "\\x$(printf %x ${#part})%s" "$part"
        done
        printf '\0;'
    } > "$1"
}

unhashed() {
    local begin='{"program":"img2vid","command":"generate"'
    gif bare.gif "$begin,\"image\":\"photo.png\"}"
    works out.gif generate --from bare.gif -o out.gif "${small[@]}"
    said 'note: bare.gif keeps no hash of its picture: whether photo.png is still that one cannot be told$'
    works out.gif generate --from bare.gif photo.png -o out.gif "${small[@]}"
    grep -q 'keeps no hash' "$scratch/err" && fail 'a picture that is given needs no hash'
    gif bare.gif "$begin,\"image\":\"photo.png\",\"model\":\"$model\",\"latents\":\"l.npy\",\"image_sha256\":7}"
    works out.gif generate --from bare.gif -o out.gif "${small[@]:2}"
    said 'bare.gif keeps no hash of its picture'
    said 'bare.gif keeps no hash of its model'
    said 'bare.gif keeps no hash of its noise'
    works out.gif generate --from first.webp -o out.gif
    grep -q 'keeps no hash' "$scratch/err" && fail 'it keeps them'
    # notes that are too long end in a line's end all the same
    gif bare.gif "$begin,\"image\":\"$(printf './%.0s' {1..2030})photo.png\"}"
    works out.gif generate --from bare.gif -o out.gif "${small[@]}"
    said '^note: bare.gif keeps no hash of its picture: whether [./]*$'
    mkfifo pipe.png
    gif bare.gif "$begin,\"image\":\"pipe.png\"}"
    limited generate --from bare.gif -o out2.gif "${small[@]}"
    said 'pipe.png, of which bare.gif was made, is neither here'
    rm pipe.png
}

run_groups sources frames models outputs links_and_permissions percents odd_names left_overs pipes unhashed
