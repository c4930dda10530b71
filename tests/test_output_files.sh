#!/bin/bash
# Where the program writes: folders that are missing, files that are there, standard output, and what a kill leaves:
# test_output_files.sh PROGRAM DATA, where DATA/reference holds tiny models.
set -u
program=$(realpath "$1")
model=$(realpath "$2")/reference/plain_top
. "$(dirname "$(realpath "$0")")/shell.sh"
picture a.png
cp a.png b.png
small=(--model "$model" --width 64 --height 48 --num-inference-steps 1 --num-frames 2 --seed 7)
export TMPDIR=$scratch/tmp
mkdir "$TMPDIR"
works one.npy generate a.png -o one.npy "${small[@]}" --save-latents latents.npy --quiet

folders() {
    works new/er/a.npy generate a.png -o new/er/a.npy "${small[@]}" --quiet --save-latents kept/l/l.npy
    same one.npy new/er/a.npy
    same latents.npy kept/l/l.npy
    works new/2/b/b.npy generate a.png b.png -o 'new//{index}/{name}/{name}.npy' "${small[@]}" --quiet
    works frames/deep/0002.png decode latents.npy -o frames/deep/%04d.png --model "$model" --quiet
    works "$PWD/abs/a.npy" decode latents.npy -o "$PWD/abs/a.npy" --model "$model" --quiet
    ln -s kept link
    works kept/more/a.npy decode latents.npy -o link/more/a.npy --model "$model" --quiet
    rm -r new kept frames abs link
    # a run that fails leaves no folder that it made, and those that were there
    mkdir there
    refused 1 'width' generate a.png -o there/new/er/a.mp4 --save-latents other/l.npy "${small[@]}" --width 63
    refused 1 'missing.png' generate missing.png -o new/er/a.mp4 "${small[@]}"
    refused 1 'a.xyz' generate a.png -o new/er/a.xyz "${small[@]}"
    refused 1 'a.png: Not a directory' generate a.png -o a.png/a.mp4 "${small[@]}"
    refused 1 'cannot make the folder a.png: Not a directory' generate a.png -o a.png/er/a.mp4 "${small[@]}"
    [ -d /proc/self ] && refused 1 'cannot make the folder /proc/none' generate a.png -o /proc/none/a.mp4 "${small[@]}"
    ends 1 generate a.png bad.png -o 'new/{name}/a.npy' "${small[@]}" --quiet
    there new/a/a.npy
    [ -e new/bad ] && fail 'the folder of a video that was not made stays'
    ends 0 generate a.png -o plan/a.mp4 "${small[@]}" --plan
    [ -e plan ] && fail 'a plan makes folders'
    rm -r there new
}

# A folder that has gone meanwhile, as where another run removes what it made, is made again.
folder_goes() {
    mkfifo pipe
    "$program" generate pipe -o new/a.npy "${small[@]}" --save-latents more/l.npy --quiet < /dev/null \
        2> "$scratch/err" &
    local process=$!
    exec 9> pipe # once the program reads: what it checks before that is over
    rmdir new more || fail 'the folders of the outputs'
    cat a.png >&9
    exec 9>&-
    wait $process || fail 'a folder that has gone'
    same one.npy new/a.npy
    same latents.npy more/l.npy
    rm -r new more pipe
}

no_overwrite() {
    printf old > a.mp4
    cp a.mp4 l.npy
    refused 1 'cannot write a.mp4: it is there already; give another name' generate missing.png -o a.mp4 \
        "${small[@]}" --no-overwrite
    refused 1 'cannot write l.npy: it is there already' generate missing.png -o b.mp4 --save-latents l.npy \
        "${small[@]}" --no-overwrite
    refused 1 'a.mp4: it is there already' decode latents.npy -o a.mp4 --model "$model" --no-overwrite
    refused 1 'a.mp4: it is there already' generate a.png b.png missing.png -o '{name}.mp4' "${small[@]}" --no-overwrite
    # of frames, each
    printf old > 0002.png
    refused 1 'cannot write 0002.png: it is there already' generate missing.png -o %04d.png "${small[@]}" --no-overwrite
    rm 0002.png
    refused 2 'exclude each other' generate a.png -o b.mp4 "${small[@]}" --no-overwrite --skip-existing
    works new.npy generate a.png -o new.npy "${small[@]}" --no-overwrite --quiet --save-latents new-l.npy
    same new.npy one.npy
    works clips.npy generate a.png -o clips.npy "${small[@]}" --extend 1 --num-videos 2 --video-index 1 --no-overwrite \
        --save-latents clips-l.npy --quiet # latents of clips are written clip by clip
    ln -s behind.npy link.npy
    works behind.npy generate a.png -o link.npy "${small[@]}" --no-overwrite --quiet
    same behind.npy one.npy
    check_old a.mp4 l.npy
    rm a.mp4 l.npy new*.npy clips*.npy link.npy behind.npy
}

check_old() {
    local file
    for file; do [ "$(cat "$file")" = old ] || fail "$file was overwritten"; done
}

# A file that appears while the run computes is not replaced, whatever its kind.
file_appears() {
    local kind process
    for kind in npy mp4 webp gif %d.png latents; do
        local out=new.$kind option=(--save-latents other.npy)
        [ $kind = latents ] && out=new.npy option=(--save-latents appears.npy)
        local appears=${out/\%d/2}
        [ $kind = latents ] && appears=appears.npy
        mkfifo pipe
        "$program" generate pipe -o "$out" "${small[@]}" "${option[@]}" --no-overwrite --quiet < /dev/null \
            2> "$scratch/err" &
        process=$!
        exec 9> pipe # once the program reads
        printf old > "$appears"
        cat a.png >&9
        exec 9>&-
        wait $process
        status=$?
        [ $status = 1 ] || fail "$kind: status $status where a file appears"
        said "cannot write $appears: it is there already"
        check_old "$appears"
        [ -e new.1.png ] && fail 'a frame stays of a video that was not written'
        [ $kind = latents ] || said 'its latents are kept in other.npy'
        ls -A | grep '^\.' && fail "$kind leaves a temporary file"
        rm -f pipe new.* other.npy appears.npy
    done
}

skip_existing() {
    works x/a.npy generate a.png -o 'x/{name}.npy' "${small[@]}" --quiet
    printf old > x/a.npy
    ends 0 generate a.png b.png -o 'x/{name}.npy' "${small[@]}" --skip-existing --json
    said '^skipped x/a.npy: it is there already$'
    said '^wrote x/b.npy'
    check_old x/a.npy
    same one.npy x/b.npy
    [ "$(wc -l < "$scratch/out")" = 2 ] || fail 'two lines of JSON were to be printed'
    printed '^{.*"input":"a.png","outputs":\["x/a.npy"\],"latents":\[\],"skipped":true,"seed":7}$'
    # nothing is read, computed or said where all is there
    ends 0 generate missing.png -o x/a.npy "${small[@]}" --skip-existing --quiet --json
    [ -s "$scratch/err" ] && fail '--quiet was to be quiet'
    printed '^  "skipped": true,$'
    ends 0 decode latents.npy -o x/a.npy --model "$model" --skip-existing
    said '^skipped x/a.npy'
    chmod a-w x/a.npy
    ends 0 generate missing.png -o x/a.npy "${small[@]}" --skip-existing # which nobody could write
    ends 1 generate missing.png a.png -o 'x/{name}.npy' "${small[@]}" --skip-existing --quiet
    said '0 of 2 made, 1 skipped; failed: missing.png'
    chmod u+w x/a.npy
    # the files of a task belong together
    printf old > x/v-1.npy
    refused 1 'x/v-1.npy is there and x/v-2.npy, which belongs to it, is not: remove the one' \
        generate missing.png -o x/v.npy "${small[@]}" --num-videos 2 --skip-existing
    refused 1 'x/a.npy is there and x/l.npy, ' generate missing.png -o x/a.npy --save-latents x/l.npy "${small[@]}" \
        --skip-existing
    refused 1 'x/v-1.npy is there and x/n.npy, ' generate missing.png -o x/n.npy --save-latents x/v-1.npy \
        "${small[@]}" --skip-existing
    works x/n.npy generate a.png -o x/n.npy --save-latents x/l.npy "${small[@]}" --extend 1 --skip-existing --quiet
    ends 0 decode x/l.npy -o x/again.npy --model "$model" --quiet
    # only a file is something that was made
    mkdir x/d.mp4
    mkfifo x/p.mp4
    refused 1 'cannot write x/d.mp4: it is a folder' generate a.png -o x/d.mp4 "${small[@]}" --skip-existing
    refused 1 'cannot write x/p.mp4: it is ' generate a.png -o x/p.mp4 "${small[@]}" --skip-existing
    # frames: all of them
    ends 0 decode latents.npy -o x/%d.png --model "$model" --quiet
    ends 0 generate missing.png -o x/%d.png "${small[@]}" --skip-existing
    said '^skipped x/%d.png: it is there already$'
    rm x/2.png
    printf old > x/1.png
    refused 1 'x/1.png is there and x/2.png, ' generate a.png -o x/%d.png "${small[@]}" --skip-existing
    check_old x/1.png
    chmod -R u+w x
    rm -r x
}

# One that another run makes meanwhile stays, and is not told of as written.
skipped_late() {
    local latents process
    for latents in '' l.npy; do
        mkfifo pipe
        "$program" generate pipe -o new.npy "${small[@]}" ${latents:+--save-latents $latents} --skip-existing --json \
            < /dev/null > "$scratch/out" 2> "$scratch/err" &
        process=$!
        exec 9> pipe # once the program reads
        printf old > new.npy
        cat a.png >&9
        exec 9>&-
        wait $process
        status=$?
        check_old new.npy
        if [ "$latents" ]; then
            [ $status = 1 ] || fail "status $status where a video appears whose latents are another's"
            said 'cannot write new.npy: it is there already; give another name; its latents are kept in l.npy'
        else
            [ $status = 0 ] || fail "status $status where the video appears"
            said '^skipped new.npy: it is there already$'
            printed '^  "skipped": true,$'
        fi
        rm -f pipe new.npy l.npy
    done
}

# Whenever a signal comes, no folder stays that was made for it.
early_signal() {
    local signal delay process
    for signal in INT HUP; do
        for delay in 0.01 0.03 0.06 0.1 0.2; do
            "$program" generate a.png -o new/er/a.npy "${small[@]}" --num-inference-steps 9999 --quiet < /dev/null \
                > "$scratch/out" 2> "$scratch/err" &
            process=$!
            await [ -e new ]
            sleep $delay
            kill -$signal $process
            wait $process
            status=$?
            [ $status = 130 ] || fail "SIG$signal after $delay s: status $status"
            said '^img2vid: interrupted$'
            [ -e new ] && fail "SIG$signal after $delay s leaves a folder"
            rm -rf new
        done
    done
}

standard_output() {
    local kind
    for kind in mp4 mkv webm mov gif webp png npy; do
        "$program" decode latents.npy -o - --format $kind --model "$model" 2> "$scratch/err" > out.$kind ||
            fail "-o - --format $kind"
        said '^wrote standard output: 2 frames of 64x48'
        ends 0 decode latents.npy -o file.$kind --model "$model" --quiet
        "$program" decode latents.npy -o - --format $kind --model "$model" --quiet | cat > piped.$kind
        [ $kind = mkv ] || [ $kind = webm ] || same file.$kind out.$kind
        same out.$kind piped.$kind
        rm out.$kind piped.$kind file.$kind
    done
    "$program" generate - -o - --format npy "${small[@]}" --quiet < a.png | cmp - one.npy || fail 'from pipe to pipe'
    : > "$scratch/out" > "$scratch/err"
    refused 2 '-o - needs --format' generate a.png -o - "${small[@]}"
    refused 2 '--format takes mp4|mkv' generate a.png -o - --format avi "${small[@]}"
    refused 2 '--format is for -o - alone: the ending of a.mp4' generate a.png -o a.mp4 --format gif "${small[@]}"
    refused 2 '-o - takes one video' generate a.png b.png -o - --format gif "${small[@]}"
    refused 2 '-o - takes one video' generate a.png -o - --format gif "${small[@]}" --num-videos 2
    ends 2 generate a.png -o - --format gif "${small[@]}" --json
    said '-o - and --json exclude each other'
    refused 1 'a .gif holds no av1' generate a.png -o - --format gif --codec av1 "${small[@]}"
    ends 0 generate a.png -o - --format gif --plan "${small[@]}" --json
    # a reader that has gone is an error, and no death without a word
    (
        trap '' PIPE
        "$program" decode latents.npy -o - --format npy --model "$model" --quiet 2> "$scratch/err"
        echo $? > "$scratch/status"
    ) | true
    [ "$(cat "$scratch/status")" = 1 ] || fail 'the status where nobody reads'
    said '^img2vid: cannot write to standard output: Broken pipe: the program that reads it has ended$'
    if [ -w /dev/full ]; then
        "$program" decode latents.npy -o - --format npy --model "$model" --quiet > /dev/full 2> "$scratch/err" &&
            fail 'a full disk'
        said 'cannot write to standard output: No space left'
    fi
    if command -v script > /dev/null; then
        script -qec "'$program' decode latents.npy -o - --format gif --model '$model'" /dev/null < /dev/null |
            grep -q 'standard output is a terminal' || fail 'a video on a terminal'
    fi
    TMPDIR=/none run decode latents.npy -o - --format npy --model "$model"
    [ $status = 1 ] || fail 'without a folder for temporary files'
    said 'cannot make a folder in /none for the video: .*; set TMPDIR to another'
    [ "$(ls -A "$TMPDIR")" = '' ] || fail 'temporary files were left behind'
}

# Ctrl-C while the reader takes its time.
slow_reader() {
    mkfifo pipe
    sleep 60 < pipe &
    local reader=$! process
    "$program" generate a.png -o - --format npy "${small[@]}" --num-frames 4 > pipe 2> "$scratch/err" < /dev/null &
    process=$!
    await grep -q '^decode 4 of 4' "$scratch/err"
    sleep 0.3 # the pipe is full then
    kill -INT $process
    wait $process
    status=$?
    [ $status = 130 ] || fail "interrupted while it writes to a pipe: $status, not 130"
    kill $reader
    wait $reader 2> /dev/null
    [ "$(ls -A "$TMPDIR")" = '' ] || fail 'temporary files were left behind'
    rm pipe
}

# However the decoder is ended, the latents are there, whole.
killed_in_decode() {
    local signal process
    for signal in INT KILL; do
        : > "$scratch/err"
        "$program" generate a.png -o v.mp4 "${small[@]}" --num-frames 80 --decode-chunk-size 1 --threads 1 \
            --save-latents l.npy < /dev/null > /dev/null 2> "$scratch/err" &
        process=$!
        await [ -e l.npy ]
        kill -$signal $process
        wait $process 2> /dev/null
        status=$?
        [ -e v.mp4 ] && fail 'the video was made before the signal came'
        if [ $signal = INT ]; then
            [ $status = 130 ] || fail "interrupted in decode: $status, not 130"
            said '^img2vid: interrupted; its latents are kept in l.npy, for img2vid decode$'
        fi
        ends 0 info l.npy
        printed '^latents  *l.npy'
        printed '^shape  *\[80,'
        works v.npy decode l.npy -o v.npy --model "$model" --quiet
        rm l.npy v.npy
    done
}

run_groups folders folder_goes no_overwrite file_appears skip_existing skipped_late early_signal standard_output slow_reader killed_in_decode
