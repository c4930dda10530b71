#!/bin/bash
# The program itself, as scripts use it: test_cli.sh PROGRAM DATA, where DATA/reference holds tiny models.
set -u
program=$(realpath "$1")
data=$(realpath "$2")
model=$(dirname "$(find "$data/reference" -maxdepth 2 -name model_index.json | sort | head -n 1)")
[ -f "$model/model_index.json" ] || { echo "no model folder in $data/reference"; exit 1; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/work"
cd "$scratch/work" || exit 1
failures=0

# A PNG of 24x16 pixels.
base64 -d > picture.png <<PNG
iVBORw0KGgoAAAANSUhEUgAAABgAAAAQCAIAAACDRijCAAAAKUlEQVR42mNkYGDgogZiYeBnoAoYUgb9xyHOOPS9NmoQHQ1iHA0jCAAA
3CADBqShQtMAAAAASUVORK5CYII=
PNG
printf 'not a picture, not a model, not latents' > text.txt
small=(--model "$model" --width 64 --height 48 --num-inference-steps 2 --num-frames 2 --seed 7)

fail() {
    echo "FAILED: $*"
    sed 's/^/    stderr: /' "$scratch/err"
    sed 's/^/    stdout: /' "$scratch/out" | head -n 20
    failures=$((failures + 1))
}

# run ARGUMENT...: sets status; standard output and error are in $scratch/out and $scratch/err.
run() {
    "$program" "$@" < /dev/null > "$scratch/out" 2> "$scratch/err"
    status=$?
}

# refused STATUS WORDS ARGUMENT...: ends with STATUS, prints the one line "img2vid: ..." with WORDS in it on standard
# error and nothing on standard output, and leaves no file behind.
refused() {
    local wanted=$1 words=$2 before
    shift 2
    before=$(ls -AR)
    run "$@"
    [ "$status" = "$wanted" ] || fail "status $status, not $wanted: $*"
    [ "$(wc -l < "$scratch/err")" = 1 ] || fail "one line was to be printed: $*"
    grep -q "^img2vid: .*$words" "$scratch/err" || fail "the message lacks '$words': $*"
    [ -s "$scratch/out" ] && fail "standard output was to be empty: $*"
    [ "$(ls -AR)" = "$before" ] || fail "files were left behind: $*"
}

# works FILE ARGUMENT...: ends with 0 and FILE has something in it.
works() {
    local file=$1
    shift
    run "$@"
    [ "$status" = 0 ] || fail "status $status: $*"
    [ -s "$file" ] || fail "$file is missing or empty: $*"
}

printed() { grep -q -- "$1" "$scratch/out" || fail "standard output lacks '$1'"; }
said() { grep -q -- "$1" "$scratch/err" || fail "standard error lacks '$1'"; }

help_and_version() {
    works "$scratch/out" --version
    printed '^img2vid [0-9]*\.[0-9]*\.[0-9]*$'
    works "$scratch/out" --help
    printed 'generate'
    for command in generate decode info bench; do
        works "$scratch/out" $command --help
        printed "^Usage: img2vid $command "
        printed '^Examples:'
    done
    run generate --help
    for option in output model width height fit num-frames num-videos num-inference-steps sigmas min-guidance-scale \
        max-guidance-scale fps motion-bucket-id noise-aug-strength seed rng decode-chunk-size forward-chunk-size dtype \
        max-memory plan threads latents save-latents alpha variant lora crf json quiet; do
        printed "--$option"
    done
    run bench --help
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
    refused 2 "'more.png' is too many" generate picture.png more.png -o out.mp4
    refused 2 '--model lacks' generate picture.png -o out.mp4 --model
    refused 2 '--model lacks' generate picture.png -o out.mp4 --model --json
    refused 2 '--json takes no argument' generate picture.png -o out.mp4 --json=1
    refused 2 'exclude each other' generate picture.png -o out.mp4 --sigmas 2,1,0 --num-inference-steps 2
    refused 2 'same file' generate picture.png -o out.npy --save-latents out.npy
    local bad
    for bad in width=abc width=12x width= width=1.5 width=99999999999 height=1e3 num-frames=-- threads=0x2 \
        noise-aug-strength=nan noise-aug-strength=inf max-guidance-scale=1e999 min-guidance-scale=1,5 \
        seed=-1 seed=18446744073709551616 seed=1.0 sigmas=1,,0 sigmas= sigmas=1,nan max-memory=6X max-memory=-1 \
        max-memory=99999999999T fit=cut rng=PCG dtype=f64 dtype=f16 alpha=black lora= lora=:1; do
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
    refused 1 'repeat' bench --model "$model" --repeat 0
    refused 1 'repetitions' bench --model "$model" --repeat 9999
    refused 1 'width' bench --model "$model" --width 63
    refused 1 'memory' bench --model "$model" --max-memory 1M
}

failing_files() {
    refused 1 'missing.png' generate missing.png -o out.mp4 --model "$model"
    refused 1 'text.txt' generate text.txt -o out.mp4 --model "$model"
    refused 1 '.' generate - -o out.mp4 --model "$model"
    refused 1 'missing_model' generate picture.png -o out.mp4 --model missing_model
    refused 1 '.' generate picture.png -o out.mp4 --model .
    refused 1 'out.xyz' generate picture.png -o out.xyz --model "$model"
    refused 1 'missing' generate picture.png -o missing/out.mp4 --model "$model"
    refused 1 'text.txt' generate picture.png -o text.txt/out.mp4 --model "$model"
    [ -d /proc/self ] && refused 1 '/proc' generate picture.png -o /proc/out.mp4 --model "$model"
    refused 1 'latents' generate picture.png -o out.mp4 --model "$model" --save-latents latents.bin
    refused 1 'missing' generate picture.png -o out.mp4 --model "$model" --save-latents missing/latents.npy
    refused 1 'text.txt' generate picture.png -o out.mp4 --model "$model" --latents text.txt
    refused 1 'missing.npy' generate picture.png -o out.mp4 --model "$model" --latents missing.npy
    refused 1 'missing.npy' decode missing.npy -o out.mp4 --model "$model"
    refused 1 'text.txt' decode text.txt -o out.mp4 --model "$model"
    refused 1 'missing.safetensors' generate picture.png -o out.mp4 --model "$model" --lora missing.safetensors:0.5
    refused 1 'text.txt' generate picture.png -o out.mp4 --model "$model" --lora text.txt
    refused 1 'text.txt:half' generate picture.png -o out.mp4 --model "$model" --lora text.txt:half
    refused 1 'no LoRA' bench --model "$model" --lora "$model/unet/diffusion_pytorch_model.safetensors"
    refused 1 'missing' info missing
    refused 1 'text.txt' info text.txt
    refused 1 '.' info .
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
    printed '^UNet  *[0-9][0-9 ]*  nothing traded$'
    printed '^peak [0-9]* MiB, of [0-9]* MiB that the system has free for it, less a margin$'
    planned generate picture.png -o out.mp4 --plan "${small[@]}" --max-memory 1G
    printed '^peak [0-9]* MiB, of 1024 MiB that --max-memory allows$'
    planned generate picture.png --plan "${small[@]}" --json
    [ "$(head -n 1 "$scratch/out")" = '{' ] && [ "$(tail -n 1 "$scratch/out")" = '}' ] || fail 'no JSON object'
    printed '^  "command": "generate",$'
    printed '^      "name": "VAE decoder",$'
    printed '^      "traded": null$'
    printed '^  "budget_given": false$'
    if command -v python3 > /dev/null; then
        python3 -c 'import json, sys; plan = json.load(sys.stdin)
assert len(plan["stages"]) == 4 and plan["peak"] == max(stage["peak"] for stage in plan["stages"])' \
            < "$scratch/out" || fail 'the JSON is not what it should be'
    fi
    planned decode latents.npy --plan --model "$model"
    printed '^VAE decoder '
    grep -q UNet "$scratch/out" && fail 'decode has no UNet'
    refused 1 'at the least, but max_memory (--max-memory) allows 1 MiB' generate picture.png --plan "${small[@]}" \
        --max-memory 1M
    refused 2 "unknown option '--plan'" bench --plan
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

# Ctrl-C in the middle of many steps.
interrupting() {
    local before process signal
    before=$(ls -AR)
    for signal in INT TERM; do
        : > "$scratch/err" # an older one may tell of denoising, before this program can be interrupted
        "$program" generate picture.png -o out.mp4 "${small[@]}" --save-latents out.npy --num-inference-steps 10000 \
            < /dev/null > "$scratch/out" 2> "$scratch/err" &
        process=$!
        for _ in $(seq 600); do
            grep -q '^denoise' "$scratch/err" && break
            sleep 0.1
        done
        kill -$signal $process
        wait $process
        status=$?
        [ $status = 130 ] || fail "SIG$signal gives $status, not 130"
        [ -s "$scratch/out" ] && fail 'standard output was to be empty'
        [ "$(ls -AR)" = "$before" ] || fail "files were left behind by SIG$signal"
    done
}

full_disk() {
    [ -w /dev/full ] || return
    "$program" --help > /dev/full 2> "$scratch/err"
    status=$?
    [ $status = 1 ] || fail "standard output on a full disk gives $status"
    said '^img2vid: cannot write to standard output'
}

for group in help_and_version wrong_usage failing_values failing_files making_videos planning describing measuring interrupting \
    full_disk; do
    echo "== $group"
    $group
done
[ $failures = 0 ] && echo 'all passed' || { echo "$failures failed"; exit 1; }
