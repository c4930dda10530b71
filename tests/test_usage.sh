#!/bin/bash
# What is said where the command line is wrong or the work fails: test_usage.sh PROGRAM DATA, where DATA/reference holds
# tiny models.
set -u
program=$(realpath "$1")
model=$(realpath "$2")/reference/plain_top
tests=$(dirname "$(realpath "$0")")
. "$tests/shell.sh"
picture a.png
printf 'not a picture' > bad.jpg
small=(--model "$model" --width 64 --height 48 --num-inference-steps 1 --num-frames 2 --seed 7)

# meant WORDS ARGUMENT...: what the arguments after the picture are said to mean.
meant() {
    local words=$1
    shift
    refused 2 "$words" generate a.png -o a.mp4 "$@"
}

options() {
    local row
    for row in --num_frames:num-frames --Num-Frames=2:num-frames --steps:num-inference-steps \
        --num_steps:num-inference-steps --frames:num-frames --video_frames:num-frames --cfg:max-guidance-scale \
        --guidance-scale=3:max-guidance-scale --motion:motion-bucket-id --motion_bucket_id:motion-bucket-id \
        --out:output --output_folder:output --num_videos_per_prompt:num-videos --decode_chunk_size:decode-chunk-size \
        --decoding_t:decode-chunk-size --noise_aug_strength:noise-aug-strength --augmentation_level:noise-aug-strength \
        --cond_aug:noise-aug-strength --fps_id:fps --ckpt-name:model --torch_dtype:dtype --sampler_name:scheduler \
        --heigth:height --qualty:quality --sed:seed --no-metdata:no-metadata --helpp:help -seed:seed -fps:fps -r:fps; do
        meant "unknown option '${row%:*}'; did you mean --${row##*:}? See img2vid generate --help\$" "${row%:*}"
    done
    meant "; did you mean --max-guidance-scale or --max-memory?" --max 3
    meant "unknown option '--input_path': pictures are given without an option; see" --input_path b.png
    meant 'takes a picture, and no text' --prompt rocket
    meant "unknown option '--zzz'; see img2vid generate --help\$" --zzz
    # an abbreviation is none
    meant 'did you mean --no-metadata?' --no-meta
    refused 2 "'--seed'; generate takes --seed, bench does not" bench --seed 1
    refused 2 "'--steps'; generate takes --num-inference-steps, decode does not" decode l.npy -o a.mp4 --steps 3
    refused 2 "'--plan'; generate and decode take --plan, bench does not" bench --plan
    refused 2 "'--fit'; generate takes --fit, pull does not" pull a/b --fit pad
}

# Every name that the table of other programs' names leads to is an option.
names_that_are_offered() {
    local name table=$tests/../cli/suggest.c
    "$program" help --markdown > page
    for name in $(sed -n '/^} aliases/,/^};/s/^    {"[^"]*", "\([^"]*\)", NULL},$/\1/p' "$table"); do
        grep -q -- "\`--$name[ \`]" page || fail "--$name, which is offered, is no option"
    done
    rm page
}

short_options() {
    meant "'-o=b.mp4' has a = too many; did you mean -o b.mp4? See" -o=b.mp4
    meant "'-m=small' has a = too many; did you mean -m small?" -m=small
    meant "'-output' has a dash too few; did you mean --output?" -output b.mp4
    meant "'-model' has a dash too few; did you mean --model?" -model b
    meant "'-model=b' has a dash too few; did you mean --model=b?" -model=b
    meant "'-quiet' has a dash too few; did you mean --quiet?" -quiet
    works =b.npy generate a.png -o ./=b.npy "${small[@]}" --quiet
    works utput.npy generate a.png -output.npy "${small[@]}" --quiet
    rm =b.npy utput.npy
}

commands() {
    local row
    for row in run:generate create:generate download:pull probe:info benchmark:bench generat:generate dekode:decode \
        INFO:info; do
        refused 2 "unknown command '${row%:*}'; did you mean img2vid ${row#*:}? See img2vid --help\$" "${row%:*}"
    done
    refused 2 "unknown command 'zzz'; there are generate, decode" zzz
    refused 2 "unknown command 'a.png', but a file: img2vid generate a.png makes" a.png
    refused 2 'the command comes first, as in img2vid generate IMAGE --model' --model x generate
    refused 2 'did you mean img2vid --version?' -v
    refused 2 'did you mean --help?' --hlep
    works "$scratch/out" -V
    "$program" --version | cmp - "$scratch/out" || fail '-V is not --version'
}

# object STATUS KEY=VALUE...: with --json a failure is one JSON object on standard output too, and one line of error.
object() {
    local wanted=$1 before pair
    shift
    before=$(ls -AR)
    local keys=()
    while [[ $1 == *=* && $1 != -* ]]; do
        keys+=("$1")
        shift
    done
    ends "$wanted" "$@"
    [ "$(grep -c '^img2vid: ' "$scratch/err")" = 1 ] || fail "one error was to be printed: $*"
    [ "$(head -n 1 "$scratch/out")" = '{' ] && [ "$(tail -n 1 "$scratch/out")" = '}' ] || fail "no JSON object: $*"
    for pair in "${keys[@]}"; do
        if [ "${pair%%=*}" = error ]; then
            printed "^  \"error\": \".*${pair#*=}"
        else
            printed "^  \"${pair%%=*}\": \"\\?${pair#*=}\"\\?,\\?\$"
        fi
    done
    if command -v python3 > /dev/null; then
        python3 -c 'import json, sys
report = json.load(sys.stdin)
assert list(report)[:2] == ["command", "version"] and report["error"] in open(sys.argv[1]).read(), report' \
            "$scratch/err" < "$scratch/out" || fail "the JSON is not right: $*"
    fi
    [ "$(ls -AR)" = "$before" ] || fail "files were left behind: $*"
}

failures_as_json() {
    object 1 command=generate input=bad.jpg status=format 'error=bad.jpg is not a picture' \
        generate bad.jpg -o a.mp4 "${small[@]}" --json
    grep -q '"seed"' "$scratch/out" && fail 'a picture that cannot be read has no seed'
    object 1 input=a.png status=parameter error=width seed=7 generate a.png -o a.mp4 "${small[@]}" --width 63 --json
    object 1 input=none.png status=io error=none.png generate none.png -o a.mp4 "${small[@]}" --json --quiet
    object 1 status=io error=none generate a.png -o a.mp4 --model ./none --json
    object 1 status=parameter error=a.xyz generate a.png -o a.xyz "${small[@]}" --json
    object 1 status=parameter option=--crf error=crf generate a.png -o a.mp4 "${small[@]}" --crf 99 --json
    object 1 status=parameter option=--width error=width generate a.png -o a.mp4 --json --width 0
    object 1 status=memory 'error=allows 1 MiB' generate a.png --plan "${small[@]}" --max-memory 1M --json
    object 1 command=decode input=bad.jpg status=format decode bad.jpg -o a.mp4 --model "$model" --json
    object 1 command=info input=bad.jpg status=format error=bad.jpg info bad.jpg --json
    object 1 command=info input=none status=io info none --json
    object 1 command=info input=. status=model info . --json
    object 1 command=bench status=parameter error=width bench --model "$model" --width 63 --json
    object 1 command=pull input=no/model status=model pull no/model --offline --json
    # the order of options does not matter, nor what is wrong with them
    object 2 status=usage option=--width 'error=--width takes a whole number' generate --width x --json
    object 2 status=usage option=--width generate --json --width=x
    object 2 status=usage "error=unknown option '--steps'; did you mean" generate a.png --json --steps 3
    object 2 status=usage 'error=IMAGE is missing' generate --json
    object 2 status=usage 'error=exclude each other' generate a.png -o a.mp4 --seed 1 --seeds 1 --json
    object 2 status=usage option=--preset generate a.png -o a.mp4 --preset comfy --json
    object 2 status=usage 'error=both be written' generate a.png bad.jpg -o a.mp4 --json
    object 2 command=pull status=usage pull --json
    object 1 status=io error=/nope/x generate a.png -o a.mp4 --log-file /nope/x --json
    object 2 command=foo status=usage "error=unknown command 'foo'" foo --json
    IMG2VID_CONFIG=/nope object 1 status=io error=/nope generate a.png -o a.mp4 --json
    refused 2 "no help for 'foo', but for generate, .* --man" help foo
    refused 2 'as in img2vid help --all generate' help --all
    refused 2 'IMAGE is missing' generate -- # of no JSON where none is asked for
    ends 2 generate -o a.mp4 -- a.png --json --seed
    [ -s "$scratch/out" ] && fail 'what stands behind -- is no option'
    # of several pictures one a line; what is wrong for all of them is one line
    ends 1 generate a.png bad.jpg -o '{name}.mp4' --model ./none --json
    [ "$(wc -l < "$scratch/out")" = 1 ] || fail 'one line of JSON was to be printed'
    printed '^{"command":"generate","version":"[0-9.]*","error":".*none.*","status":"io"}$'
    ends 1 generate a.png bad.jpg -o '{name}.npy' "${small[@]}" --json
    printed '^{"command":"generate","version":"[0-9.]*","input":"bad.jpg","error":"bad.jpg is.*","status":"format"}$'
    rm a.npy
}

interruption_as_json() {
    local process
    "$program" generate a.png -o a.mp4 "${small[@]}" --num-inference-steps 9999 --no-checkpoint --json < /dev/null > "$scratch/out" \
        2> "$scratch/err" &
    process=$!
    await grep -q '^denoise' "$scratch/err"
    kill -INT $process
    wait $process
    [ $? = 130 ] || fail 'the status of an interruption'
    printed '"error": "interrupted",'
    printed '"status": "cancelled",'
}

run_groups options names_that_are_offered short_options commands failures_as_json interruption_as_json
