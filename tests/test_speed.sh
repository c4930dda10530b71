#!/bin/bash
# --speed: less work a video, where no other option says otherwise: test_speed.sh PROGRAM DATA, where DATA/reference holds
# tiny models.
set -u
. "$(dirname "$(realpath "$0")")/shell_model.sh"
export HOME=$PWD/home
unset XDG_CONFIG_HOME IMG2VID_CONFIG
mkdir -p home/.config/img2vid
tiny=(--model "$model" --width 64 --height 48 --num-frames 2 --seed 7)

rungs() {
    works "$scratch/out" generate --speed help
    [ -s "$scratch/err" ] && fail 'a list is no error'
    for speed in exact balanced fast draft; do printed "^$speed  *[0-9.]* dB  [a-z0-9].*[a-z]"; done
    works "$scratch/out" generate --preset sgm --speed=help
    printed '^exact  *19.0 dB'
    works "$scratch/out" generate --speed fast --preset help
    printed '^animatelcm  '
    refused 2 "no speed 'quick'.*exact, balanced, fast and draft" generate picture.png -o out.mp4 --speed quick
    refused 2 '--speed lacks' generate picture.png -o out.mp4 --speed
    refused 2 '--speed all plans each of them, with --plan' generate picture.png -o out.mp4 --speed all
    refused 2 "unknown option '--speed'" decode text.txt -o out.mp4 --speed fast
    refused 2 'AnimateLCM' generate picture.png -o out.mp4 --preset animatelcm --speed fast
}

values() {
    works draft.npy generate picture.png -o draft.npy "${tiny[@]}" --speed draft --json
    reports speed draft scheduler euler
    local steps
    steps=$(sed -n 's/^ *"num_inference_steps": \([0-9]*\),$/\1/p' "$scratch/out")
    [ "$steps" -lt 10 ] || fail "a draft of $steps steps"
    # that is its options'
    works same.npy generate picture.png -o same.npy "${tiny[@]}" --num-inference-steps "$steps" --guidance-interval 0.1:25
    cmp draft.npy same.npy || fail 'a draft differs from its options'
    # an option, and what excludes a step count, has the last word; a preset has not
    works out.npy generate picture.png -o out.npy "${tiny[@]}" --speed draft --num-inference-steps 2 --json
    reports num_inference_steps 2 speed draft
    works out.npy generate picture.png -o out.npy "${tiny[@]}" --speed draft --sigmas 3,1,0 --json
    reports num_inference_steps 2
    works out.npy generate picture.png -o out.npy "${tiny[@]}" --speed draft --preset sgm --json
    reports num_inference_steps "$steps" max_guidance_scale 2.5
    # exact is what is made without
    works out.npy generate picture.png -o out.npy "${tiny[@]}" --num-inference-steps 2 --speed exact --json
    works same.npy generate picture.png -o same.npy "${tiny[@]}" --num-inference-steps 2 --json
    reports speed null
    cmp out.npy same.npy || fail '--speed exact changes the frames'
}

# The rung and what it came to stand in the file, and make it again, whatever the rung is then.
metadata() {
    works draft.gif generate picture.png -o draft.gif "${tiny[@]}" --speed draft
    works "$scratch/out" info draft.gif
    printed 'speed.*draft'
    works again.gif generate --from draft.gif -o again.gif
    cmp draft.gif again.gif || fail '--from made another video'
    works out.npy generate picture.png --from draft.gif -o out.npy --speed exact --num-inference-steps 2 --json
    reports speed exact num_inference_steps 2
    works plain.gif generate picture.png -o plain.gif "${tiny[@]}" --speed exact
    works out.gif generate picture.png --from draft.gif -o out.gif --speed exact
    cmp out.gif plain.gif || fail '--from and --speed exact make another video than --speed exact'
    # what a speed sets can be switched off
    works out.npy generate picture.png -o out.npy "${tiny[@]}" --speed fast --scheduler heun --forecast-every 0 --json
    reports speed fast scheduler heun
    refused 1 '--forecast-every is for the schedulers.*or give --forecast-every 0' generate picture.png -o new.npy "${tiny[@]}" \
        --speed fast --scheduler heun
    refused 1 '--forecast-every is 1.*0 or 2' generate picture.png -o new.npy "${tiny[@]}" --forecast-every 1
}

configuration() {
    echo 'speed = draft' > home/.config/img2vid/config
    works out.npy generate picture.png -o out.npy "${tiny[@]}" --json
    reports speed draft
    printf 'speed = draft\nnum-inference-steps = 3\n' > home/.config/img2vid/config
    works out.npy generate picture.png -o out.npy "${tiny[@]}" --json
    reports num_inference_steps 3
    works out.npy generate picture.png -o out.npy "${tiny[@]}" --speed draft --json
    [ "$(sed -n 's/^ *"num_inference_steps": \([0-9]*\),$/\1/p' "$scratch/out")" != 3 ] || fail 'the file outweighs --speed'
    echo 'speed = quick' > home/.config/img2vid/config
    refused 2 "no speed 'quick'" generate picture.png -o out.npy "${tiny[@]}"
    echo 'speed = all' > home/.config/img2vid/config
    refused 2 'speed all is for the command line alone, with --plan' generate picture.png -o out.npy "${tiny[@]}"
    echo 'speed = help' > home/.config/img2vid/config
    refused 2 'speed help is for the command line alone' generate picture.png -o out.npy "${tiny[@]}"
    echo 'preset = help' > home/.config/img2vid/config
    refused 2 'preset help is for the command line alone' generate picture.png -o out.npy "${tiny[@]}"
    rm home/.config/img2vid/config
}

# other_weights ARGUMENT...: a speed and AnimateLCM's scheduler are refused, wherever each comes from.
other_weights() {
    "$program" "$@" > "$scratch/out" 2> "$scratch/err"
    [ $? = 2 ] || fail "it was not refused: $*"
    said "AnimateLCM-SVD's weights.*speed fast is for other weights"
    [ ! -e out.npy ] || fail "a video was made: $*"
}

# AnimateLCM's scheduler is of weights that know no other: a speed from further up does not silence it.
animatelcm() {
    local run=(generate picture.png -o out.npy "${tiny[@]}")
    rm -f out.npy
    other_weights "${run[@]}" --scheduler animatelcm --speed fast
    printf 'scheduler = animatelcm\nnum-inference-steps = 3\n' > home/.config/img2vid/config
    other_weights "${run[@]}" --speed fast
    said 'config sets .*scheduler'
    IMG2VID_SPEED=fast other_weights "${run[@]}"
    works out.npy "${run[@]}" --speed exact --json
    reports speed exact scheduler animatelcm num_inference_steps 3
    works out.npy "${run[@]}" --speed draft --scheduler euler --json
    reports speed draft scheduler euler
    IMG2VID_SCHEDULER=heun works out.npy "${run[@]}" --speed draft --json
    reports speed draft scheduler euler
    rm home/.config/img2vid/config out.npy
    IMG2VID_SCHEDULER=animatelcm other_weights "${run[@]}" --speed fast
    echo '{"image": "picture.png", "output": "out.npy", "speed": "fast"}' > list.jsonl
    other_weights generate --jobs list.jsonl "${tiny[@]}" --scheduler animatelcm
}

jobs() {
    printf '%s\n' '{"image": "picture.png", "output": "a.npy", "speed": "draft"}' \
        '{"image": "picture.png", "output": "b.npy", "num_inference_steps": 2}' > list.jsonl
    works a.npy generate --jobs list.jsonl "${tiny[@]}" --speed balanced --json
    printed '"speed":"draft"'
    printed '"speed":"balanced"'
    printed '"num_inference_steps":2,'
    echo '{"image": "picture.png", "output": "a.npy", "speed": "quick"}' > list.jsonl
    refused 2 "no speed 'quick'" generate --jobs list.jsonl "${tiny[@]}"
    echo '{"image": "picture.png", "output": "a.npy", "speed": "all"}' > list.jsonl
    refused 2 'speed all is for the command line alone, with --plan' generate --jobs list.jsonl "${tiny[@]}"
}

# figures NAME: of the last report's speeds, in their order.
figures() {
    sed -n "/\"speeds\"/,\$s/^ *\"$1\": \(.*[^,]\),\?$/\1/p" "$scratch/out" | tr '\n' ' '
}

# All rows come from one measurement, and what a row says is of the run that it is of.
rows() {
    local plan=(generate picture.png --plan --speed all "${tiny[@]}") all
    works "$scratch/out" "${plan[@]}" --dtype f32 --json
    all=$(sed -n 's/^ *"seconds": \([0-9].*[0-9]\),\?$/\1/p' "$scratch/out" | tail -n 1)
    figures seconds > "$scratch/seconds"
    # the same run by any rung takes the same time
    works "$scratch/out" "${plan[@]}" --num-inference-steps 8 --scheduler euler --guidance-interval 0:1e6 --guidance-every 1 \
        --forecast-every 0 --json
    [ "$(figures seconds | tr ' ' '\n' | sed -n '2,4p' | sort -u | wc -l)" = 1 ] || fail "of one run: $(figures seconds)"
    tr ' ' '\n' < "$scratch/seconds" | sed '/^$/d' | sort -g -r -c || fail "a rung takes longer: $(cat "$scratch/seconds")"
    # an option that counts more than the rung
    works "$scratch/out" "${plan[@]}" --num-inference-steps 18 --json
    [ "$(figures nearness)" = 'null null "19.3 dB" null ' ] || fail "nearness: $(figures nearness)"
    [ "$(grep -c '"num_inference_steps"$' "$scratch/out")" = 3 ] || fail 'not three rows have other steps'
    works "$scratch/out" "${plan[@]}" --num-inference-steps 8
    for speed in exact balanced fast draft; do
        printed "^$speed  *[0-9][0-9]*  *[0-9.]* [a-z]*  *-  --num-inference-steps as given; else [a-z0-9]"
    done
    works "$scratch/out" "${plan[@]}" --sigmas 9,3,1
    printed '^draft .* -  --sigmas as given; else'
    # what does not change the rung leaves its figure
    works "$scratch/out" "${plan[@]}" --scheduler euler --dtype f32 --fps 4
    printed '^exact .* 19.0 dB  all'
    printed '^fast .* -  --scheduler\(, --dtype\)\? as given; else'
    # a configuration's value counts less than the word
    echo 'num-inference-steps = 3' > home/.config/img2vid/config
    works "$scratch/out" "${plan[@]}"
    printed '^exact .* 19.0 dB  all'
    rm home/.config/img2vid/config
    works "$scratch/out" "${plan[@]}" --preset animatelcm
    printed '^exact .* -  all'
}

plans() {
    works "$scratch/out" generate picture.png --plan --speed all "${tiny[@]}"
    for speed in exact balanced fast draft; do printed "^$speed  *[0-9][0-9]*  *[0-9.]* [a-z]*  *[0-9.]* dB  [a-z0-9]"; done
    works "$scratch/out" generate picture.png --plan --speed all "${tiny[@]}" --json
    [ "$(grep -c '"speed": "' "$scratch/out")" = 4 ] || fail 'a plan has not four speeds'
    works "$scratch/out" generate picture.png --plan --speed draft "${tiny[@]}"
    printed '^peak'
    grep -q '^exact' "$scratch/out" && fail 'one speed plans all'
    works "$scratch/out" generate picture.png --plan --speed all --preset animatelcm "${tiny[@]}"
    printed '^exact  *[0-9]'
    printed '^fast  *-  *-  *-  does not go'
}

losses() {
    local bench=(bench --model "$model" --width 64 --height 48 --num-frames 2 --loss picture.png)
    works "$scratch/out" "${bench[@]}" --reference-steps 30
    printed '^speed  *steps  *time  *dB'
    printed '^exact  *25 .* [0-9-][0-9.]*$'
    for speed in balanced fast draft; do printed "^$speed  *[0-9].* |  *[0-9].* [0-9-][0-9.]*$"; done
    works "$scratch/out" "${bench[@]}" --reference-steps 30 --json
    [ "$(grep -c '"nearness": ' "$scratch/out")" = 7 ] || fail 'not seven figures'
    # a run of more steps is nearer
    local near
    near=$(sed -n 's/^ *"nearness": \(-\?[0-9]*\).*/\1/p' "$scratch/out" | sed -n '1p;6p' | tr '\n' ' ')
    [ "${near% * }" -gt "$(cut -d' ' -f2 <<< "$near")" ] || fail "exact and draft: $near"
    refused 1 'no-picture.png' bench --model "$model" --loss no-picture.png
    refused 1 'reference-steps' bench --model "$model" --loss picture.png --reference-steps 5
}

# That of the model's folder, in a draft.
tiny_decoder() {
    local run=(generate picture.png --width 64 --height 48 --num-frames 2 --seed 7)
    cp -r "$model" with
    cp "$data/tiny/taesd_decoder.pth" with
    # the same latents as without, other frames; a word switches it off
    works plain.npy "${run[@]}" -o plain.npy --model "$model" --speed draft --save-latents plain-latents.npy --json
    reports tiny_decoder null
    works draft.npy "${run[@]}" -o draft.npy --model with --speed draft --save-latents draft-latents.npy --json
    reports tiny_decoder with/taesd_decoder.pth
    cmp plain-latents.npy draft-latents.npy || fail 'a tiny decoder changes the latents'
    cmp -s plain.npy draft.npy && fail 'a draft is not decoded by the tiny decoder'
    works none.npy "${run[@]}" -o none.npy --model with --speed draft --tiny-decoder none --json
    reports tiny_decoder null
    cmp plain.npy none.npy || fail '--tiny-decoder none decodes by another'
    works out.npy "${run[@]}" -o out.npy --model with --speed fast --json
    reports tiny_decoder null
    # plans
    works "$scratch/out" "${run[@]}" --model with --plan --speed draft
    printed '^tiny decoder  *[0-9]'
    printed '^tiny decoder with/taesd_decoder.pth$'
    works "$scratch/out" "${run[@]}" --model with --plan --speed draft --json
    reports tiny_decoder with/taesd_decoder.pth
    works "$scratch/out" "${run[@]}" --model with --plan
    grep -q 'tiny decoder' "$scratch/out" && fail 'a plan without --speed has a tiny decoder'
    works "$scratch/out" "${run[@]}" --model with --plan --speed all
    printed '^draft  *[0-9]'
    # files keep what it came to, and go by that
    works draft.gif "${run[@]}" -o draft.gif --model with --speed draft
    works "$scratch/out" info draft.gif
    printed '^  tiny_decoder  *with/taesd_decoder.pth$'
    works none.gif "${run[@]}" -o none.gif --model "$model" --speed draft
    cp "$data/tiny/taesdv.pth" with
    works out.gif generate --from draft.gif -o out.gif
    cmp draft.gif out.gif || fail '--from takes another tiny decoder than its file names'
    works out.gif generate --from draft.gif -o out.gif --speed fast --json
    reports tiny_decoder null speed fast
    said 'note: with is another model, or has another decoder of frames, than the one that draft.gif was made with'
    works none.npy generate --from none.gif -o none.npy --json
    works out.npy generate --from none.gif -o out.npy --model with --json
    reports tiny_decoder null speed draft
    cmp none.npy out.npy || fail '--from takes a tiny decoder that its file does not name'
    # one that the configuration names stays
    echo "tiny_decoder = $data/tiny/taesd.safetensors" > home/.config/img2vid/config
    for speed in draft fast; do
        works out.npy "${run[@]}" -o out.npy --model with --speed $speed --json
        reports tiny_decoder "$data/tiny/taesd.safetensors"
    done
    rm home/.config/img2vid/config
    # jobs
    printf '%s\n' '{"image": "picture.png", "output": "a.gif", "speed": "draft"}' \
        '{"image": "picture.png", "output": "b.gif", "speed": "draft", "tiny_decoder": "none"}' > list.jsonl
    works a.gif "${run[0]}" "${run[@]:2}" --jobs list.jsonl --model with --json
    printed '"tiny_decoder":"with/taesdv.pth"'
    printed '"tiny_decoder":null'
    echo none > with/taesdv.safetensors
    refused 1 'with/taesdv.safetensors: .* take it away, or give --tiny-decoder none' "${run[@]}" -o new.npy --model with \
        --speed draft
}

# Each rung makes the same bits by any number of threads, in the least memory, and when it is gone on with.
bits() {
    local speed least
    for speed in balanced fast draft; do
        local run=(generate picture.png "${tiny[@]}" --num-frames 5 --decode-chunk-size 2 --speed $speed)
        works whole.npy "${run[@]}" -o whole.npy --threads 1
        for threads in 2 3; do
            works out.npy "${run[@]}" -o out.npy --threads $threads
            cmp whole.npy out.npy || fail "$speed: other bits by $threads threads"
        done
        refused 1 'at the least' "${run[@]}" --plan --max-memory 1M
        least=$(sed -n 's/.* needs \([0-9]*\) MiB at the least.*/\1/p' "$scratch/err")
        works out.npy "${run[@]}" -o out.npy --max-memory "${least:-0}M"
        cmp whole.npy out.npy || fail "$speed: other bits in $least MiB"
        rm out.npy
        interrupt KILL out.npy.checkpoint "${run[@]}" -o out.npy --resume
        works out.npy "${run[@]}" -o out.npy --resume
        said '^going on from out.npy.checkpoint: '
        cmp whole.npy out.npy || fail "$speed: other bits when it is gone on with"
    done
}

run_groups bits losses tiny_decoder rungs values metadata configuration animatelcm jobs plans rows
