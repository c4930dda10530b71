#!/bin/bash
# Contact sheets beside videos: test_sheet.sh PROGRAM DATA, where DATA/reference holds tiny models.
set -u
program=$(realpath "$1")
data=$(realpath "$2")
model=$data/reference/plain_top
. "$(dirname "$(realpath "$0")")/shell.sh"
picture photo.png
small=(--model "$model" --width 64 --height 48 --num-inference-steps 1 --num-frames 5 --seed 1 --quiet)

# size FILE WIDTHxHEIGHT
size() {
    local is
    is=$("$program" info "$1" | sed -n 's/^size *//p')
    [ "$is" = "$2" ] || fail "$1 is $is, not $2"
}

# ---- a sheet has the frames, of which the grid's pixels are those of the video, and the metadata
works s/sheet.png generate photo.png -o v/%d.png --sheet s/sheet.png "${small[@]}"
height=$("$program" info s/sheet.png | sed -nE 's/^size *640x//p') # at least so wide
[ "$height" ] || fail 'the sheet is not 640 pixels wide'
"$program" info s/sheet.png --json > info.json
grep -q '"seed": 1' info.json || fail 'the sheet has no metadata'
for number in 1 5; do
    # two rows of three, each with its times below
    x=8 y=$((height - 2 * 74))
    [ "$number" = 5 ] && x=80 y=$((height - 74))
    ffmpeg -v error -y -i s/sheet.png -vf "crop=64:48:$x:$y" "tile$number.png"
    "$program" compare "v/$number.png" "tile$number.png" --quiet --json > "$scratch/out"
    grep -q '"equal": true' "$scratch/out" || fail "tile $number is not frame $number"
done
works again.png generate --from s/sheet.png -o again.png --quiet
works plain.png generate photo.png -o w.webp --sheet plain.png "${small[@]}" --no-metadata
"$program" info plain.png | grep -q 'made with  unknown' || fail 'the sheet has metadata with --no-metadata'
size plain.png 640x182 # nor a text of it

# ---- long videos and large frames make no huge picture
works long.png generate photo.png -o l.npy --sheet long.png "${small[@]}" --extend 9
[ "$("$program" info long.png | sed -nE 's/^size *([0-9]+)x.*/\1/p')" -le 1920 ] || fail 'the sheet is too wide'
works large.png generate photo.png -o l.npy --sheet large.png "${small[@]}" --width 1024 --height 32 --num-frames 8
[ "$("$program" info large.png | sed -nE 's/^size *([0-9]+)x.*/\1/p')" -le 1920 ] || fail 'the sheet is too wide'

# ---- names
few=("${small[@]:0:6}" --num-inference-steps 1 --num-frames 2 --quiet)
works b/photo-2.png generate photo.png -o 'b/{seed}.webp' --sheet 'b/{name}-{seed}.png' "${few[@]}" --seeds 1,2
works b/photo-1.png info b/photo-1.png
ends 0 generate photo.png -o j.webp --sheet j.png "${small[@]}" --json
grep -q '"j.png"' "$scratch/out" || fail '--json does not name the sheet'
works latents.npy generate photo.png -o l.npy --save-latents latents.npy "${small[@]}"
works d.png decode latents.npy -o d.webp --sheet d.png --model "$model" --quiet
size d.png 640x"$("$program" info d.png | sed -nE 's/^size.*x//p')"

# ---- jobs of a list have theirs; a job whose sheet is missing is made again
echo '{"image": "photo.png", "output": "l/{seed}.webp", "sheet": "l/{seed}.png", "seed": [1, 2]}' > list
jobs() { ends 0 generate --jobs list "${few[@]}" --json; }
jobs
there l/1.png
there l/2.png
jobs
[ "$(grep -c '"skipped": *true' "$scratch/out")" = 2 ] || fail 'finished jobs with sheets are made again'
rm l/2.png
jobs
[ "$(grep -c '"skipped": *true' "$scratch/out")" = 1 ] || fail 'a job without its sheet is finished'
there l/2.png

# ---- what is wrong is said before the work, and nothing is left
refused 1 'end its name in .png' generate photo.png -o x.webp --sheet x.jpg "${small[@]}"
refused 1 'needs no number' generate photo.png -o x.webp --sheet x%d.png "${small[@]}"
refused 1 'x.png and ./x.png, which are to be written, are one file; change --output or --sheet' \
    generate photo.png -o x.png --sheet ./x.png "${small[@]}"
refused 1 'would overwrite photo.png, a picture of this run; give another name with --sheet' \
    generate photo.png -o x.webp --sheet photo.png "${small[@]}"
refused 2 'two seeds would be written to x.png' generate photo.png -o '{seed}.webp' --sheet x.png --seeds 1,2
refused 2 'the fields in braces are' generate photo.png -o x.webp --sheet '{what}.png'
refused 1 'it is there already' generate photo.png -o x.webp --sheet j.png "${small[@]}" --no-overwrite
rm j.webp
refused 1 'j.png is there and j.webp, which belongs to it, is not' \
    generate photo.png -o j.webp --sheet j.png "${small[@]}" --skip-existing
[ "$failures" = 0 ] && echo 'sheets show what was made'
exit "$failures"
