#!/bin/bash
# Values of options from the configuration file and the environment: test_config.sh PROGRAM DATA, where DATA/reference
# holds tiny models.
set -u
. "$(dirname "$(realpath "$0")")/shell_model.sh"
export HOME=$PWD/home
unset XDG_CONFIG_HOME IMG2VID_CONFIG
mkdir -p home/.config/img2vid
file=home/.config/img2vid/config

# configure LINE...: what the file says.
configure() { printf '%s\n' "$@" > "$file"; }

# makes ARGUMENT...: out.npy and its report, of the model and size in the file.
makes() { works out.npy generate picture.png -o out.npy --json "$@"; }
tiny=("model = $model" 'width = 64' 'height = 48' 'num-frames = 2' 'num-inference-steps = 2' 'seed = 7')

values() {
    works direct.gif generate picture.png -o direct.gif "${small[@]}" --fps 5 --loop --quality 50 --rng torch
    configure $'\xef\xbb\xbf# all but the picture, by an editor of Windows' '' "model=$model" '  width =  64  ' \
        'height = "48"' $'num_frames = 2\r' 'num-inference-steps = 2' 'seed = 7' 'fps = 5' 'loop = true' 'quality = 50' 'rng = torch' 'output = out.gif' \
        'repeat = 3' 'max-memory = 4G' 'quiet = 1' 'json = 0' 'no-metadata = false'
    works out.gif generate picture.png
    same direct.gif out.gif
    [ -s "$scratch/err" ] || [ -s "$scratch/out" ] && fail 'quiet = 1, json = 0'
    works direct.npy generate picture.png -o direct.npy --no-config "${small[@]}" --quiet
    configure "${tiny[@]}"
    makes
    same direct.npy out.npy
    works "$scratch/out" generate picture.png --plan # other commands and modes read it, too
    works "$scratch/out" bench --repeat 1 --json
    printed '"width": 64'
    works "$scratch/out" info picture.png
    # a home folder
    cp -r "$model" home/model
    configure 'model = ~/model' "${tiny[@]:1}" 'output = ~/made-{seed}.npy'
    works home/made-7.npy generate picture.png
    same direct.npy home/made-7.npy
    # several LoRA files
    local lora=$data/lora
    works direct.npy generate picture.png -o direct.npy --no-config "${small[@]}" \
        --lora "$lora/layers-kohya.safetensors:0.5" --lora "$lora/convolutions.safetensors"
    configure "${tiny[@]}" "lora = $lora/layers-kohya.safetensors:0.5" "lora = $lora/convolutions.safetensors"
    makes
    same direct.npy out.npy
    makes --lora "$lora/convolutions.safetensors:2"
    [ "$(grep -c '"scale": ' "$scratch/out")" = 1 ] || fail '--lora is beside those of the file'
}

# The command line, the environment, the file; in each of them options before a preset.
order() {
    configure "${tiny[@]}" 'fps = 4' 'motion-bucket-id = 10' 'rng = torch' 'preset = comfyui'
    makes
    reports num_inference_steps 2 fps 4 motion_bucket_id 10 rng torch noise_aug_strength 0.0 max_guidance_scale 2.5 preset comfyui
    IMG2VID_FPS=5 IMG2VID_MOTION_BUCKET_ID=11 makes --motion-bucket-id 12
    reports num_inference_steps 2 fps 5 motion_bucket_id 12 rng torch
    IMG2VID_PRESET=animatelcm IMG2VID_FPS=5 makes
    reports num_inference_steps 4 fps 5 motion_bucket_id 127 rng torch noise_aug_strength 0.02 preset animatelcm
    IMG2VID_PRESET=comfyui IMG2VID_NUM_INFERENCE_STEPS=3 makes --preset animatelcm --fps 6
    reports num_inference_steps 4 fps 6 motion_bucket_id 127 preset animatelcm scheduler animatelcm
    IMG2VID_FPS='' makes
    reports fps 4
    configure "${tiny[@]:0:4}" 'sigmas = 9,3,1,0.1' 'seed = 3'
    makes
    reports num_inference_steps 3
    makes --preset animatelcm
    reports num_inference_steps 4 sigmas null
}

# An option silences the one that it excludes.
silencing() {
    configure "${tiny[@]}" 'quality = 20' 'seed = 5' # twice
    refused 2 'config:8: seed has a value further up' generate picture.png -o out.gif
    configure "${tiny[@]}" 'quality = 20'
    works out.webm generate picture.png -o out.webm --crf 30 --quiet
    works direct.webm generate picture.png -o direct.webm --no-config --crf 30 "${small[@]}" --quiet
    same direct.webm out.webm
    makes --sigmas 9,3,1
    reports num_inference_steps 2
    works 'out-2.npy' generate picture.png -o 'out-{seed}.npy' --seeds 1,2 --quiet
    configure "${tiny[@]:0:4}" 'sigmas = 9,3,1,0.1' 'seeds = 1,2' 'extend = 1'
    makes --num-inference-steps 2 --seed 7 --extend 0
    reports num_inference_steps 2 sigmas null seed 7
    works noise.npy generate picture.png -o out.npy --no-config "${small[@]}" --save-latents noise.npy
    makes --latents noise.npy --seed 7
    configure "${tiny[@]}" 'quality = 20' 'crf = 3'
    refused 2 'config: crf and quality exclude each other' generate picture.png -o out.mp4
    # a revision is one of its model
    configure 'model = acme/one' 'revision = old'
    run generate picture.png -o out.npy
    said 'acme/one.*old'
    run generate picture.png -o out.npy --model acme/two
    said acme/two
    grep -q "acme/two.*old" "$scratch/err" && fail 'the revision of another model'
    true
}

# A video is made again to the byte, whatever is configured.
again() {
    configure '#'
    works a.gif generate picture.png -o a.gif "${small[@]}"
    configure 'model = /nowhere' 'width = 32' 'num-frames = 5' 'num-inference-steps = 1' 'rng = torch' 'seeds = 1-3' \
        'preset = comfyui' 'sigma-schedule = ays' 'lora = missing.safetensors' 'dtype = bf16' 'loop = true' 'fit = pad' \
        'quality = 9' 'threads = 1' 'max-memory = 3G' 'num-videos = 2' 'extend = 1' 'decode-chunk-size = 1' 'vae = no'
    IMG2VID_FPS=3 IMG2VID_SEED=4 works b.gif generate --from a.gif -o b.gif
    same a.gif b.gif
    works b.gif generate --from a.gif -o b.gif --seed 8
    cmp -s a.gif b.gif && fail 'the command line was to count'
    IMG2VID_CONFIG=/dev/null works c.gif generate picture.png -o c.gif "${small[@]}" --seed 8
    same c.gif b.gif
}

wrong_files() {
    local bad
    for bad in 'widht = 64|is no option' 'width = wide|takes a whole number, not .wide' 'width = 0|is 0; it must be between 1 and 8192' \
        'width =|takes a whole number' 'width|is no .name = value' '= 3|is no .name = value' 'loop = yes|takes true or false' \
        'fit = cut|takes crop' 'seed = -1|is -1; it must be between 0 and 18446744073709551615' 'max-memory = 6X|takes a size' 'model =|takes a name' \
        'preset = none|there is no preset' 'from = a.gif|is for the command line alone' 'plan = true|command line alone' \
        'no-config = true|command line alone' 'latents = a.npy|command line alone' 'model = ~nobody/x|~ stands for' \
        '--width = 3|is no option' 'repeat = often|takes a whole number'; do
        configure '# one' "${bad%%|*}"
        refused 2 "$file:2: .*${bad##*|}" generate picture.png -o out.npy
    done
    configure 'repeat = often' # another command's
    refused 2 "$file:1: repeat takes" generate picture.png -o out.npy
    configure $'wid\e[2Jth = 1'
    refused 2 'wid?\[2Jth is no option' generate picture.png -o out.npy
    works "$scratch/out" generate --help
    printf 'width = 64\0' > "$file"
    refused 1 'config: it is no text' generate picture.png -o out.npy
    head -c 70000 /dev/zero | tr '\0' '#' > "$file"
    refused 1 'more than 64 KiB' generate picture.png -o out.npy
    works "$scratch/out" info picture.png --no-config
    rm "$file"
    mkdir "$file"
    refused 1 'it is a folder' generate picture.png -o out.npy
    rmdir "$file"
    mkfifo "$file"
    refused 1 'it is no file' generate picture.png -o out.npy
    rm "$file"
    configure 'width = 64'
    chmod 0 "$file"
    [ -r "$file" ] || refused 1 "$file: Permission denied" generate picture.png -o out.npy
    rm "$file"
    works "$scratch/out" info picture.png
}

places() {
    mkdir -p xdg/img2vid home/.config/img2vid
    configure 'fps = 3'
    echo 'fps = 4' > xdg/img2vid/config
    echo 'fps = 5' > named
    makes "${small[@]}"
    reports fps 3
    XDG_CONFIG_HOME=$PWD/xdg makes "${small[@]}"
    reports fps 4
    XDG_CONFIG_HOME=xdg makes "${small[@]}" # the specification has whole paths only
    reports fps 3
    XDG_CONFIG_HOME=$PWD/xdg IMG2VID_CONFIG=named makes "${small[@]}"
    reports fps 5
    IMG2VID_CONFIG=/dev/null makes "${small[@]}"
    reports fps 7
    IMG2VID_CONFIG=missing refused 1 'file missing: No such file' generate picture.png -o new.npy "${small[@]}"
    HOME='' makes "${small[@]}"
    reports fps 7
    IMG2VID_FPS=9 makes "${small[@]}" --no-config
    reports fps 7
}

environment() {
    configure '#'
    IMG2VID_WIDHT=3 makes "${small[@]}"
    said '^img2vid: warning: IMG2VID_WIDHT is no option'
    IMG2VID_width=3 IMG2VID_LATENTS=a.npy makes "${small[@]}"
    said 'IMG2VID_width is no option'
    said 'IMG2VID_LATENTS is for the command line alone'
    IMG2VID_WIDHT=3 works out.npy generate picture.png -o out.npy "${small[@]}" --quiet
    [ -s "$scratch/err" ] && fail 'a warning with --quiet'
    IMG2VID_LIBRARY=x.so makes "${small[@]}"
    grep -q warning "$scratch/err" && fail 'IMG2VID_LIBRARY is known'
    IMG2VID_WIDTH=wide refused 2 'IMG2VID_WIDTH takes a whole number' generate picture.png -o new.npy
    IMG2VID_CRF=1 IMG2VID_QUALITY=2 refused 2 'the environment: crf and quality exclude' generate picture.png -o new.npy
}

# Nobody typed the value that a run fails of: it is said where it stands.
reminding() {
    configure 'width = 63'
    IMG2VID_FPS=6 run generate picture.png -o new.npy --model "$model"
    [ "$status" = 1 ] || fail "width 63: $status"
    said '^img2vid: --width is 63'
    said '^img2vid: note: the environment sets IMG2VID_FPS$'
    said "^img2vid: note: $PWD/$file sets width$"
    configure 'width = 63'
    works out.npy generate picture.png -o out.npy "${small[@]}" --quiet
    [ -s "$scratch/err" ] && fail 'what does not count is said'
    configure '#'
}

run_groups values order silencing again wrong_files places environment reminding
