#!/bin/bash
# What --verbose and --log-file tell: test_log.sh PROGRAM DATA, where DATA/reference holds tiny models.
set -u
. "$(dirname "$(realpath "$0")")/shell_model.sh"
time='[0-9]\{4\}-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]\.[0-9]\{3\}Z'

makes() { works out.gif generate picture.png -o out.gif "${small[@]}" "$@"; }
# logged WORDS...: a line of the log with its time before it.
logged() { for words; do grep -q -- "^$time $words" log || fail "the log lacks '$words'"; done; }
# a_log FILE: nothing but such lines.
a_log() { grep -vq "^$time [[:print:]]*$" "$1" && fail "$1 has other lines: $(grep -v "^$time" "$1" | head -n 3)"; }

details=('img2vid [0-9.]* generate$' 'configuration: no file$' 'backend: cpu, .*, 2 threads$'
    'model: .*, SHA-256 [0-9a-f]\{64\}$' '  width = 64$' '  num-inference-steps = 2$' '  max-guidance-scale = 3.0$'
    'plan: UNet: [0-9]* MiB, of which weights' 'plan: peak [0-9]* MiB of [0-9]* MiB that are free'
    'input: picture.png, SHA-256 [0-9a-f]\{64\}, seed 7$' 'time: load [0-9.]* s, encode .* save [0-9.]* s$'
    'memory: [0-9]* MiB at most in the engine')

verbose() {
    local words said_before
    makes --threads 2 --verbose
    for words in "${details[@]}"; do said "^$words"; done
    makes --threads 2 -v --json # standard output is as before
    [ "$(head -n 1 "$scratch/out")" = '{' ] || fail 'details on standard output'
    makes
    for words in "${details[@]}"; do grep -q "^$words" "$scratch/err" && fail "'$words' without --verbose"; done
    works "$scratch/out" bench -v --repeat 1 --json "${small[@]:0:6}"
    said '^backend: cpu'
    said '^  height = 48$'
    makes --save-latents latents.npy --quiet
    works out.gif decode latents.npy -o out.gif --model "$model" -v
    said '^plan: VAE decoder'
    said '^input: latents.npy, SHA-256 [0-9a-f]\{64\}'
    works "$scratch/out" generate picture.png --plan "${small[@]}" -v
    said '^  seed = 7$'
    refused 2 '--quiet and --verbose exclude each other' generate picture.png -o new.gif -q -v
    # sizes that are left to the model are told
    IMG2VID_THREADS=1 works "$scratch/out" generate picture.png --plan --model "$model" -v
    said '^  width = [1-9]'
    said '^  IMG2VID_THREADS = 1$'
    echo 'threads = 2' > config
    IMG2VID_CONFIG=config makes -v
    said '^configuration: config$'
    said '^  config:1: threads = 2$'
    said '^backend: .* 2 threads$'
    makes -v --no-config
    said '^configuration: left out$'
}

logging() {
    makes --threads 2 --log-file log --quiet
    [ -s "$scratch/err" ] && fail '--quiet was to be quiet'
    logged "${details[@]}" 'denoise 1 of 2, ' 'denoise 2 of 2, ' 'decode 2 of 2 frames, ' 'wrote out.gif: 2 frames' \
        'exit status 0$'
    a_log log
    local lines
    lines=$(wc -l < log)
    makes --log-file log # is added to
    [ "$(wc -l < log)" -gt "$lines" ] || fail 'the log was begun anew'
    grep -q backend "$scratch/err" && fail 'details on standard error without --verbose'
    said '^denoise 2 of 2'
    works out.gif generate picture.png -o out.gif "${small[@]:0:10}" --log-file log --max-guidance-scale 1
    logged 'seed: [0-9]*$'
    # errors, and warnings that --quiet keeps from the terminal
    cp "$data/lora/layers/adapter_model.safetensors" away.safetensors
    makes --lora away.safetensors --log-file log --quiet
    logged 'img2vid: warning: away.safetensors: nothing says its alpha'
    ends 1 generate missing.png -o out.gif "${small[@]}" --log-file log
    logged 'img2vid: cannot open missing.png' 'exit status 1$'
    ends 1 generate picture.png -o out.gif --model nowhere --log-file log
    logged 'img2vid: .*nowhere'
    picture $'e\e[2Jscape.png'
    works $'e\e[2Jscape.gif' generate $'e\e[2Jscape.png' picture.png -o '{name}.gif' "${small[@]}" --log-file log
    logged 'input: e?\[2Jscape.png, ' 'input: picture.png, ' 'picture 2 of 2: denoise 2 of 2' 'wrote picture.gif'
    works "$scratch/out" bench --repeat 1 --log-file log --json "${small[@]:0:6}"
    logged 'img2vid [0-9.]* bench$'
    ends 1 pull acme/none --offline --log-file log
    logged 'img2vid [0-9.]* pull$'
    a_log log
    IMG2VID_LOG_FILE=env.log makes
    a_log env.log
    makes --log-file /dev/null
}

# What is no log of ours is left as it is.
other_files() {
    local file before
    cp picture.png a.png
    makes --quiet
    printf '2026 was a good year\n' > notes.txt
    cp -r "$model" model
    for file in a.png notes.txt model/unet/config.json out.gif; do
        before=$(sha256sum < "$file")
        refused 1 'it is there and is not a log' generate a.png -o new.gif "${small[@]}" --model model --log-file "$file"
        [ "$(sha256sum < "$file")" = "$before" ] || fail "$file was changed"
    done
    ln -s target link
    refused 1 'it is a link' generate a.png -o new.gif "${small[@]}" --log-file link
    mkfifo pipe
    refused 1 'cannot write the log pipe: it is no regular file' generate a.png -o new.gif "${small[@]}" --log-file pipe
    cat pipe > /dev/null &
    refused 1 'cannot write the log pipe: it is no' generate a.png -o new.gif "${small[@]}" --log-file pipe
    kill $! 2> /dev/null
    refused 1 'cannot write the log .: Is a directory' generate a.png -o new.gif "${small[@]}" --log-file .
    refused 1 '--verbose writes to standard error' generate a.png -o new.gif "${small[@]}" --log-file -
    refused 1 'no/log: No such file' generate a.png -o new.gif "${small[@]}" --log-file no/log
    [ -e /dev/full ] && refused 1 'it is no regular file' generate a.png -o new.gif "${small[@]}" --log-file /dev/full
    refused 2 'names a file of the output' generate a.png -o new.gif "${small[@]}" --log-file new.gif
    refused 2 'names a file of the output' generate a.png -o new.gif "${small[@]}" --save-latents l.npy --log-file l.npy
    refused 2 'names a file of the output' generate a.png -o new.gif "${small[@]}" --log-file ./model/../new.gif
    : > new-7.gif
    refused 1 'are one file; change --log-file or --output' generate a.png -o 'new-{seed}.gif' "${small[@]}" \
        --log-file new-7.gif
    rm new-7.gif
    : > new.png
    refused 1 'new.png would overwrite new.png, a picture of this run' generate new.png -o new.gif "${small[@]}" \
        --log-file new.png
    rm -f new.png
}

# The video counts more than its log.
full_disk() {
    local line='2026-01-01T00:00:00.000Z before' blocks=128
    yes "$line" | head -c $((blocks * 1024 - 100)) > full.log
    rm -f out.gif
    (
        ulimit -f $blocks
        works out.gif generate picture.png -o out.gif "${small[@]}" --log-file full.log
        exit $failures
    )
    failures=$?
    said 'warning: cannot write the log full.log: File too large; it ends here'
    [ "$(grep -c 'it ends here' "$scratch/err")" = 1 ] || fail 'told more than once'
    said '^wrote out.gif'
}

run_groups verbose logging other_files full_disk
