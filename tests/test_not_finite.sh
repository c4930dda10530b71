#!/bin/bash
# The program where a run leaves the numbers: test_not_finite.sh PROGRAM DATA DAMAGE, where DAMAGE is test_not_finite.
set -u
program=$(realpath "$1")
data=$(realpath "$2")
damage=$(realpath "$3")
. "$(dirname "$(realpath "$0")")/shell.sh"
picture picture.png
original=$data/reference/attention_top
small=(--width 64 --height 48 --num-inference-steps 2 --num-frames 3 --decode-chunk-size 2 --seed 7 --threads 1)

# damaged PART TENSOR VALUE: a copy of the model, in the folder `damaged`.
damaged() {
    rm -rf "$scratch/damaged"
    cp -r "$original" "$scratch/damaged"
    chmod -R u+w "$scratch/damaged"
    "$damage" damage "$scratch/damaged" "$@" || fail "$2 is not damaged"
}

before_the_steps_end_nothing_is_written() {
    damaged image_encoder visual_projection.weight inf
    refused 1 "tensor visual_projection.weight of .* holds inf, so the file is damaged" generate picture.png \
        -o out.mp4 --save-latents l.npy --model "$scratch/damaged" "${small[@]}" --quiet
    damaged vae encoder.conv_in.bias nan
    refused 1 "tensor encoder.conv_in.bias of .* holds nan, so the file is damaged" generate picture.png \
        -o out.mp4 --save-latents l.npy --model "$scratch/damaged" "${small[@]}" --quiet
    damaged unet conv_in.bias inf
    refused 1 "tensor conv_in.bias of .* holds inf, so the file is damaged" generate picture.png \
        -o out.mp4 --save-latents l.npy --model "$scratch/damaged" "${small[@]}" --quiet
    refused 1 "lora/layers/adapter_model.safetensors at 1e+06 changes tensor .*: the scale is too large" generate \
        picture.png -o out.mp4 --save-latents l.npy --model "$original" --lora "$data/lora/layers:1e6" "${small[@]}" --quiet
}

# In files of bfloat16, which hold values as large as float32 does: a cosine of the time that is below zero in the first
# step, where the activation takes it away.
an_overflow_in_the_second_step() {
    local original=$data/reference/plain_top
    damaged unet time_embedding.linear_1.weight 3e38
    refused 1 "UNet's output in step 2 of 4 is not finite: tensor time_embedding.linear_1.weight" generate picture.png \
        -o out.mp4 --save-latents l.npy --model "$scratch/damaged" "${small[@]}" --num-inference-steps 4 --quiet
    refused 1 "UNet's output in step 2 of 4 is not finite: .*; download it again$" generate picture.png -o out.mp4 --resume \
        --model "$scratch/damaged" "${small[@]}" --num-inference-steps 4 --quiet
}

# A video of one colour is written: whoever asked for it may know why.
one_colour() {
    local words='each frame is of one colour'
    damaged vae decoder.time_conv_out.weight 1
    works plain.npy generate picture.png -o plain.npy --model "$scratch/damaged" "${small[@]}"
    grep -q "$words" "$scratch/err" && fail 'a warning of a video with colours'
    "$damage" fill "$scratch/damaged" vae decoder.time_conv_out.weight 0
    works grey.npy generate picture.png -o grey.npy --model "$scratch/damaged" "${small[@]}" --json
    said "^img2vid: warning: picture.png: $words"
    printed "\"video_warning\": \"$words"
    works grey.npy generate picture.png -o grey.npy --model "$scratch/damaged" "${small[@]}" --quiet
    [ -s "$scratch/err" ] && fail '--quiet was to be quiet'
}

# The latents are whole, and those of a sound model.
latents_outlive_the_decoder() {
    works good.npy generate picture.png -o out.npy --save-latents good.npy --model "$original" "${small[@]}" --quiet
    damaged vae decoder.conv_out.bias inf
    ends 1 generate picture.png -o bad.mp4 --save-latents l.npy --model "$scratch/damaged" "${small[@]}" --quiet
    said "tensor decoder.conv_out.bias of .* holds inf, .*its latents are kept in l.npy, for img2vid decode"
    [ -e bad.mp4 ] && fail 'a video was written'
    same good.npy l.npy
    works again.npy decode l.npy -o again.npy --model "$original" --decode-chunk-size 2 --quiet
    same out.npy again.npy
    ends 1 decode l.npy -o bad.mp4 --model "$scratch/damaged" --quiet
    said 'tensor decoder.conv_out.bias of .* holds inf'
}

# Finite to the end, and no picture: files of bfloat16 hold what overflows no sum.
values_that_no_model_has() {
    local original=$data/reference/plain_top
    damaged vae decoder.time_conv_out.bias 3e38
    ends 1 generate picture.png -o bad.mp4 --model "$scratch/damaged" "${small[@]}" --quiet
    said "VAE decoder's output, frames 1 to 2 of 3, has values such as .*: tensor decoder.time_conv_out.bias of"
    damaged vae decoder.conv_out.bias -1e30
    ends 1 generate picture.png -o bad.mp4 --model "$scratch/damaged" "${small[@]}" --quiet
    said "VAE decoder's output, .* has values such as .*: tensor decoder.conv_out.bias of"
    [ -e bad.mp4 ] && fail 'a video was written'
}

# A later clip never begins; the first one's latents are there, as a video of one clip less.
latents_of_the_clips_so_far() {
    rm -f l.npy
    ends 1 generate picture.png -o bad.mp4 --save-latents l.npy --extend 2 --model "$scratch/damaged" "${small[@]}" \
        --quiet
    said 'its latents are kept in l.npy'
    works one.npy decode l.npy -o one.npy --model "$original" --decode-chunk-size 2 --quiet
    same out.npy one.npy
}

# Of several videos and clips, each file is one whole video's.
latents_of_many_clips() {
    ends 0 generate picture.png -o v.npy --save-latents l.npy --extend 1 --num-videos 2 --model "$original" "${small[@]}" \
        --quiet
    for video in 1 2; do
        works "d-$video.npy" decode "l-$video.npy" -o "d-$video.npy" --model "$original" --decode-chunk-size 2 --quiet
        same "v-$video.npy" "d-$video.npy"
    done
}

run_groups before_the_steps_end_nothing_is_written an_overflow_in_the_second_step one_colour latents_outlive_the_decoder latents_of_the_clips_so_far \
    latents_of_many_clips values_that_no_model_has
