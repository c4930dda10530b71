#!/bin/bash
# The program with several pictures, seeds and clips, and its options of outputs: test_cli_many.sh PROGRAM DATA, where
# DATA/reference holds tiny models.
set -u
program=$(realpath "$1")
model=$(realpath "$2")/reference/plain_top
. "$(dirname "$(realpath "$0")")/shell.sh"
mkdir out there 1 2
picture a.png
cp a.png b.png
cp a.png there/a.png
cp a.png 'c{d}%.x.png'
for i in 0 1 2 3 4 5 6 7 8 9; do cp a.png p$i.png; done
printf 'not a picture' > bad.jpg
small=(--model "$model" --width 64 --height 48 --num-inference-steps 1 --num-frames 3)

# Each of ten pictures gives what a call of its own gives, and only the first loads the model.
ten_pictures() {
    ends 0 generate p?.png -o 'out/{name}.npy' "${small[@]}" --seed 3 --json
    [ "$(wc -l < "$scratch/out")" = 10 ] || fail 'ten lines of JSON were to be printed'
    [ "$(grep -c '"load":0.0,' "$scratch/out")" = 9 ] || fail 'the parts were to be loaded once'
    [ "$(grep -c '^picture [0-9]* of 10: load' "$scratch/err")" -le 4 ] || fail 'the parts were to be loaded once'
    said '^picture 10 of 10: denoise 1 of 1'
    grep -q '^picture [2-9] of 10: load' "$scratch/err" && fail 'a part was loaded again'
    if command -v python3 > /dev/null; then
        python3 -c 'import json, sys
reports = [json.loads(line) for line in sys.stdin]
assert [r["outputs"] for r in reports] == [["out/p%d.npy" % i] for i in range(10)]
assert all(r["seed"] == 3 and r["num_frames"] == 3 for r in reports)' < "$scratch/out" || fail 'the JSON is not right'
    fi
    ends 0 generate p7.png -o single.npy "${small[@]}" --seed 3 --quiet
    same single.npy out/p7.npy
    # each part anew for each picture, where memory allows no more: the same videos
    local least
    least=$("$program" generate a.png --plan "${small[@]}" --json | sed -n 's/^  "peak": \([0-9]*\),$/\1/p')
    ends 0 generate a.png p7.png --plan "${small[@]}" --max-memory "$least"
    printed '; loaded each time$'
    printed '   others '
    ends 0 generate a.png p7.png -o 'out/lean-{name}.npy' "${small[@]}" --seed 3 --max-memory "$least"
    same out/lean-p7.npy out/p7.npy
    ends 0 generate a.png p7.png --plan "${small[@]}"
    printed '; stays loaded$'
    ends 0 generate a.png --plan "${small[@]}"
    grep -q 'loaded' "$scratch/out" && fail 'a single picture keeps nothing'
    rm out/*
}

seeds() {
    ends 0 generate a.png b.png -o 'out/{name}-{seed}-{index}.npy' "${small[@]}" --seeds 7,1-2 \
        --save-latents 'out/{name}-{seed}-latents.npy' --json
    there out/a-7-1.npy out/a-1-1.npy out/a-2-1.npy out/b-7-2.npy out/b-1-2.npy out/b-2-2.npy out/b-2-latents.npy
    [ "$(ls out | wc -l)" = 12 ] || fail 'other files were written'
    said '^picture 2 of 2, seed 7: denoise'
    printed '"seed":7,'
    same out/a-1-1.npy out/b-1-2.npy
    cmp -s out/a-1-1.npy out/a-2-1.npy && fail 'two seeds give the same video'
    ends 0 generate a.png -o one.npy "${small[@]}" --seed 7
    same one.npy out/a-7-1.npy
    ends 0 generate a.png -o one.npy "${small[@]}" --seeds 2 --json
    [ "$(head -n 1 "$scratch/out")" = '{' ] || fail 'the JSON of a single video was to stay'
    same one.npy out/a-2-1.npy
    "$program" generate - -o 'out/{name}{seed}.npy' "${small[@]}" --seeds 1,2 < a.png 2> "$scratch/err"
    same out/stdin2.npy out/a-2-1.npy
    rm out/*
    local bad
    for bad in '' , 1, 1,,2 a 1-a 5-1 1-20000 -1 1,1 1-5,3 18446744073709551616; do
        refused 2 '--seeds takes' generate a.png -o '{seed}.mp4' "${small[@]}" --seeds="$bad"
    done
    refused 2 'exclude each other' generate a.png -o '{seed}.mp4' "${small[@]}" --seeds 1,2 --seed 1
}

names() {
    ends 0 generate 'c{d}%.x.png' there/a.png -o 'out/{{{name}}}-{index}.npy' "${small[@]}" --quiet
    there 'out/{c{d}%.x}-1.npy' 'out/{a}-2.npy'
    ends 0 generate a.png -o '{video}/{name}.npy' "${small[@]}" --num-videos 2 --quiet
    there 1/a.npy 2/a.npy
    ends 0 generate a.png b.png -o 'out/{name}.npy' "${small[@]}" --num-videos 2 --quiet
    there out/a-1.npy out/a-2.npy out/b-1.npy out/b-2.npy
    ends 0 generate a.png b.png -o 'out/{name}-%02d.png' "${small[@]}" --quiet
    there out/a-01.png out/b-03.png
    rm out/*
    local field
    for field in '{nme}' '{' '{}' '{name' '{NAME}' 'name}' '{seed }'; do
        refused 2 'brace' generate a.png -o "out/$field.mp4" "${small[@]}"
        refused 2 'brace' generate a.png -o out/a.mp4 --save-latents "out/$field.npy" "${small[@]}"
    done
    refused 2 'brace' decode latents.npy -o '{seed}.mp4' --model "$model"
    refused 2 'a.png and b.png would both be written to out.mp4' generate a.png b.png -o out.mp4 "${small[@]}"
    refused 2 'a.png and there/a.png would both' generate a.png b.png there/a.png -o '{name}.mp4' "${small[@]}"
    refused 2 'would both' generate a.png b.png -o '{name}.mp4' --save-latents l.npy "${small[@]}"
    refused 2 'two seeds would' generate a.png -o '{name}.mp4' --seeds 1,2 "${small[@]}"
    refused 2 'two files would' generate a.png -o '{name}.npy' --save-latents a.npy "${small[@]}"
    refused 1 'cannot make the folder a.png' generate a.png b.png -o 'a.png/none/{name}.mp4' "${small[@]}"
    refused 1 'cannot make the folder a.png: Not a dir' generate a.png -o 'a.png/{video}/{name}.mp4' "${small[@]}" --num-videos 3
}

# A picture that cannot be read loses no other.
failing_pictures() {
    ends 1 generate a.png bad.jpg missing.png b.png -o 'out/{name}{seed}.npy' "${small[@]}" --seeds 1,2 --json
    there out/a1.npy out/a2.npy out/b1.npy out/b2.npy
    [ "$(ls out | wc -l)" = 4 ] || fail 'other files were written'
    said '^img2vid: bad.jpg is not a picture'
    said '^img2vid: cannot open missing.png'
    said '^img2vid: 4 of 8 made; failed: bad.jpg, missing.png$'
    [ "$(grep -c '^img2vid: bad.jpg' "$scratch/err")" = 1 ] || fail 'an error was to be printed once'
    [ "$(wc -l < "$scratch/out")" = 6 ] || fail 'six lines of JSON were to be printed'
    printed '"input":"bad.jpg","error":"bad.jpg is not'
    ends 1 generate bad.jpg a.png -o 'out/{name}.npy' "${small[@]}" --quiet
    [ "$(wc -l < "$scratch/err")" = 2 ] || fail 'errors and nothing else were to be printed'
    rm out/*
    # what is wrong for all pictures ends the work
    ends 1 generate a.png b.png -o 'out/{name}.npy' "${small[@]}" --width 63
    said '^img2vid: 0 of 2 made; failed: a.png; the rest was left$'
    [ "$(ls out | wc -l)" = 0 ] || fail 'files were written'
}

# What is made before Ctrl-C stays.
interrupting() {
    "$program" generate a.png b.png -o 'out/{name}{seed}.npy' "${small[@]}" --seeds 1-9999 < /dev/null \
        > "$scratch/out" 2> "$scratch/err" &
    local process=$! made
    await [ -e out/a2.npy ]
    kill -INT $process
    wait $process
    status=$?
    [ $status = 130 ] || fail "interrupted: $status, not 130"
    made=$(ls out | wc -l)
    [ "$made" -ge 2 ] || fail 'what was made was to stay'
    said "^img2vid: interrupted; $made of 19998 made$"
    ls -A out | grep -qE '^\.' && fail 'temporary files were left behind'
    rm out/*
}

extending() {
    ends 0 generate a.png -o long.npy "${small[@]}" --seed 4 --extend 2 --save-latents latents.npy --json
    printed '"num_frames": 7,'
    printed '"num_clips": 3,'
    said '^denoise (clip 3 of 3) 1 of 1'
    ends 0 decode latents.npy -o again.npy --model "$model" --quiet
    same long.npy again.npy
    ends 0 decode latents.npy --plan --model "$model"
    ends 0 generate a.png -o out/%d.png "${small[@]}" --seed 4 --quiet --no-metadata
    ends 0 generate out/3.png -o out/second-%d.png "${small[@]}" --seed 5 --quiet --no-metadata
    ends 0 generate a.png -o out/long-%d.png "${small[@]}" --seed 4 --extend 1 --quiet --no-metadata
    same out/long-1.png out/1.png
    same out/long-3.png out/3.png
    same out/long-4.png out/second-2.png
    same out/long-5.png out/second-3.png
    [ -e out/long-6.png ] && fail 'a frame too many'
    ends 0 generate a.png b.png -o 'out/{name}.npy' "${small[@]}" --seed 4 --extend 1 --num-videos 2 --quiet
    there out/a-1.npy out/b-2.npy
    rm out/*
    refused 2 'exclude each other' generate a.png -o out.mp4 "${small[@]}" --extend 1 --latents latents.npy
    refused 1 'extend needs' generate a.png -o out.mp4 "${small[@]}" --num-frames 1 --extend 1
    refused 1 'extend' generate a.png -o out.mp4 "${small[@]}" --extend -1
}

outputs() {
    local made
    ends 0 generate a.png -o v.npy "${small[@]}" --seed 4 --save-latents latents.NPY # an ending is one in large letters, too
    mv latents.NPY latents.npy
    for made in c.mp4:h264:h264 c.mp4:h265:hevc c.mkv:ffv1:ffv1 c.webm:auto:vp9 c.mkv:vp9:vp9 c.mp4:av1:av1; do
        IFS=: read -r file codec name <<< "$made"
        ends 0 decode latents.npy -o "$file" --model "$model" --codec "$codec" --playback-fps 12.5 --loop --quiet
        [ -s "$scratch/err" ] && fail "$codec was to be quiet"
        ends 0 info "$file" --json
        printed "\"codec\": \"$name\""
        printed '"fps": 12.5'
        printed '"num_frames": 4,'
    done
    ends 0 generate a.png -o w.webp "${small[@]}" --seed 4 --quality 80 --loop --playback-fps 20 --fps 5 --json
    printed '"fps": 5,'
    printed '"quality": 80'
    printed '"playback_fps": 20'
    said 'wrote w.webp: 4 frames of 64x48, 20 frames a second'
    ends 0 decode latents.npy -o best.webp --model "$model" --quality 100
    ends 0 decode latents.npy -o worst.webp --model "$model" --quality 0
    [ "$(stat -c %s best.webp)" -gt "$(stat -c %s worst.webp)" ] || fail 'quality has no effect'
    refused 1 'a .webm holds no h264; these do: .mp4 .mkv .mov' generate a.png -o a.webm "${small[@]}" --codec h264
    refused 1 'a .gif holds no av1' decode latents.npy -o a.gif --model "$model" --codec av1
    refused 2 '--codec takes' generate a.png -o a.mp4 "${small[@]}" --codec divx
    refused 2 'exclude each other' generate a.png -o a.mp4 "${small[@]}" --crf 20 --quality 80
    refused 1 '--quality is 101; it must be between 0 and 100' generate a.png -o a.mp4 "${small[@]}" --quality 101
    refused 1 'quality' generate a.png -o a.mp4 "${small[@]}" --quality -1
    refused 1 '--playback-fps is 0; it must be between 0.01 and 1000' generate a.png -o a.mp4 "${small[@]}" --playback-fps 0
    refused 1 '--playback-fps is -7; it must be' decode latents.npy -o a.mp4 --model "$model" --playback-fps -7
}

# again FILE: what made it, made again from its metadata, gives its bytes.
again() {
    ends 0 generate --from "$1" -o "out/again.${1##*.}" --quiet
    same "$1" "out/again.${1##*.}"
}

running_again() {
    ends 0 generate a.png b.png -o 'out/{name}-{seed}.webp' "${small[@]}" --seeds 1,2 --extend 1 --loop --quality 70 \
        --playback-fps 12.5 --quiet
    again out/b-2.webp
    again out/a-1.webp
    ends 0 generate a.png -o out/two.mkv "${small[@]}" --seed 1 --num-videos 2 --extend 1 --codec ffv1 --quiet
    again out/two-2.mkv
    ends 0 generate --from out/two-2.mkv -o 'out/{video}.mkv' --quiet
    same out/two-2.mkv out/2.mkv
    ends 0 generate --from out/b-2.webp a.png b.png -o 'out/{name}.webp' --seed 1 --quiet
    same out/a-1.webp out/a.webp
    ends 0 generate --from out/b-2.webp -o 'out/s{seed}.webp' --seeds 1,2 --quiet
    same out/b-1.webp out/s1.webp
    ends 0 generate --from out/b-2.webp -o out/crf.webp --crf 20 --quiet
    rm out/*
}

run_groups ten_pictures seeds names failing_pictures interrupting extending outputs running_again
