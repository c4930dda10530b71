#!/bin/bash
# Comparing videos: labels by metadata, figures, and what is written: test_compare.sh PROGRAM DATA, where DATA/reference
# holds tiny models, and DATA/media pictures.
set -u
program=$(realpath "$1")
data=$(realpath "$2")
model=$data/reference/plain_top
. "$(dirname "$(realpath "$0")")/shell.sh"
picture photo.png
small=(--model "$model" --width 64 --height 48 --num-inference-steps 1 --num-frames 4 --quiet)
"$program" generate photo.png -o '{seed}.mp4' --seeds 1,2 "${small[@]}" || fail 'no videos to begin with'
"$program" generate photo.png -o '{seed}.npy' --seeds 1,2 "${small[@]}" || fail 'no arrays to begin with'

# says TEXT: standard output has it
says() { grep -qF -- "$1" "$scratch/out" || fail "standard output lacks '$1'"; }
# number NAME [VIDEO]: what the JSON of the last run says, of the last video or of that number from 1
number() { grep -oE "\"$1\": [^,]*" "$scratch/out" | sed -n "${2:-\$}p" | cut -d ' ' -f 2; }
# near VALUE WANTED WITHIN
near() { awk -v a="$1" -v b="$2" -v c="$3" 'BEGIN {exit !(a - b <= c && b - a <= c)}' || fail "$1 is not $2"; }

# scikit-image 0.26.0's values, by tools/likeness_reference.py
figures() {
    local name psnr ssim
    while read -r name psnr ssim; do
        ends 0 compare "$data/media/rgb444.jpg" "$data/media/$name" --json
        near "$(number psnr)" "$psnr" 0.00001
        near "$(number ssim)" "$ssim" 0.00001
    done << VALUES
rgb420.jpg 39.132254 0.968585
low_quality.jpg 25.353512 0.788620
progressive420.jpg 36.274093 0.940273
lossy.webp 37.279502 0.956460
VALUES
    # motion of two pictures is their mean difference
    mkdir two
    cp "$data/media/rgb8.png" two/1.png
    cp "$data/media/rgb8.png" two/2.png
    ends 0 compare two/%d.png two/1.png --json
    near "$(number motion 1)" 0 0
    # over several frames: the mean of squares, not of decibels; the mean of SSIM
    ends 0 compare 1.npy 2.npy --json
    awk '/"psnr_of_frames"/ {of = 1} /"ssim_of_frames"/ {of = 2} of && /^ *[0-9.]+,?$/ {sub(",", ""); n[of]++
        s[of] += of == 1 ? 10 ^ (-$1 / 10) : $1} /"psnr":/ {p = $2 + 0} /"ssim":/ {q = $2 + 0}
        END {a = -10 * log(s[1] / n[1]) / log(10); b = s[2] / n[2]
             exit !(n[1] == 4 && n[2] == 4 && (a - p) ^ 2 < 1e-8 && (b - q) ^ 2 < 1e-8)}' "$scratch/out" ||
        fail 'the figures of frames are not those of the video'
    # the same frames
    cp 1.mp4 copy.mp4
    ends 0 compare 1.mp4 copy.mp4 --json
    says '"equal": true'
    says '"psnr": null'
    says '"ssim": 1.0'
    ends 0 compare 1.mp4 copy.mp4
    grep -qE '^B +4 +64x48 +equal +1\.0000 ' "$scratch/out" || fail 'equal videos are not told'
}

labels() {
    ends 0 compare 1.mp4 2.mp4
    grep -qE '^A +4 +64x48 +- +- +[0-9.]+  seed 1$' "$scratch/out" || fail 'the row of A'
    grep -qE '^B +4 +64x48 +[0-9]+\.[0-9]{2} +0\.[0-9]{4} +[0-9.]+  seed 2$' "$scratch/out" || fail 'the row of B'
    [ -s "$scratch/err" ] && fail 'nothing was to be said on standard error'
    "$program" generate photo.png -o fast.webp --seed 1 --motion-bucket-id 200 "${small[@]}"
    ends 0 compare 1.mp4 fast.webp
    grep -q 'motion_bucket_id 127$' "$scratch/out" || fail 'the label of A'
    grep -q 'motion_bucket_id 200$' "$scratch/out" || fail 'the label of B'
    # nothing differs, or nothing is known: the file's name
    ends 0 compare 1.mp4 copy.mp4
    grep -q ' 1\.mp4$' "$scratch/out" && grep -q ' copy\.mp4$' "$scratch/out" || fail 'names of files'
    ends 0 compare 1.mp4 2.npy
    said 'note: 2.npy has no metadata of img2vid; it is labelled by its name'
    ends 0 compare 1.mp4 2.npy --quiet
    [ -s "$scratch/err" ] || [ -s "$scratch/out" ] && fail '--quiet says something'
    # a picture is a hash only where its name is the same
    mkdir other
    cp "$data/media/rgb8.png" other/photo.png
    (cd other && "$program" generate photo.png -o ../other.mp4 --seed 1 "${small[@]}")
    ends 0 compare 1.mp4 other.mp4
    grep -qE 'image_sha256 [0-9a-f]{8}$' "$scratch/out" || fail 'pictures of one name'
}

sizes() {
    "$program" generate photo.png -o large.gif --seed 1 "${small[@]}" --width 80 --num-frames 6
    ends 0 compare 1.mp4 large.gif -o uneven.mp4
    said 'note: large.gif is 80x48 and 1.mp4 64x48: without PSNR and SSIM'
    grep -qE '^B +6 +80x48 +- +- ' "$scratch/out" || fail 'the row of another size'
    has uneven.mp4 frames 6
    "$program" generate photo.png -o long.webm --seed 1 "${small[@]}" --num-frames 6
    ends 0 compare 1.mp4 long.webm
    said 'note: long.webm has 6 frames and 1.mp4 4: the first 4 are compared'
    "$program" generate photo.png -o slow.mp4 --seed 1 "${small[@]}" --playback-fps 2
    ends 0 compare 1.mp4 slow.mp4
    said 'note: slow.mp4 plays at 2 frames a second; here all are set side by side frame by frame, at 7'
}

# has FILE KEY VALUE: as img2vid info says
has() {
    "$program" info "$1" --json > "$scratch/info" || fail "$1 is no video"
    grep -qE "\"(num_)?$2\": \"?$3\"?" "$scratch/info" || fail "$1: $2 is not $3"
}

writes() {
    works new/grid.mp4 compare 1.mp4 2.mp4 -o new/grid.mp4
    said 'wrote new/grid.mp4'
    has new/grid.mp4 codec h264
    has new/grid.mp4 frames 4
    has new/grid.mp4 width 520 # two cells of 248, gaps of 8
    [ "$(ffprobe -v error -show_entries stream=codec_name,pix_fmt,r_frame_rate -of csv=p=0 new/grid.mp4)" = \
        h264,yuv420p,7/1 ] || fail 'what ffprobe says of the grid'
    works grid.gif compare 1.mp4 2.mp4 -o grid.gif --quiet
    has grid.gif frames 4
    works g/4.png compare 1.mp4 2.mp4 -o g/%d.png --quiet
    works grid.mkv compare 1.mp4 2.mp4 -o grid.mkv --codec ffv1 --playback-fps 3 --quiet
    has grid.mkv codec ffv1
    has grid.mkv fps 3
    works sheet.png compare 1.mp4 2.mp4 g/%d.png -o sheet.png --quiet
    has sheet.png frames 1
    works page.html compare 1.mp4 2.mp4 -o page.html --quiet
}

page() {
    # all of it is in it, and its policy lets its own script run
    ends 0 compare 1.mp4 fast.webp -o page.html --quiet
    grep -qE '(src|href)="?(https?:|//|[^d"])' page.html && fail 'the page asks for something outside'
    [ "$(grep -c '^<figure><video controls muted playsinline .* src="data:video/mp4;base64,' page.html)" = 2 ] ||
        fail 'two videos in the page'
    sed -n '/^<figure>/{s/.*base64,//;s/".*//;p;q}' page.html | base64 -d | cmp - 1.mp4 ||
        fail "the page changes an mp4's bytes"
    sed -n '/^<figure>.*Video B/{s/.*base64,//;s/".*//;p}' page.html | base64 -d > b.mp4
    has b.mp4 codec h264
    has b.mp4 frames 4
    local hash
    hash=$(sed -n '/^<script>/,/^<\/script>/p' page.html | sed '1s/^<script>//; $d' |
        openssl dgst -sha256 -binary | base64)
    grep -qF "script-src 'sha256-$hash'" page.html || fail "the policy does not name the script: $hash"
    [ "$(grep -c '<polyline class=' page.html)" = 2 ] || fail 'two lines of motion'
    # nothing else has the name of a temporary file
    mkdir t
    TMPDIR=$PWD/t "$program" compare 1.mp4 fast.webp -o page.html --quiet
    [ -z "$(ls -A t)" ] || fail 'temporary files are left'
}

# What files say of themselves is text and nothing else, in the page, in JSON and on a terminal.
hostile() {
    local evil='"><script>alert(1)</script><img src=x onerror=alert(2)>&'\'' \u001b[31m\u202e' json
    json="{\"program\":\"img2vid\",\"seed\":1,\"<b>key</b>\":\"x\",\"image\":\"${evil//\"/\\\"}\"}"
    ffmpeg -v error -y -i 1.mp4 -c copy -metadata comment="$json" evil.mp4
    cp evil.mp4 "$(printf '\033[7m<i>"&.mp4')"
    ends 0 compare 2.mp4 evil.mp4 "$(printf '\033[7m<i>"&.mp4')" -o evil.html --json
    says 'onerror=alert'
    grep -q $'\033' "$scratch/out" "$scratch/err" && fail 'an escape went to the terminal'
    grep -q $'\033\|\u202e' evil.html && fail 'an escape went into the page'
    [ "$(grep -oi '<script' evil.html | wc -l)" = 1 ] || fail 'a script got into the page'
    grep -qi '<img\|<i>\|<b>' evil.html && fail 'a tag got into the page'
    grep -q '&lt;img src=x onerror=alert(2)&gt;&amp;' evil.html || fail 'the text is not in the page'
    works evil.png compare 2.mp4 evil.mp4 -o evil.png --quiet
    works evil.gif compare 2.mp4 evil.mp4 -o evil.gif --quiet
}

wrong() {
    refused 2 'one video is nothing to compare' compare 1.mp4
    refused 2 'VIDEO is missing' compare
    refused 2 'does not write to standard output' compare 1.mp4 2.mp4 -o -
    refused 2 '27 videos are too many: 26 are compared at once' compare $(yes 1.mp4 | head -n 27)
    refused 1 'missing.mp4' compare 1.mp4 missing.mp4 -o x.mp4
    refused 1 'its ending says no known format' compare 1.mp4 2.mp4 -o x.txt
    refused 1 'not rounded to 8 bits' compare 1.mp4 2.mp4 -o x.npy
    refused 1 'holds no ffv1' compare 1.mp4 2.mp4 -o x.mp4 --codec ffv1
    refused 1 'it is there already' compare 1.mp4 2.mp4 -o page.html --no-overwrite
    refused 1 'it is there already' compare 1.mp4 2.mp4 -o sheet.png --no-overwrite
    head -c 3000 1.mp4 > cut.mp4
    refused 1 'cut.mp4 is truncated or damaged' compare 1.mp4 cut.mp4 -o x.mp4
    ends 1 compare 1.mp4 missing.mp4 --json --quiet
    says '"error": "cannot open missing.mp4'
    says '"status": "io"'
    # no file that is read is written
    local before
    before=$(sha256sum 1.mp4 2.mp4 g/2.png)
    ln -f 2.mp4 hard.mp4
    refused 1 'writing ./1.mp4 would overwrite 1.mp4, a video of this comparison; give another name with --output' \
        compare 1.mp4 2.mp4 -o ./1.mp4
    refused 1 'writing hard.mp4 would overwrite 2.mp4' compare 1.mp4 2.mp4 -o hard.mp4
    refused 1 'writing ./g/1.png would overwrite g/%d.png' compare g/%d.png g/%d.png -o ./g/%d.png
    refused 1 'writing ./g/2.png would overwrite g/%d.png' compare g/%d.png g/%d.png -o ./g/2.png
    [ "$(sha256sum 1.mp4 2.mp4 g/2.png)" = "$before" ] || fail 'a video was written over'
}

figures
labels
sizes
writes
page
hostile
wrong
[ "$failures" = 0 ] && echo 'comparisons say what there is'
exit "$failures"
