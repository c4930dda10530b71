#!/bin/bash
# ffprobe, another reader than ours, agrees with what the video writers say they wrote: video_formats.sh TEST_VIDEO
# TEST_VIDEO is the program test_video.
set -u
command -v ffprobe >/dev/null || { echo "ffprobe is needed (package ffmpeg)"; exit 1; }
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
"$1" --write "$folder" || { echo "$1 --write failed"; exit 1; }
bad=0

# expect FILE ENTRIES WANTED: what ffprobe says of the first stream, values joined by commas.
expect() {
    local got
    got=$(ffprobe -v error -count_frames -select_streams v:0 -show_entries "$2" -of csv=p=0 "$folder/$1" | tr -d '\n')
    [ "$got" = "$3" ] && return
    echo "$1: $2 is $got, not $3"
    bad=1
}

# ffprobe gives entries in an order of its own: codec_name, width, height, r_frame_rate, avg_frame_rate, nb_read_frames.
stream=stream=codec_name,width,height,r_frame_rate,avg_frame_rate,nb_read_frames
for ending in mp4 mkv mov; do
    expect "a.$ending" $stream h264,72,40,7/1,7/1,7
    expect "b.$ending" $stream h264,72,40,24000/1001,24000/1001,7
done
expect a.webm $stream vp9,72,40,7/1,7/1,7
expect b.webm $stream vp9,72,40,24000/1001,24000/1001,7
expect a.png $stream apng,72,40,7/1,7/1,7
expect b.png $stream apng,72,40,24000/1001,24000/1001,7
expect a.gif stream=codec_name,width,height,nb_read_frames gif,72,40,7
# The last frame lasts as long as the others: 7 frames of 1/7 s.
for ending in mp4 mkv mov webm gif; do expect "a.$ending" format=duration 1.000000; done
# The metadata is the container's comment.
for ending in mp4 mkv mov webm; do
    got=$(ffprobe -v error -show_entries format_tags -of default=nw=1 "$folder/a.$ending" |
        sed -n 's/^TAG:comment=//Ip')
    [ "$got" = '{"program": "img2vid"}' ] || { echo "a.$ending: the comment is $got"; bad=1; }
done
# Colours are marked as what they are: range, matrix, transfer, primaries.
for ending in mp4 mkv mov webm; do
    expect "a.$ending" stream=color_range,color_space,color_transfer,color_primaries tv,bt709,bt709,bt709
done
# +faststart: the index comes before the pictures.
for ending in mp4 mov; do
    order=$(grep -aobE 'moov|mdat' "$folder/a.$ending" | cut -d: -f2 | tr '\n' ' ')
    [ "$order" = "moov mdat " ] || { echo "a.$ending: $order"; bad=1; }
done
exit $bad
