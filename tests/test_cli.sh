#!/bin/bash
# The program itself, as scripts use it: test_cli.sh PROGRAM DATA, where DATA/reference holds tiny models.
set -u
. "$(dirname "$(realpath "$0")")/shell_model.sh"
printf 'not a picture, not a model, not latents' > text.txt

fits_a_terminal() { [ "$(wc -L < "$scratch/out")" -le 80 ] || fail 'a line of help is wider than 80 columns'; }

# --help lists a dozen options or so, each of which --help-all has, and says how many there are.
short_help() {
    local short all option
    works "$scratch/out" generate --help
    short=$(grep -oE '^  (-., )?--[a-z-]+' "$scratch/out" | grep -oE -- '--[a-z-]+')
    printed '^Usage: img2vid generate IMAGE... -o OUT \[options\]$'
    printed '^       img2vid generate --from VIDEO '
    works "$scratch/out" generate --help-all
    all=$(grep -oE '^  (-., )?--[a-z-]+' "$scratch/out" | grep -oE -- '--[a-z-]+')
    [ "$(wc -w <<< "$short")" -ge 12 ] && [ "$(wc -w <<< "$short")" -le 16 ] || fail "a dozen options, not: $short"
    for option in $short; do
        grep -qx -- "$option" <<< "$all" || fail "--help-all lacks $option"
    done
    works "$scratch/out" generate --help
    printed "^  --help-all  *all $(($(wc -w <<< "$all") - 2)) options"
    works "$scratch/out" help --all decode
    printed '^  --frame-decoder PATH$\|^  --frame-decoder PATH  '
    refused 2 'lacks the command' help --all
    refused 2 "not 'info' too" help --all decode info
    works "$scratch/out" info --help # few: all of them
    printed '^  --frame-decoder PATH'
    grep -q help-all "$scratch/out" && fail 'info has no longer page'
}

help_and_version() {
    local asked
    for asked in --version -V 'generate -V' 'pull acme/model --version'; do
        works "$scratch/out" $asked
        printed '^img2vid [0-9]*\.[0-9]*\.[0-9]*$'
    done
    works "$scratch/out" --help
    printed 'generate'
    for command in generate decode info bench pull; do
        works "$scratch/out" $command --help
        printed "^Usage: img2vid $command "
        printed '^Examples:'
        fits_a_terminal
        [ "$(wc -l < "$scratch/out")" -le 40 ] || fail "$command --help does not fit a screen"
        works "$scratch/out" $command --help-all
        fits_a_terminal
    done
    works "$scratch/out" help
    fits_a_terminal
    short_help
    run generate --help-all
    for option in output model width height fit num-frames num-videos num-inference-steps sigmas min-guidance-scale \
        max-guidance-scale fps motion-bucket-id noise-aug-strength noise-aug seed rng decode-chunk-size forward-chunk-size dtype \
        max-memory plan threads latents save-latents alpha variant lora crf json quiet quality codec loop playback-fps \
        extend seeds from no-metadata video-index preset scheduler sigma-schedule guidance-shape; do
        printed "--$option"
    done
    run bench --help-all
    for option in model variant width height num-frames max-memory threads dtype decode-chunk-size repeat json quiet; do
        printed "--$option"
    done
}

wrong_usage() {
    refused 2 'no command'
    refused 2 "unknown command 'make'" make
    refused 2 'IMAGE is missing' generate
    refused 2 'IMAGE is missing' generate -o out.mp4
    refused 2 'OUT is missing' generate picture.png
    refused 2 'LATENTS is missing' decode -o out.mp4
    refused 2 'missing' info
    refused 2 "'picture.png' is too many" bench picture.png
    refused 2 "unknown option '--seed'" bench --seed 1
    refused 2 "unknown option '--repeat'" generate picture.png -o out.mp4 --repeat 2
    refused 2 '--repeat takes' bench --repeat often
    refused 2 "unknown option '--frames'" generate picture.png -o out.mp4 --frames 3
    refused 2 "unknown option '-x'" generate picture.png -o out.mp4 -x
    refused 2 "unknown option '--width'" decode text.txt -o out.mp4 --width 64
    refused 2 "'more.npy' is too many" decode latents.npy more.npy -o out.mp4
    refused 2 '--model lacks' generate picture.png -o out.mp4 --model
    refused 2 '--model lacks' generate picture.png -o out.mp4 --model --quiet
    refused 2 '--json takes no argument' generate picture.png -o out.mp4 --json=1
    refused 2 'exclude each other' generate picture.png -o out.mp4 --sigmas 2,1,0 --num-inference-steps 2
    refused 2 'same file' generate picture.png -o out.npy --save-latents out.npy
    local bad
    for bad in width=abc width=12x width= width=1.5 height=1e3 num-frames=-- threads=0x2 noise-aug-strength=nan \
        noise-aug-strength=inf min-guidance-scale=1,5 seed=1.0 sigmas=1,,0 sigmas= sigmas=1,nan max-memory=6X \
        max-memory=-1 fit=cut rng=PCG dtype=f64 dtype=f16 alpha=black scheduler=ddim sigma-schedule=beta \
        guidance-shape=square lora= lora=:1 lora=a:nan lora=a:-inf; do
        refused 2 "--${bad%%=*} takes" generate picture.png -o out.mp4 --model "$model" "--$bad"
    done
}

# The library calls them num_frames, the program --num-frames.
failing_values() {
    local bad words
    for bad in num-frames=0 num-frames=-1 width=0 width=-64 width=63 height=0 num-videos=0 num-inference-steps=0 fps=0 \
        fps=-7 noise-aug-strength=-1 motion-bucket-id=-1 decode-chunk-size=-1 forward-chunk-size=-1 threads=-1 crf=99 \
        sigmas=1 sigmas=1,2; do
        words=${bad%%=*}
        refused 1 "${words//-/.}" generate picture.png -o out.mp4 --model "$model" "--$bad"
    done
    for bad in width=99999999999 threads=-99999999999999999999 max-guidance-scale=1e999 seed=-1 \
        seed=18446744073709551616 sigmas=1e999,0 max-memory=99999999999T lora=a:1e999; do
        refused 1 "--${bad%%=*} is ${bad#*=}; .* must be \(between\|less\)" generate picture.png -o out.mp4 \
            --model "$model" "--$bad"
    done
    refused 1 'repeat' bench --model "$model" --repeat 0
    refused 1 'repetitions' bench --model "$model" --repeat 9999
    refused 1 'width' bench --model "$model" --width 63
    refused 1 'memory' bench --model "$model" --max-memory 1M
}

failing_files() {
    refused 1 'missing.png' generate missing.png -o out.mp4 --model "$model"
    refused 1 'text.txt is not a picture' generate text.txt -o out.mp4 --model "$model"
    refused 1 'standard input is empty' generate - -o out.mp4 --model "$model"
    refused 1 'missing_model' generate picture.png -o out.mp4 --model missing_model
    refused 1 'no model_index.json, so it is no model.s folder' generate picture.png -o out.mp4 --model .
    refused 1 'out.xyz' generate picture.png -o out.xyz --model "$model"
    refused 1 'text.txt' generate picture.png -o text.txt/out.mp4 --model "$model"
    [ -d /proc/self ] && refused 1 '/proc' generate picture.png -o /proc/out.mp4 --model "$model"
    refused 1 'latents' generate picture.png -o out.mp4 --model "$model" --save-latents latents.bin
    refused 1 'text.txt' generate picture.png -o out.mp4 --model "$model" --save-latents text.txt/latents.npy
    refused 1 'text.txt' generate picture.png -o out.mp4 --model "$model" --latents text.txt
    refused 1 'missing.npy' generate picture.png -o out.mp4 --model "$model" --latents missing.npy
    refused 1 'missing.npy' decode missing.npy -o out.mp4 --model "$model"
    refused 1 'text.txt' decode text.txt -o out.mp4 --model "$model"
    refused 1 'missing.safetensors' generate picture.png -o out.mp4 --model "$model" --lora missing.safetensors:0.5
    refused 1 'text.txt' generate picture.png -o out.mp4 --model "$model" --lora text.txt
    refused 1 'text.txt:half' generate picture.png -o out.mp4 --model "$model" --lora text.txt:half
    refused 1 'a folder without a file of weights' bench --model "$model" --lora "$model"
    refused 1 'no LoRA' bench --model "$model" --lora "$model/unet/diffusion_pytorch_model.safetensors"
    refused 1 'missing.: there is no such folder or file' info missing
    refused 1 'text.txt is no picture or video' info text.txt
    refused 1 'no model_index.json, so it is no model.s folder' info .
}

# comfyui_latents IN.npy OUT.latent: float32 [2,4,H,W] as safetensors. The header of a .npy takes 128 bytes here.
comfyui_latents() {
    local bytes header
    bytes=$(($(stat -c %s "$1") - 128))
    header='{"latent_tensor":{"dtype":"F32","shape":[2,4,'$((bytes / 256))',8],"data_offsets":[0,'$bytes']}}'
    printf '%-128s' "$header" | cat <(printf '\200\0\0\0\0\0\0\0') - <(tail -c "$bytes" "$1") > "$2"
}

making_videos() {
    works first.npy generate picture.png -o first.npy "${small[@]}" --save-latents latents.npy --json
    printed '"seed": 7,'
    printed '"first.npy"'
    printed '"latents.npy"'
    printed '"num_inference_steps": 2,'
    printed '"num_frames": 2,'
    printed '"denoise": [0-9]'
    printed '"peak_memory": [0-9]'
    [ "$(head -n 1 "$scratch/out")" = '{' ] && [ "$(tail -n 1 "$scratch/out")" = '}' ] || fail 'no JSON object'
    said '^denoise 2 of 2'

    works quiet.mp4 generate picture.png -o quiet.mp4 "${small[@]}" --quiet
    [ -s "$scratch/err" ] && fail 'video libraries were to be quiet too'
    works again.npy generate picture.png -o again.npy "${small[@]}" --threads 1 --quiet
    [ -s "$scratch/err" ] && fail '--quiet was to be quiet'
    [ -s "$scratch/out" ] && fail 'standard output is for what was asked for'
    cmp first.npy again.npy || fail 'same seed, another video'
    works decoded.npy decode latents.npy -o decoded.npy --model "$model"
    cmp first.npy decoded.npy || fail 'decode gives other frames than generate'
    comfyui_latents latents.npy old.latent # of before ComfyUI's latent_format_version_0, which are scaled
    works decoded.npy decode old.latent -o decoded.npy --model "$model"
    cmp first.npy decoded.npy || fail 'decode gives other frames of a .latent'
    works dashes.npy generate --output=dashes.npy "${small[@]}" -- picture.png
    "$program" generate - -o stdin.npy "${small[@]}" < picture.png 2> "$scratch/err"
    cmp first.npy stdin.npy || fail 'the same picture from standard input, another video'
    works other.npy generate picture.png -oother.npy "${small[@]}" --seed=8
    cmp -s first.npy other.npy && fail 'another seed, the same video'

    works two-2.mp4 generate picture.png -o two.mp4 "${small[@]}" --num-videos 2 --save-latents two.npy --json
    [ -s two-1.mp4 ] && [ -s two-1.npy ] && [ -s two-2.npy ] && [ ! -e two.mp4 ] || fail 'the names of two videos'
    printed '"two-2.mp4"'
    cmp -s two-1.npy two-2.npy && fail 'two videos of a run are the same'

    local layers=$data/lora/layers-kohya.safetensors convolutions=$data/lora/convolutions.safetensors
    works lora.npy generate picture.png -o lora.npy "${small[@]}" --lora "$layers:0.5" --lora "$convolutions" --json
    printed 'layers-kohya.safetensors"'
    printed '"scale": 0.5$'
    printed '"scale": 1.0$'
    cmp -s first.npy lora.npy && fail 'with LoRA files, the same video'
    cp "$layers" layers:nan
    works folder.npy generate picture.png -o folder.npy "${small[@]}" --lora "$data/lora/layers:0.5" --lora "$convolutions"
    grep -q warning "$scratch/err" && fail 'a warning about a LoRA that has its alpha'
    cmp lora.npy folder.npy || fail "peft's folder gives another video than kohya's file"
    works colon.npy generate picture.png -o colon.npy "${small[@]}" --lora layers:nan:0.5 --lora "$convolutions"
    cmp lora.npy colon.npy || fail 'a LoRA with a colon in its name'
    cp layers:nan layers.safetensors
    works colon.npy generate picture.png -o colon.npy "${small[@]}" --lora layers:nan
    mv layers:nan layers:0.5
    works colon.npy generate picture.png -o colon.npy "${small[@]}" --lora layers:0.5
    mv layers:0.5 layers:nan
    works whole.npy generate picture.png -o whole.npy "${small[@]}" --lora layers.safetensors
    cmp whole.npy colon.npy || fail 'a file whose name ends like a scale'
    cp "$data/lora/layers/adapter_model.safetensors" away.safetensors
    works away.npy generate picture.png -o away.npy "${small[@]}" --lora away.safetensors
    said 'img2vid: warning: away.safetensors: nothing says its alpha'
    works away.npy generate picture.png -o away.npy "${small[@]}" --lora away.safetensors --quiet
    grep -q warning "$scratch/err" && fail 'a warning with --quiet'
    local eight=()
    for _ in 1 2 3 4 5 6 7 8; do eight+=(--lora "$layers:0"); done
    works none.npy generate picture.png -o none.npy "${small[@]}" "${eight[@]}"
    cmp first.npy none.npy || fail 'LoRA files of scale 0 change the video'
    works none.npy generate picture.png -o none.npy "${small[@]}" --fit diffusers

    run generate picture.png -o unseeded.npy "${small[@]:0:6}" --num-inference-steps 1 --num-frames 1 --json
    local seed
    seed=$(sed -n 's/^seed: \([0-9]*\)$/\1/p' "$scratch/err")
    printed "\"seed\": ${seed:-none printed},"
    refused 1 'shape' generate picture.png -o out.mp4 "${small[@]}" --num-frames 1 --latents latents.npy
    works noise.npy generate picture.png -o noise.npy "${small[@]}" --latents latents.npy
    ls -A | grep -E '^\.|tmp|part' && fail 'temporary files were left behind'
}

# gif FILE JSON: a GIF that says JSON (at most 255 bytes) of itself.
gif() {
    { printf 'GIF89a\1\0\1\0\0\0\0!\xfe'"\\x$(printf %x ${#2})"; printf '%s\0;' "$2"; } > "$1"
}

# again FILE ARGUMENT...: generate --from what made FILE gives its bytes.
again() {
    local made=$1
    shift
    works "again.${made##*.}" generate --from "$made" -o "again.${made##*.}" "$@"
    cmp "$made" "again.${made##*.}" || fail "$made is another when made again: $*"
}

running_again() {
    local ending unseeded=("${small[@]:0:6}" --num-inference-steps 2 --num-frames 3 --max-guidance-scale 1.3)
    mkdir again moved frames
    cp picture.png again
    cd again || return
    for ending in mp4 mkv mov webm gif webp png; do
        works "a.$ending" generate picture.png -o "a.$ending" "${unseeded[@]}" --quiet
        again "a.$ending" --quiet
        works "plain.$ending" generate --from "a.$ending" -o "plain.$ending" --no-metadata --quiet
        grep -q motion_bucket_id "plain.$ending" && fail "--no-metadata keeps it in plain.$ending"
        grep -q motion_bucket_id "a.$ending" || fail "no metadata in a.$ending"
        refused 1 "plain.$ending has no metadata" generate --from "plain.$ending" -o out.mp4
    done
    mkdir frames
    works frames/3.png generate picture.png -o frames/%d.png "${unseeded[@]}" --rng torch --dtype bf16 --fit pad
    mv frames/3.png .
    works frames/3.png generate --from 3.png -o frames/%d.png
    cmp 3.png frames/3.png || fail 'a frame is another when made again'

    # other parameters for some
    works direct.npy generate picture.png -o direct.npy "${small[@]}" --num-frames 3
    works a.mp4 generate picture.png -o a.mp4 "${small[@]}" --seed 18446744073709551615
    again a.mp4
    works from.npy generate --from a.mp4 -o from.npy --seed 7 --num-frames 3
    cmp direct.npy from.npy || fail 'the changed parameters are not these'
    works a.gif generate picture.png -o a.gif "${small[@]:0:6}" --seed 7 --num-frames 3 --sigmas 9,0.3,0.1
    again a.gif
    works from.npy generate --from a.gif -o from.npy --num-inference-steps 2
    cmp direct.npy from.npy || fail 'steps do not replace sigmas'
    works from.gif generate --from a.mp4 -o from.gif --seed 7 --num-frames 3 --sigmas 9,0.3,0.1
    works direct.gif generate picture.png -o direct.gif "${small[@]:0:6}" --seed 7 --num-frames 3 --sigmas 9,0.3,0.1
    cmp direct.gif from.gif || fail 'sigmas do not replace steps'

    # one of several videos, alone
    local rng
    for rng in numpy torch; do
        works three-3.npy generate picture.png -o three.npy "${small[@]}" --num-videos 3 --rng $rng
        works three-3.png generate picture.png -o three.png "${small[@]}" --num-videos 3 --rng $rng
        works second.npy generate --from three-2.png -o second.npy
        cmp three-2.npy second.npy || fail "$rng: the second video is another when made alone"
        again three-3.png
        works all-1.npy generate --from three-3.png -o all.npy --num-videos 3
        cmp three-1.npy all-1.npy || fail "$rng: --num-videos gives other videos"
    done
    refused 1 '--video-index is 3' generate --from three-3.png -o out.mp4 --video-index 3

    # noise, picture and model must be those of then, or be given
    cp ../two-1.npy noise.npy
    works a.webp generate picture.png -o a.webp "${small[@]}" --latents noise.npy
    again a.webp
    cp ../two-2.npy noise.npy
    refused 1 'noise.npy is another noise' generate --from a.webp -o out.webp
    works out.webp generate --from a.webp -o out.webp --latents noise.npy
    said 'note: noise.npy is another noise'
    cp "$data/lora/layers-kohya.safetensors" layers.safetensors
    works a.png generate picture.png -o a.png "${small[@]}" --lora layers.safetensors:0.1 --lora layers.safetensors
    again a.png
    run info a.png
    printed '"layers.safetensors:0.1", "layers.safetensors:1"'
    cp "$data/lora/convolutions.safetensors" layers.safetensors
    refused 1 'has other LoRA files' generate --from a.png -o out.png
    works out.png generate --from a.png -o out.png --lora layers.safetensors
    said 'has other LoRA files'
    gif lora.gif '{"program":"img2vid","command":"generate","image":"picture.png","lora":["a",7]}'
    refused 1 'for lora, which is not' generate --from lora.gif -o out.gif
    mkdir ../moved/to
    cp a.mp4 picture.png ../moved/to
    cd ../moved || return
    works here.npy generate --from ../again/a.mp4 ../again/picture.png -o here.npy
    works found.npy generate --from to/a.mp4 -o found.npy
    cmp here.npy found.npy || fail 'the picture beside the video is not taken'
    cp to/a.mp4 .
    refused 1 'picture.png, of which a.mp4 was made, is neither here' generate --from a.mp4 -o out.mp4
    printf x >> to/picture.png
    refused 1 'picture.png is another picture' generate --from to/a.mp4 -o out.mp4
    works out.mp4 generate --from to/a.mp4 to/picture.png -o out.mp4
    said 'note: to/picture.png is another picture'
    cp to/picture.png .
    cp ../again/picture.png to
    works found.npy generate --from to/a.mp4 -o found.npy # the right one of two by that name
    cmp here.npy found.npy || fail 'the picture of that hash is not taken'
    cp -rL "$model" model
    works a.mp4 generate to/picture.png -o a.mp4 "${small[@]}" --model model
    again a.mp4
    local weights
    weights=$(find model/unet -name '*.safetensors' | head -n 1)
    printf '\x3e' | dd of="$weights" bs=1 seek=$(($(stat -c %s "$weights") - 1)) conv=notrunc status=none
    refused 1 'model is another model' generate --from a.mp4 -o out.mp4
    works out.mp4 generate --from a.mp4 -o out.mp4 --model model
    said 'note: model is another model'
    cd ..

    "$program" generate - -o stdin.gif "${small[@]}" < picture.png 2> "$scratch/err"
    refused 2 'IMAGE is missing' generate --from stdin.gif -o out.gif
    works again.gif generate --from stdin.gif picture.png -o again.gif
    works decoded.gif decode latents.npy -o decoded.gif --model "$model"
    refused 1 'by img2vid decode' generate --from decoded.gif -o out.gif
    refused 1 'missing.mp4' generate --from missing.mp4 -o out.mp4
    refused 1 'no metadata' generate --from picture.png -o out.mp4
    refused 1 'no metadata' generate --from first.npy -o out.mp4
    refused 2 'OUT is missing' generate --from two-1.mp4
    refused 1 'too long a text' generate picture.png -o out.mp4 "${small[@]:0:6}" \
        --sigmas "$(seq -s , 9999.123456 -1 5000)"
}

hostile_metadata() {
    local bad begin='{"program":"img2vid","command":"generate","image":"picture.png"'
    for bad in num_frames:1.5 num_frames:0 num_frames:99999999999 num_frames:[] num_frames:true width:-64 seed:-1 \
        seed:1.0 seed:\"x\" seed:\"18446744073709551616\" sigmas:{} sigmas:[] sigmas:[1,null] fit:1 fit:\"cut\" \
        rng:\"\" model:\"\" model:7 noise_aug_strength:\"1\" dtype:\"f64\"; do
        gif bad.gif "$begin,\"${bad%%:*}\":${bad#*:}}"
        refused 1 "bad.gif has .* for ${bad%%:*}, which is not" generate --from bad.gif -o out.gif
    done
    for bad in num_frames:9999999 motion_bucket_id:2000000000 num_videos:2000000000 noise_aug_strength:1e300 fps:5000; do
        gif bad.gif "$begin,\"${bad%%:*}\":${bad#*:}}"
        refused 1 "for ${bad%%:*}, which is not in its range: it must be between " generate --from bad.gif -o out.gif --model "$model"
    done
    gif bad.gif "$begin,\"noise_aug_strength\":1e999}"
    refused 1 'damaged' generate --from bad.gif -o out.gif
    gif bad.gif "$begin,\"seed\":1,\"seed\":2}"
    refused 1 'damaged' generate --from bad.gif -o out.gif
    gif bad.gif "$begin"
    refused 1 'damaged' generate --from bad.gif -o out.gif
    gif bad.gif '{"program":"another","seed":1}'
    refused 1 'no metadata of img2vid' generate --from bad.gif -o out.gif
    gif bad.gif '{"program":"img2vid","command":"draw"}'
    refused 1 'this version does not know' generate --from bad.gif -o out.gif
    # what it may not say: where files are written
    gif bad.gif "$begin,\"output\":\"evil.mp4\",\"save_latents\":\"evil.npy\",\"esc\\u001b[2J\":1}"
    refused 2 'OUT is missing' generate --from bad.gif
    works out.gif generate --from bad.gif -o out.gif "${small[@]}"
    said 'note: bad.gif has metadata that this version does not know and leaves out: output, save_latents, esc?\[2J$'
    [ -e evil.mp4 ] || [ -e evil.npy ] && fail 'metadata chose what to write'
    printf 'x\33[2J' > control.txt
    gif bad.gif "$begin,\"seed\":\"$(cat control.txt)\"}"
    refused 1 'damaged' generate --from bad.gif -o out2.gif
    gif bad.gif '{"program":"img2vid","a\u001bb":"c\u009bd"}'
    # a GIF of one pixel, for info
    { head -c -1 bad.gif; base64 -d <<< LAAAAAABAAEAAAICRAEAOw==; } > pixel.gif
    works "$scratch/out" info pixel.gif
    printed '^  a?b  *c?d$'
}

# array FILE SHAPE BYTES: a NumPy array of zeros.
array() {
    { printf '\223NUMPY\1\0\166\0%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': $2, }"; head -c "$3" /dev/zero; } > "$1"
}

describing() {
    run info "$model"
    [ "$status" = 0 ] || fail "info of a model: $status"
    printed '^pipeline   StableVideoDiffusionPipeline'
    printed '^unet '
    run info "$model" --json
    printed '"kind": "model"'
    run info picture.png
    printed '24x16'
    run info two-1.mp4 --json
    printed '"kind": "video"'
    printed '"codec": "'
    printed '"num_frames": 2'
    printed '^    "num_inference_steps": 2,$'
    run info two-2.mp4
    printed '^  program  *img2vid$'
    printed '^  seed  *7$'
    printed '^  video_index  *1$'
    printed '^  image  *picture.png$'
    run info picture.png
    printed '^made with  unknown: '
    run info picture.png --json
    printed '"metadata": null'
    works "$scratch/out" info old.latent
    printed '^latents  *old.latent$'
    printed '^container  safetensors$'
    printed '^shape  *\[2,4,6,8\]$'
    printed '^latent  *8x6, 4 channels$'
    printed '^video  *64x48, 2 frames, if a latent stands for 8x8 pixels'
    printed '^to decode  *img2vid decode old.latent -o video.mp4'
    run info old.latent --json
    printed '"kind": "latents"'
    printed '"num_frames": 2'
    printed '"video_width": 64'
    for file in latents.npy two-1.npy; do
        works "$scratch/out" info $file
        printed "^latents  *$file\$"
        printed '^container  npy$'
        printed '^video  *64x48, 2 frames, if a latent stands for 8x8 pixels'
        grep -q '0x0' "$scratch/out" && fail 'a size of nothing'
        works "$scratch/out" info $file --json
        printed '^  "kind": "latents",$'
        printed '^  "num_frames": 2,$'
        printed "^  \"width\": 8,\$"
        printed "^  \"height\": 6,\$"
        printed '^  "video_height": 48,$'
    done
    works "$scratch/out" info first.npy
    printed '^frames  *first.npy$'
    printed '^size  *64x48$'
    printed '^frames  *2, RGB'
    cp first.npy frames.of.another.name # the file says what it is, not its name
    works "$scratch/out" info frames.of.another.name --json
    printed '^  "kind": "frames",$'
    printed '^  "width": 64$'
    array other.npy '(3, 5)' 60
    works "$scratch/out" info other.npy
    printed '^array  *other.npy$'
    printed '^shape  *\[3,5\]$'
    printed 'neither frames'
    works "$scratch/out" info other.npy --json
    printed '^  "kind": "array",$'
    array none.npy '(0, 32, 32, 3)' 0
    works "$scratch/out" info none.npy
    printed '^array  *none.npy$'
    array eight.npy '(2, 8, 4, 4)' 1024
    works "$scratch/out" info eight.npy
    printed 'decode eight.npy -o video.mp4 --model MODEL'
    array small.npy '(14, 16, 20, 32)' 573440 # of the bundled model
    works "$scratch/out" info small.npy
    printed '^latent  *32x20, 16 channels$'
    printed '^video  *256x160, 14 frames, if '
    printed 'with --model if another than the bundled'
    array clips.npy '(3, 2, 4, 6, 8)' 4608
    works "$scratch/out" info clips.npy
    printed '^video  *64x48, 4 frames in 3 clips of 2, if '
    works "$scratch/out" info clips.npy --json
    printed '^  "num_clips": 3,$'
    refused 1 'missing.latent' info missing.latent
    refused 1 'missing/video.GIF' info missing/video.GIF
    grep -q pull "$scratch/err" && fail 'a missing video is no model of a hub'
}

# planned ARGUMENT...: prints a plan of the four stages, and leaves no file behind.
planned() {
    local before
    before=$(ls -AR)
    works "$scratch/out" "$@"
    [ -s "$scratch/err" ] && fail "nothing was to be said: $*"
    [ "$(ls -AR)" = "$before" ] || fail "files were left behind: $*"
}

planning() {
    planned generate missing.png --plan "${small[@]:0:6}"
    printed '^image encoder  *[0-9]'
    printed '^UNet  *[0-9][0-9 ]*  *[0-9][0-9.]* s  nothing traded$'
    printed '^peak [0-9]* MiB, of [0-9]* MiB that the system has free for it, less a margin$'
    planned generate picture.png -o out.mp4 --plan "${small[@]}" --max-memory 1G
    printed '^peak [0-9]* MiB, of 1024 MiB that --max-memory allows$'
    printed '^about [0-9][0-9.]* s in all, a step [0-9][0-9.]* s$'
    planned generate picture.png --plan "${small[@]}" --json
    [ "$(head -n 1 "$scratch/out")" = '{' ] && [ "$(tail -n 1 "$scratch/out")" = '}' ] || fail 'no JSON object'
    printed '^  "command": "generate",$'
    printed '^      "name": "VAE decoder",$'
    printed '^      "traded": null,$'
    printed '^  "budget_given": false,$'
    printed '^  "seconds": [0-9]'
    if command -v python3 > /dev/null; then
        python3 -c 'import json, sys; plan = json.load(sys.stdin)
assert len(plan["stages"]) == 4 and plan["peak"] == max(stage["peak"] for stage in plan["stages"])
assert abs(plan["seconds"] - sum(stage["seconds"] for stage in plan["stages"])) < 1e-6 * plan["seconds"]
unet = plan["stages"][2]
assert abs(unet["seconds"] - unet["load_seconds"] - 2 * unet["step_seconds"]) < 1e-6 * plan["seconds"]' \
            < "$scratch/out" || fail 'the JSON is not what it should be'
    fi
    planned decode latents.npy --plan --model "$model"
    printed '^VAE decoder '
    grep -q UNet "$scratch/out" && fail 'decode has no UNet'
    refused 1 'at the least, but --max-memory allows 1 MiB' generate picture.png --plan "${small[@]}" \
        --max-memory 1M
    # a smaller picture would not help, nor need it be there to say so
    refused 1 'at the least, but --max-memory allows 1 MiB' generate no-picture.png -o out.npy "${small[@]}" --max-memory 1M
    refused 2 "unknown option '--plan'" bench --plan
}

# The report has all parameters that the frames depend on, whatever the library's table comes to have.
all_that_decides() {
    local name count=0
    while read -r name; do
        count=$((count + 1))
        [ "$name" = extend ] && continue # told as num_clips, where there are several
        grep -qE "^ {2,4}\"$name\": " "$scratch/out" || fail "the report has no $name"
    done < <(awk '/^    \{"/ { split($0, part, "\""); name = part[2]; is_of = $0 ~ / (PARAM|IMAGE)\(/ }
        is_of && /DECIDES,/ { print name; is_of = 0 }
        /OPEN,/ { is_of = 0 }' "${BASH_SOURCE[0]%/*}/../src/base/parameters.c")
    [ "$count" -ge 20 ] || fail "the table of parameters is not understood: $count rows"
}

# The values of --preset, and of options that override them, as the report gives them.
presets() {
    local small_preset=(picture.png -o preset.npy --model "$model" --width 64 --height 48 --num-frames 2 --seed 7)
    works "$scratch/out" generate --preset help
    [ -s "$scratch/err" ] && fail 'a list is no error'
    printed '^preset  *steps  *guidance'
    printed '^diffusers  *25  *1 to 3  *7  *127  *0.02  *all  *auto$'
    printed '^sgm  *25  *1 to 2.5  *7  *127  *0.02  *14  *euler$'
    printed '^sgm-xt  *30  *1.5 to 3  *7  *127  *0.02  *14  *euler$'
    printed '^comfyui  *20  *1 to 2.5  *6  *127  *0  *all  *euler$'
    printed '^animatelcm  *4  *1 to 1  *7  *127  *0.02  *8  *animatelcm$'
    for preset in diffusers sgm sgm-xt comfyui animatelcm; do printed "^$preset  *[A-Za-z].*[a-z]"; done
    works "$scratch/out" generate picture.png -o out.mp4 --preset=help
    refused 2 "no preset 'comfy'.*diffusers, sgm, sgm-xt, comfyui and animatelcm" generate picture.png -o out.mp4 \
        --preset comfy
    refused 2 '--preset takes' generate picture.png -o out.mp4 --preset=
    refused 2 '--preset lacks' generate picture.png -o out.mp4 --preset
    refused 2 "unknown option '--preset'" decode text.txt -o out.mp4 --preset sgm

    works preset.npy generate "${small_preset[@]}" --preset animatelcm --json
    printed '^    "preset": "animatelcm",$'
    printed '^    "num_inference_steps": 4,$'
    printed '^    "scheduler": "animatelcm",$'
    printed '^    "sigma_schedule": null,$'
    printed '^    "guidance_shape": "linear"'
    printed '^    "max_guidance_scale": 1.0,$'
    printed '^    "decode_chunk_size": 8,$'
    all_that_decides
    said '^denoise 4 of 4'
    [ "$(grep -c '^encode 1 of 2' "$scratch/err")" = 1 ] || fail 'a step was told of twice'
    # options count wherever they stand
    works preset.npy generate --num-inference-steps 2 --fps 9 "${small_preset[@]}" --preset comfyui --json \
        --max-guidance-scale 2 --sigma-schedule ays --guidance-shape triangle
    printed '^    "preset": "comfyui",$'
    printed '^    "num_inference_steps": 2,$'
    printed '^    "min_guidance_scale": 1.0,$'
    printed '^    "max_guidance_scale": 2.0,$'
    printed '^    "noise_aug_strength": 0.0,$'
    printed '^    "fps": 9,$'
    printed '^    "scheduler": "euler",$'
    printed '^    "sigma_schedule": "ays",$'
    printed '^    "guidance_shape": "triangle"'
    printed '^    "fit": "comfyui",$'
    printed '^    "noise_aug": "comfyui",$'
    printed '^    "rng": "torch",$'
    # what it is made of, as options of their own; and what its file keeps
    local comfyui=(--num-inference-steps 2 "${small_preset[@]}" --preset comfyui)
    works preset.npy generate "${comfyui[@]}"
    works plain.npy generate "${small_preset[@]/preset.npy/plain.npy}" --num-inference-steps 2 --fit comfyui --rng torch \
        --noise-aug comfyui --noise-aug-strength 0 --fps 6 --min-guidance-scale 1 --max-guidance-scale 2.5
    cmp preset.npy plain.npy || fail 'the comfyui preset differs from its options'
    works comfyui.gif generate "${comfyui[@]/preset.npy/comfyui.gif}"
    works plain.npy generate --from comfyui.gif -o plain.npy
    cmp preset.npy plain.npy || fail 'the comfyui preset is lost in metadata'
    works comfyui.npy generate "${comfyui[@]/preset.npy/comfyui.npy}" --fit crop --json
    printed '^    "fit": "crop",$'
    printed '^    "noise_aug": "comfyui",$'
    cmp -s preset.npy comfyui.npy && fail '--fit crop changes nothing in the comfyui preset'
    works comfyui.npy generate "${comfyui[@]/preset.npy/comfyui.npy}" --noise-aug-strength 0.5
    cmp -s preset.npy comfyui.npy && fail 'augmentation changes nothing in the comfyui preset'
    works preset.npy generate "${small_preset[@]}" --preset sgm-xt --sigmas 3,1,0 --json
    printed '^    "num_inference_steps": 2,$'
    printed '^    "sigma_schedule": null,$'
    works preset.npy generate "${small_preset[@]}" --preset animatelcm --scheduler euler --num-inference-steps 1 --json
    printed '^    "scheduler": "euler",$'
    printed '^    "sigma_schedule": "karras",$'
    works preset.npy generate "${small_preset[@]}" --num-inference-steps 2 --json
    printed '^    "preset": null,$'
    works plain.npy generate "${small_preset[@]/preset.npy/plain.npy}" --num-inference-steps 2 --preset diffusers
    cmp preset.npy plain.npy || fail "the diffusers preset differs from the defaults"

    refused 2 '--sigmas and --sigma-schedule exclude each other' generate picture.png -o out.mp4 --sigmas 2,1,0 \
        --sigma-schedule karras
    refused 1 '--sigma-schedule is ays, but --scheduler animatelcm' generate picture.png -o out.mp4 --model "$model" \
        --preset animatelcm --sigma-schedule ays
    refused 1 '--num-inference-steps is 41; --scheduler animatelcm takes 1 to 40' generate picture.png -o out.mp4 \
        --model "$model" --scheduler animatelcm --num-inference-steps 41
    refused 1 '--num-inference-steps is 1001; --sigma-schedule uniform' generate picture.png --plan --model "$model" \
        --sigma-schedule uniform --num-inference-steps 1001
}

measuring() {
    local sizes=(--model "$model" --width 64 --height 48 --num-frames 2)
    works "$scratch/out" bench "${sizes[@]}" --repeat 1 --threads 1 --quiet
    [ -s "$scratch/err" ] && fail '--quiet was to be quiet'
    printed '^peaks, 1 thread$'
    printed '^  f32 .* GFLOP/s '
    printed '^  read .* GB/s'
    printed '^UNet, one pass: .* GFLOP/s, .* of the f32 peak; .* outside of operations$'
    printed '^VAE decoder, 2 frames: '
    printed '^conv  *\[2,.*, 3x3 .* % .* %$' # of which peak depends on how busy the machine is
    printed '^group_factors .* GB/s .* % memory .* %$'
    works "$scratch/out" bench "${sizes[@]}" --decode-chunk-size 1 --json
    [ "$(head -n 1 "$scratch/out")" = '{' ] && [ "$(tail -n 1 "$scratch/out")" = '}' ] || fail 'no JSON object'
    printed '^  "command": "bench",$'
    printed '^  "num_frames": 2,$'
    printed '^  "decode_chunk_size": 1,$'
    printed '^    "read": [0-9]'
    printed '^  "unet": {$'
    printed '^    "multiplications": [0-9]'
    printed '^        "operation": "conv",$'
    printed '^        "share_of_bound": [0-9]'
    said '^denoise 2 of 2'
    said '^decode 2 of 2'
}

# What is forgiven of a picture is told, on standard error or, where that is to be quiet, in the report.
forgiven_pictures() {
    local cut=$data/pictures/png-no-end.png
    works out.gif generate "$cut" -o out.gif "${small[@]}"
    said "^img2vid: warning: $cut: its end is missing\$"
    works out.gif generate "$cut" -o out.gif "${small[@]}" --quiet --json
    [ -s "$scratch/err" ] && fail 'standard error was to be empty'
    printed '^  "warning": "its end is missing"$'
    works out.gif generate picture.png -o out.gif "${small[@]}" --quiet --json
    grep -q '"warning"' "$scratch/out" && fail 'there is nothing to warn of'
}

# Ctrl-C in the middle of many steps.
interrupting() {
    local before process signal
    before=$(ls -AR)
    for signal in INT TERM; do
        : > "$scratch/err" # an older one may tell of denoising, before this program can be interrupted
        "$program" generate picture.png -o out.mp4 "${small[@]}" --save-latents out.npy --num-inference-steps 10000 --no-checkpoint \
            < /dev/null > "$scratch/out" 2> "$scratch/err" &
        process=$!
        await grep -q '^denoise' "$scratch/err"
        kill -$signal $process
        wait $process
        status=$?
        [ $status = 130 ] || fail "SIG$signal gives $status, not 130"
        [ -s "$scratch/out" ] && fail 'standard output was to be empty'
        [ "$(ls -AR)" = "$before" ] || fail "files were left behind by SIG$signal"
    done
}

# Ctrl-C while a picture is waited for, from a named pipe and from standard input, that somebody has open.
interrupting_pipes() {
    local before process input
    mkfifo "$scratch/pipe"
    exec 9<> "$scratch/pipe"
    before=$(ls -AR)
    for input in "$scratch/pipe" -; do
        "$program" generate "$input" -o out.mp4 "${small[@]}" <&9 9>&- > "$scratch/out" 2> "$scratch/err" &
        process=$!
        printf x >&9
        for _ in $(seq 300); do # it waits once it has taken what is there
            read -t 0 -u 9 || break
            sleep 0.1
        done
        kill -INT $process
        for _ in $(seq 100); do
            kill -0 $process 2> /dev/null || break
            sleep 0.1
        done
        kill -KILL $process 2> /dev/null
        wait $process
        status=$?
        [ $status = 130 ] || fail "SIGINT while $input is read gives $status, not 130"
        said '^img2vid: interrupted$'
        [ "$(ls -AR)" = "$before" ] || fail "files were left behind while $input was read"
    done
    exec 9>&-
}

full_disk() {
    [ -w /dev/full ] || return
    "$program" --help > /dev/full 2> "$scratch/err"
    status=$?
    [ $status = 1 ] || fail "standard output on a full disk gives $status"
    said '^img2vid: cannot write to standard output'
}

run_groups help_and_version wrong_usage failing_values failing_files making_videos running_again hostile_metadata \
    planning describing presets measuring forgiven_pictures interrupting interrupting_pipes full_disk
