#!/bin/bash
# img2vid serve as its clients see it: test_server.sh PROGRAM DATA, where DATA/reference holds tiny models.
set -u
program=$(realpath "$1")
data=$(realpath "$2")
model=$data/reference/plain_top
tests=$(dirname "$(realpath "$0")")
. "$tests/shell.sh"
. "$tests/server.sh"
picture photo.png
small=(-F num_frames=3 -F num_inference_steps=3 -F seed=5)
long=(-F num_frames=3 -F num_inference_steps=10000)

api() {
    start
    answers 200 "${url%/v1}/healthz"
    printed '"status": "ok"'
    answers 200 /models
    printed '"id": "tiny"'
    order "${small[@]}" -F prompt='a räcket' -F model=tiny
    [ "$(value status)" = queued ] || fail "a new job is $(value status)"
    printed '"prompt": "a r\\u00e4cket"\|"prompt": "a räcket"'
    printed '"notes": \["prompt is ignored'
    printed '"object": "video".*"size": "16x16".*"seconds": "0.4286"'
    local first=$id
    becomes "$first" completed
    [ "$(value progress)" = 100 ] || fail "progress is $(value progress)"
    printed '"completed_at": [0-9]*,.*"seed": 5'
    answers 200 "/videos/$first/content"
    mv "$scratch/out" first.mp4
    grep -qi '^content-type: video/mp4' "$scratch/head" || fail 'the type of the video'
    ends 0 info first.mp4
    printed 'frames     3, 7 a second'
    printed 'size       16x16'
    # as JSON, with other names for the same
    printf '{"width":16,"height":16,"num_frames":3,"num_inference_steps":"3","seed":5,"cond_aug":0.02,"prompt":null,
        "frames_per_second":7,"image_url":"data:image\\/png;base64,%s"}' "$(base64 -w 0 photo.png)" > order.json
    answers 200 /videos -H 'Content-Type: application/json' --data-binary @order.json
    id=$(value id)
    becomes "$id" completed
    answers 200 "/videos/$id/content"
    same first.mp4 "$scratch/out"
    # its parameters are those by which the program makes the same frames
    works cli.mp4 generate --from first.mp4 photo.png --model "$model" -o cli.mp4 --quiet
    cmp <(ffmpeg -v error -i first.mp4 -f framemd5 -) <(ffmpeg -v error -i cli.mp4 -f framemd5 -) ||
        fail 'the program makes other frames'
    # lists, in pages
    answers 200 '/videos?limit=1'
    [ "$(grep -o '"object": "video"' "$scratch/out" | wc -l)" = 1 ] || fail 'one was asked for'
    printed "\"id\": \"$id\".*\"has_more\": true"
    answers 200 "/videos?limit=1&after=$id"
    printed "\"id\": \"$first\".*\"has_more\": false"
    answers 200 '/videos?order=asc'
    printed "\"first_id\": \"$first\", \"last_id\": \"$id\""
    answers 200 -I "/videos/$id"
    answers 200 "${url%/v1}/metrics"
    printed '^img2vid_jobs{status="completed"} 2$'
    printed '^img2vid_step_seconds_count 6$'
    answers 200 -X DELETE "/videos/$first"
    printed '"deleted": true'
    answers 404 "/videos/$first"
    [ "$(find data -name "*$first*")" ] && fail 'a removed job has files'
    answers 200 "/videos?order=asc&after=$first"
    printed "\"first_id\": \"$id\", \"last_id\": \"$id\""
    problem 404 after 'never was' '/videos?after=video_00000000000000000000000000000000'
    sed 's/"prompt":null/"prompt":"data:a"/; s/"seed":5/"seed":18446744073709551615/' order.json > largest.json
    answers 200 /videos -H 'Content-Type: application/json' --data-binary @largest.json
    printed '"prompt": "data:a".*"seed": "18446744073709551615"'
    answers 200 -X DELETE "/videos/$(value id)"
    # lists of numbers in a form, as clients write them
    order -F num_frames=2 -F 'sigmas[]=700' -F 'sigmas[]=3' -F 'sigmas[]=0'
    printed '"sigmas": \[700.0, 3.0, 0.0\]'
    becomes "$id" completed
    stop
    grep -q "^127.0.0.1 POST /v1/videos 200$" "$scratch/log" || fail 'the log has no requests'
}

errors() {
    local json=(-H 'Content-Type: application/json')
    start --max-upload 2000 --max-pixels 4096 --max-frames 10
    problem 400 input_reference 'is missing' /videos -F size=16x16
    problem 404 model 'no model sora-2 here' /videos -F input_reference=@photo.png -F model=sora-2
    problem 404 model 'no model /etc/passwd here' /videos -F input_reference=@photo.png -F model=/etc/passwd
    problem 400 size 'size takes width and height' /videos -F input_reference=@photo.png -F size=big
    problem 400 width 'it must be a multiple of' /videos -F input_reference=@photo.png -F size=17x16
    problem 400 size 'exclude each other' /videos -F input_reference=@photo.png -F size=16x16 -F width=16
    problem 400 size 'more pixels than the 4096' /videos -F input_reference=@photo.png -F size=128x128
    problem 400 num_frames 'longer than the 10' /videos -F input_reference=@photo.png -F num_frames=11
    problem 400 num_frames 'longer than the 10' /videos -F input_reference=@photo.png -F num_frames=6 -F extend=1
    problem 400 seconds 'exclude each other' /videos -F input_reference=@photo.png -F num_frames=5 -F seconds=1
    problem 400 seconds 'a length of time' /videos -F input_reference=@photo.png -F seconds=-1
    problem 400 num_inference_steps 'it must be between 1 and 10000' /videos -F input_reference=@photo.png \
        -F num_inference_steps=0
    problem 400 num_inference_steps . /videos "${json[@]}" -d '{"num_inference_steps": 2.5}'
    problem 400 seed 'wrong type' /videos "${json[@]}" -d '{"seed": {"a": 1}}'
    problem 400 num_videos 'a job makes one video' /videos -F input_reference=@photo.png -F num_videos=2
    problem 400 steps 'no parameter steps here' /videos -F input_reference=@photo.png -F steps=2
    problem 400 num_frame 'did you mean num_frames' /videos -F input_reference=@photo.png -F num_frame=2
    problem 400 checkpoint 'for clients' /videos -F input_reference=@photo.png -F checkpoint=/tmp/a
    problem 400 threads 'for clients' /videos -F input_reference=@photo.png -F threads=9
    problem 400 cond_aug 'are the same' /videos "${json[@]}" -d '{"cond_aug": 0, "noise_aug_strength": 1}'
    problem 400 codec 'cannot write videos/video.mp4: a .mp4 holds no ffv1' /videos -F input_reference=@photo.png -F codec=ffv1
    problem 400 input_reference 'two pictures' /videos -F input_reference=@photo.png -F image_url=@photo.png
    problem 400 image_url 'not fetched from other addresses' /videos "${json[@]}" -d '{"image_url": "http://a/b.png"}'
    problem 400 input_reference 'is no base64' /videos "${json[@]}" -d '{"image_url": "data:image/png;base64,a!"}'
    problem 400 input_reference 'is missing' /videos "${json[@]}" \
        -d "{\"size\": \"16x16\", \"prompt\": \"data:image/png;base64,$(base64 -w 0 photo.png)\"}"
    problem 400 seed '18446744073709551616' /videos "${json[@]}" -d '{"seed": 18446744073709551616}'
    problem 400 prompt 'to be a text' /videos "${json[@]}" -d '{"prompt": 99999999999999999999}'
    problem 400 num_frames . /videos "${json[@]}" -d '{"num_frames": 99999999999999999999}'
    problem 400 null 'is no JSON' /videos "${json[@]}" -d '{"seed": 1'
    problem 400 null 'to be an object' /videos "${json[@]}" -d '[]'
    problem 415 null 'multipart/form-data or application/json' /videos -d 'seed=1'
    problem 400 null 'no boundary' /videos -H 'Content-Type: multipart/form-data' -d 'x'
    problem 400 null 'the body is empty' /videos -X POST -H 'Content-Type: multipart/form-data; boundary=x'
    problem 400 null 'names, x, is nowhere' /videos -H 'Content-Type: multipart/form-data; boundary=x' -d '--y--'
    printf 'no picture' > none.png
    problem 400 input_reference 'cannot be read: input_reference' /videos -F input_reference=@none.png
    # pictures that begin well, and others than pictures
    head -c 400 "$data/media/orientation1.jpg" > cut.jpg
    problem 400 input_reference 'cannot be read: input_reference' /videos -F input_reference=@cut.jpg
    problem 400 input_reference 'cannot be read: input_reference' /videos -F "input_reference=@$data/media/f8.npy"
    ffmpeg -v error -f lavfi -i color=red:s=16x16:d=0.1 -y a.mp4
    problem 400 input_reference 'cannot be read: input_reference' /videos -F input_reference=@a.mp4
    { # the head of 20000 x 20000 pixels
        printf '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x4e\x20\0\0\x4e\x20\x08\x02\0\0\0\x6c\x12\xd1\x6e'
        printf '\0\0\0\x09IDATxxxxxxxxx0000'
    } > huge.png
    problem 400 input_reference 'input_reference is too large: 20000 x 20000' /videos -F input_reference=@huge.png
    head -c 3000 /dev/zero > large.png
    problem 413 input_reference 'more than 2000 bytes' /videos -F input_reference=@large.png
    head -c 3000000 /dev/zero > larger.png
    for _ in {1..12}; do problem 413 input_reference . /videos -F input_reference=@larger.png -H Expect:; done
    problem 413 input_reference . /videos -F input_reference=@larger.png -H 'Expect: 100-continue'
    local text
    for text in +64x64 ' 64x64' '64x64 ' 64x+64 '64x 64' 64x 64X64 0x64 1e1x64 64x640000; do
        problem 400 size 'size takes width and height' /videos -F input_reference=@photo.png --form-string "size=$text"
    done
    for text in 0x1 ' 1' inf nan 1s '' 1e400; do
        problem 400 seconds 'a length of time' /videos -F input_reference=@photo.png --form-string "seconds=$text"
    done
    for text in 101 0 +5 %205 5%20 5%00 '' 0x5 -1 99999999999999999999; do
        problem 400 limit 'from 1 to 100' "/videos?limit=$text"
    done
    problem 400 null 'a parameter has no name' /videos "${json[@]}" -d '{"": 1}'
    problem 400 variant 'only itself is offered' '/videos/video_00000000000000000000000000000000/content?variant=thumbnail'
    problem 404 null 'no such video' '/videos/video_00000000000000000000000000000000/content?variant=video'
    problem 404 null 'nothing at this address' /models%00
    problem 404 null 'nothing at this address' /videos/video_00000000000000000000000000000000%00
    problem 404 null 'nothing at this address' /videos%00/x
    problem 404 model 'no model tiny' /models/tiny%00
    problem 404 model 'no model other/one here' /models/other/one
    problem 404 model 'no model  here' /models/
    answers 200 /models/tiny
    printed '^{"id": "tiny", "object": "model"'
    problem 405 null 'other methods' -X DELETE /models/tiny
    problem 400 order 'asc or desc' '/videos?order=up'
    problem 400 after 'id' '/videos?after=x'
    problem 404 null 'nothing at this address' /nothing
    problem 404 null 'nothing at this address' --path-as-is "/videos/../../../etc/passwd"
    problem 404 null 'no such video' /videos/video_00000000000000000000000000000000
    problem 405 null 'other methods' -X PUT /videos
    grep -q '^Allow: GET, HEAD, POST' "$scratch/head" || fail 'what is allowed is not said'
    # names that are pointed at this machine, and pages of other sites
    problem 403 null 'not known by the name evil.example' -H 'Host: evil.example' /models
    answers 200 -H 'Host: localhost:1' /models
    problem 403 null 'pages of other sites' -H 'Origin: http://evil.example' /models
    problem 403 null 'pages of other sites' -H 'Origin: null' /models
    answers 200 -H "Origin: ${url%/v1}" /models
    [ "$(find data/incoming data/pictures -type f)" ] && fail 'refused pictures stay'
    stop
}

# Forms that come in two pieces, wherever they are cut.
pieces() {
    local head='Content-Disposition: form-data; name='
    {
        printf -- '--bbb\r\n%s"input_reference"; filename="a"\r\n\r\n' "$head"
        cat photo.png
        printf '\r\n--bbb\r\n%s"%s"\r\n\r\n%s' "$head" size 16x16 "$head" num_frames 2 "$head" num_inference_steps 1 \
            "$head" prompt a
        printf '\r\n--bbb--\r\n'
    } > form
    start
    for left in 1 7 8 9 10 11 12 13 14 30 60 62 64 66 68; do
        answers 200 /videos -X POST -H 'Content-Type: multipart/form-data; boundary=bbb' -T - \
            < <(head -c "-$left" form; sleep 0.1; tail -c "$left" form)
        printed '"prompt": "a".*"size": "16x16"'
    done
    stop
}

# What the planner knows to be too much for the machine is refused when it is asked for.
memory() {
    start --max-memory 150M --max-pixels 70000000
    problem 400 width 'the UNet needs [0-9]* MiB at the least' /videos -F input_reference=@photo.png -F size=8192x8192 -F num_frames=200
    [ "$(value code)" = does_not_fit ] || fail "the code is $(value code)"
    ffmpeg -v error -f lavfi -i color=red:s=8000x8000 -frames:v 1 -y large.png
    problem 400 input_reference 'reading 8000 x 8000 pixels takes' /videos -F input_reference=@large.png -F size=16x16
    [ "$(value code)" = does_not_fit ] || fail "the code of a picture is $(value code)"
    stop
}

ranges() {
    start
    order "${small[@]}"
    becomes "$id" completed
    local path=/videos/$id/content size
    answers 200 "$path"
    mv "$scratch/out" whole
    size=$(stat -c %s whole)
    answers 206 -r 10-19 "$path"
    grep -q "^Content-Range: bytes 10-19/$size" "$scratch/head" || fail 'the range is not said'
    cmp "$scratch/out" <(tail -c +11 whole | head -c 10) || fail 'other bytes'
    answers 206 -r -7 "$path"
    cmp "$scratch/out" <(tail -c 7 whole) || fail 'other bytes at the end'
    answers 206 -r "$((size - 3))-" "$path"
    cmp "$scratch/out" <(tail -c 3 whole) || fail 'other last bytes'
    answers 206 -r "0-99999999999999999999" "$path"
    same "$scratch/out" whole
    problem 416 null "has $size bytes" -r "$size-" "$path"
    answers 200 -H 'Range: bytes=5-2' "$path"
    answers 200 -r 0-0,5-5 "$path"
    answers 200 -H 'Range: lines=1-2' "$path"
    answers 206 -r 0-1 -H "If-Range: \"$id\"" "$path"
    answers 200 -r 0-1 -H 'If-Range: "other"' "$path"
    stop
}

cancels() {
    start --max-queue 2
    order "${long[@]}"
    local running=$id queued
    becomes "$running" in_progress
    answers 409 "/videos/$running/content"
    order "${long[@]}"
    queued=$id
    order "${small[@]}"
    local last=$id
    problem 429 null 'try again' /videos -F input_reference=@photo.png
    grep -qi '^retry-after: [0-9]' "$scratch/head" || fail 'when to try again is not said'
    answers 200 -X POST "/videos/$queued/cancel"
    [ "$(value status)" = cancelled ] || fail "a cancelled job is $(value status)"
    answers 200 -X POST "/videos/$queued/cancel"
    [ -e "data/pictures/$queued" ] && fail 'the picture of a cancelled job stays'
    answers 200 -X DELETE "/videos/$running"
    answers 404 "/videos/$running"
    becomes "$last" completed
    [ "$(find data -name "*$running*")" ] && fail 'a job that was removed while it ran has files'
    problem 409 null 'not waited for' -X POST "/videos/$last/cancel"
    order "${long[@]}"
    running=$id
    becomes "$running" in_progress
    answers 200 -X POST "/videos/$running/cancel"
    answers 409 "/videos/$running/content"
    order "${small[@]}"
    becomes "$id" completed
    answers 200 "/videos/$running"
    [ "$(value status)" = cancelled ] || fail "a job that was cancelled while it ran is $(value status)"
    stop
}

# Keys: who has none is refused, each sees its own, and none waits for all that another handed in.
clients() {
    printf '# keys\nalice 0123456789abcdef-a\nbob 0123456789abcdef-b\n' > keys
    start --api-key-file keys
    local alice='Authorization: Bearer 0123456789abcdef-a' bob='Authorization: Bearer 0123456789abcdef-b' ids=()
    problem 401 null 'API key' /models
    problem 401 null 'API key' -H "${alice}b" /models
    problem 401 null 'API key' -H "${alice%a}" /models
    answers 200 "${url%/v1}/healthz"
    order -H "$alice" "${long[@]}"
    local first=$id
    for _ in 1 2; do
        order -H "$alice" "${small[@]}"
        ids+=("$id")
    done
    order -H "$bob" "${small[@]}"
    answers 404 -H "$bob" "/videos/$first"
    answers 404 -H "$bob" -X DELETE "/videos/$first"
    answers 404 -H "$bob" -X POST "/videos/$first/cancel"
    answers 200 -H "$bob" /videos
    [ "$(grep -o '"object": "video"' "$scratch/out" | wc -l)" = 1 ] || fail "bob sees another's jobs"
    answers 200 -H "$alice" -X POST "/videos/$first/cancel"
    for ((i = 0; i < 600; i++)); do
        [ "$(grep -c ': completed$' "$scratch/log")" = 3 ] && break
        sleep 0.1
    done
    local wanted="$first $id ${ids[*]}"
    [ "$(sed -n 's/: in_progress$//p' "$scratch/log" | tr '\n' ' ')" = "$wanted " ] || fail 'they came in another order'
    grep -q 0123456789abcdef "$scratch/log" && fail 'the log has a key'
    stop
    # without a key for other machines
    : > "$scratch/log"
    "$program" serve --listen 0.0.0.0:0 --data data --model "$model" --log-file log 2> "$scratch/log" &
    server=$!
    for ((i = 0; i < 200; i++)); do grep -q '^listening' "$scratch/log" && break; sleep 0.05; done
    local key
    key=$(sed -n 's/^the API key of this run.*: \([0-9a-f]\{48\}\)$/\1/p' "$scratch/log")
    [ "$key" ] || fail 'no key was printed'
    url=http://127.0.0.1:$(sed -n 's/^listening on .*:\([0-9]*\).*/\1/p' "$scratch/log")/v1
    answers 401 /models
    answers 200 -H "Authorization: Bearer $key" /models
    grep -q "$key" log && fail 'the log file has the key'
    stop
}

# Weights are let go of without work, and loaded again.
unloads() {
    start --unload-after 1s
    order "${small[@]}"
    becomes "$id" completed
    for ((i = 0; i < 200; i++)); do grep -q '^no work: the weights are let go of$' "$scratch/log" && break; sleep 0.05; done
    answers 200 "${url%/v1}/metrics"
    printed '^img2vid_engine_memory_bytes 0$'
    order "${small[@]}"
    becomes "$id" completed
    stop
}

usage() {
    refused 1 '--listen takes an address and a port' serve --listen nowhere --model "$model" --data d
    refused 2 '--unload-after takes a time' serve --unload-after soon --model "$model" --data d
    refused 1 'cannot read the API keys in none' serve --api-key-file none --model "$model" --data d
    printf 'short\n' > keys
    refused 1 'keys:1: a key has 16 to ' serve --api-key-file keys --model "$model" --data d
    refused 2 "'a.png' is too many" serve a.png
    ends 1 serve --data d --model "$scratch/none"
    ends 1 serve --data d --model "$model" --model "$model" --listen 127.0.0.1:0
    said 'two models are called plain_top'
    start
    ends 1 serve --data data --model "$model" --listen 127.0.0.1:0
    said 'another server uses the folder data'
    stop
}

run_groups api errors pieces memory ranges cancels clients unloads usage
