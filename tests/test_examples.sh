#!/bin/bash
# The examples in C do what they say: test_examples.sh FOLDER MODEL PICTURE, where FOLDER holds example_NAME.
set -u
folder=$(realpath "$1")
model=$(realpath "$2")
picture=$(realpath "$3")
. "$(dirname "$(realpath "$0")")/shell.sh"

# example NAME ARGUMENT...
example() {
    local name=$1
    shift
    "$folder/example_$name" "$@" > "$scratch/out" 2> "$scratch/err"
}

# ---- minimal

example minimal "$model" "$picture" minimal.mp4 && [ -s minimal.mp4 ] || fail 'minimal makes no video'
example minimal "$model" nothing.jpg none.mp4 && fail 'minimal takes a picture that is not there'
grep -q nothing.jpg "$scratch/err" || fail 'minimal does not name what is missing'

# ---- callback: 10 steps, 3 frames

mkdir steps
example callback "$model" "$picture" callback.mp4 steps && [ -s callback.mp4 ] || fail 'callback makes no video'
[ "$(find steps -name 'step-*.webp' | wc -l)" = 10 ] || fail 'callback writes not one preview a step'
[ "$(grep -ao ANMF steps/step-010.webp | wc -l)" = 3 ] || fail 'a preview has not all frames'
cmp -s steps/step-001.webp steps/step-010.webp && fail 'the previews are all the same'
grep -q '% *denoise *10.0 of *10' "$scratch/out" && grep -q '^100 % *decode' "$scratch/out" || fail 'callback shows no progress'
example callback "$model" "$picture" other.mp4 no/such/folder && fail 'callback goes on without its previews'
grep -q 'no/such/folder' "$scratch/err" || fail 'callback does not name the file'
[ -e other.mp4 ] && fail 'a cancelled run wrote a video'

# ---- many pictures: one of them is bad, the others are made

mkdir videos
echo 'no picture' > bad.jpg
example many_pictures "$model" videos "$picture" bad.jpg "$picture" && fail 'a bad picture is no failure'
[ -s videos/1.mp4 ] && [ ! -e videos/2.mp4 ] && [ -s videos/3.mp4 ] || fail 'not videos 1 and 3 were made'
[ "$(grep -c bad.jpg "$scratch/err")" = 1 ] || fail 'the bad picture is not named once'
grep -q '^1 of 3 pictures failed$' "$scratch/err" || fail 'the failures are not counted'
example many_pictures "$model" videos "$picture" || fail 'a good picture is a failure'
example many_pictures nowhere videos "$picture" && fail 'a model that is not there is no failure'

[ $failures = 0 ] && echo 'all examples are as they should be'
exit $((failures > 0))
