#!/bin/bash
# Lists of jobs: test_jobs.sh PROGRAM DATA, where DATA/reference holds tiny models.
set -u
program=$(realpath "$1")
model=$(realpath "$2")/reference/plain_top
. "$(dirname "$(realpath "$0")")/shell.sh"
picture a.png
cp a.png b.png
printf 'not a picture' > bad.jpg
small=(--model "$model" --width 64 --height 48 --num-inference-steps 1 --num-frames 2)

# 12 jobs, of which two fail: one before the first runs, one at its turn.
cat > twelve.jsonl <<'LIST'
# comments and empty lines are passed over

{"image": "a.png", "output": "out/{name}-{motion_bucket_id}-{fps}.webp", "motion_bucket_id": [60, 127, 180], "fps": [7, 12], "seed": 3}
{"image": "missing.png", "output": "out/missing.webp", "seed": 1}
{"image": "bad.jpg", "output": "out/bad.webp", "seed": 1}
{"image": ["a.png", "b.png"], "output": "out/{name}-{seed}-%02d.png", "seed": [1, 2]}
LIST
outputs() { (cd "$1" && for file in *; do sha256sum "$file"; done); }

twelve() {
    ends 1 generate --jobs twelve.jsonl "${small[@]}" --json
    [ "$(wc -l < "$scratch/out")" = 13 ] || fail 'a line a job and a last one were to be printed'
    [ "$(grep -c '"load":0.0,' "$scratch/out")" = 9 ] || fail 'the model was to be loaded once'
    printed '"input":"missing.png","error":"cannot open missing.png: No such file or directory","status":"io",.*"job":7,"line":4}'
    printed '"input":"bad.jpg","error":"bad.jpg is not a picture.*,"job":8,"line":5}'
    printed '"outputs":\["out/b-2-%02d.png"\],.*"status":"ok","job":12,"line":6}'
    tail -n 1 "$scratch/out" | grep -q '"jobs":12,"made":10,"skipped":0,"failed":2,"left":0,' || fail 'the sums are wrong'
    head -n 1 "$scratch/err" | grep -qx 'img2vid: twelve.jsonl:4: cannot open missing.png: No such file or directory' ||
        fail 'a missing picture was to be told of first'
    said '^job 12 of 12: denoise'
    said '^img2vid: 10 of 12 made; failed: job 7 (line 4), job 8 (line 5)$'
    [ "$(ls out | wc -l)" = 14 ] || fail 'six videos and eight frames were to be made'
    ends 0 generate a.png -o single.webp "${small[@]}" --seed 3 --motion-bucket-id 180 --fps 12 --quiet
    same single.webp out/a-180-12.webp
    ends 0 generate b.png -o single-%02d.png "${small[@]}" --seed 2 --quiet
    same single-02.png out/b-2-02.png
    mv out whole
}

# gif_of FILE TEXT: a GIF of one pixel, with the text as its comment, in blocks of at most 255 bytes.
gif_of() {
    local text=$2 block
    {
        printf 'GIF89a\1\0\1\0\0\0\0!\xfe'
        for (( ; ${#text} > 0; )); do
            block=${text:0:255} text=${text:255}
            printf "\\x$(printf %x ${#block})%s" "$block"
        done
        printf '\0;'
    } > "$1"
}

# What is made before a kill stays, and is not made again; the rest is the same as without.
going_on() {
    "$program" generate --jobs twelve.jsonl "${small[@]}" < /dev/null > "$scratch/out" 2> "$scratch/err" &
    local process=$!
    await [ -e out/a-127-12.webp ]
    kill -KILL $process
    wait $process 2> /dev/null
    rm -f out/a-60-7.webp out/.a-180* # a file of a killed run may be there
    touch -d '2001-01-01' out/a-60-12.webp
    ends 1 generate --jobs twelve.jsonl "${small[@]}" --json
    printed '"outputs":\["out/a-60-12.webp"\],.*"skipped":true,.*"status":"ok","job":2,'
    printed '"outputs":\["out/a-60-7.webp"\],.*"seconds".*"job":1,'
    said '^skipped out/a-60-12.webp: it is there already$'
    [ "$(stat -c %Y out/a-60-12.webp)" = "$(date -d '2001-01-01' +%s)" ] || fail 'a finished video was made again'
    find out -name '.*' -type f -delete
    [ "$(outputs out)" = "$(outputs whole)" ] || fail 'other videos than without the kill'
    # a frame that is missing: all are made again, to the same
    rm out/a-2-01.png
    ends 1 generate --jobs twelve.jsonl "${small[@]}"
    said '^img2vid: 1 of 12 made, 9 skipped; failed: '
    [ "$(outputs out)" = "$(outputs whole)" ] || fail 'other videos than before'
    rm -r out
}

shards() {
    local part
    for part in 1 2 3; do
        ends "$([ $part = 3 ] && echo 0 || echo 1)" generate --jobs twelve.jsonl "${small[@]}" --shard $part/3 --json
        tail -n 1 "$scratch/out" | grep -q '"jobs":4,.*"skipped":0,' || fail "shard $part was to have four jobs of its own"
    done
    [ "$(outputs out)" = "$(outputs whole)" ] || fail 'the shards were to make what the whole list makes'
    rm -r out
    local bad
    for bad in 0/3 4/3 1 1/ /3 1/0 -1/3 1/3/3 a/b 1/99999999999; do
        refused 2 'shard takes' generate --jobs twelve.jsonl "${small[@]}" --shard="$bad"
    done
}

# told LINE WORDS JSON: a list of that line alone is refused with these words.
told() {
    printf '%s\n' "$2" > list.jsonl
    refused 2 "list.jsonl:1: $1" generate --jobs list.jsonl "${small[@]}"
}

wrong_lists() {
    touch list.jsonl
    mkdir folder
    told "'num_frame' is no parameter of a job; did you mean num_frames?" '{"image":"a.png","output":"x.webp","num_frame":3}'
    told "'imag' is no parameter of a job; did you mean image?" '{"imag":"a.png","output":"x.webp"}'
    told "'guidance_scale' is no parameter of a job; did you mean max_guidance_scale?" '{"guidance_scale":3}'
    told 'seeds is for the command line alone; give an array as seed' '{"image":"a.png","seeds":"1-3"}'
    told 'num_frames is 0; it must be between 1 and 4096' '{"image":"a.png","output":"x.webp","num_frames":0}'
    told 'num_frames is 0; it must be' '{"image":"a.png","output":"{num_frames}.webp","num_frames":[2,0]}'
    told 'num_frames takes a whole number, not "3"' '{"image":"a.png","output":"x.webp","num_frames":"3"}'
    told 'num_frames takes a whole number, not 1.5' '{"image":"a.png","output":"x.webp","num_frames":1.5}'
    told 'num_frames takes a whole number, not {}' '{"image":"a.png","output":"x.webp","num_frames":{}}'
    told 'loop takes true or false, not 1' '{"image":"a.png","output":"x.webp","loop":1}'
    told "fit takes crop.*, not 'x'" '{"image":"a.png","output":"x.webp","fit":"x"}'
    told 'output takes text, not 5' '{"image":"a.png","output":5}'
    told 'sigmas takes an array of numbers, not 3' '{"image":"a.png","output":"x.webp","sigmas":3}'
    told "there is no preset 'x'" '{"image":"a.png","output":"x.webp","preset":"x"}'
    told 'preset takes text, not 5' '{"image":"a.png","output":"x.webp","preset":5}'
    told '--crf and --quality exclude' '{"image":"a.png","output":"x.webp","crf":1,"quality":1}'
    told 'image is missing' '{"output":"x.webp"}'
    told 'image takes the path' '{"image":5,"output":"x.webp"}'
    told 'image is standard input' '{"image":"-","output":"x.webp"}'
    told 'output is missing' '{"image":"a.png"}'
    told 'output is standard output' '{"image":"a.png","output":"-"}'
    told 'x{seed}.webp has {seed}, and there is no seed' '{"image":"a.png","output":"x{seed}.webp"}'
    told '.*: the fields in braces are .*parameters such as {width}' '{"image":"a.png","output":"x{nme}.webp"}'
    told 'seed is an empty array' '{"image":"a.png","output":"x.webp","seed":[]}'
    told 'column 16: duplicate object key' '{"seed":1,"seed":2}'
    told '.*invalid token near' '{"image":"a.png","output":"x.webp","noise_aug_strength":NaN}'
    told '.*real number overflow' '{"image":"a.png","output":"x.webp","noise_aug_strength":1e999}'
    told '.*u0000 is not allowed' '{"image":"a\u0000.png","output":"x.webp"}'
    told '.*unable to decode byte' "$(printf '{"image":"a\377.png"}')"
    told 'this is an array' '[1,2]'
    told '.*expected near' 'a.png b.png'
    told '.*maximum parsing depth' "$(printf '[%.0s' $(seq 3000))"
    told 'these arrays make more jobs than the 10000' \
        "{\"image\":\"a.png\",\"output\":\"x.webp\",\"seed\":[$(seq -s, 1000)],\"fps\":[$(seq -s, 1000)],\"motion_bucket_id\":[$(seq -s, 1000)]}"
    printf '{"image":"a.png",\0}' > list.jsonl
    refused 2 'list.jsonl:1: there is a NUL byte' generate --jobs list.jsonl "${small[@]}"
    { printf '{"image":"'; head -c 300000 /dev/zero | tr '\0' a; printf '"}'; } > list.jsonl
    refused 2 'list.jsonl:1: this line is longer than 256 KiB' generate --jobs list.jsonl "${small[@]}"
    : > list.jsonl
    refused 2 'there is no job in list.jsonl' generate --jobs list.jsonl "${small[@]}"
    refused 1 'cannot open the list none.jsonl: No such file' generate --jobs none.jsonl "${small[@]}"
    refused 1 'cannot read the list folder: Is a dir' generate --jobs folder "${small[@]}"
    refused 1 'larger than 16 MiB' generate --jobs /dev/zero "${small[@]}"
    refused 2 'exclude each other' generate --jobs list.jsonl --from a.webp "${small[@]}"
    # each wrong line is told of, and nothing is made
    printf '{"image":"a.png","output":"x.webp","seed":1}\n{"fsp":1}\n{"image":"a.png","output":"y.webp","fps":0}\n' > list.jsonl
    ends 2 generate --jobs list.jsonl "${small[@]}" --json
    said "^img2vid: list.jsonl:2: 'fsp' is no parameter of a job; did you mean fps?$"
    said '^img2vid: list.jsonl:3: fps is 0; it must be'
    [ "$(wc -l < "$scratch/out")" = 2 ] || fail 'a line of JSON each was to be printed'
    [ -e x.webp ] && fail 'nothing was to be made'
    # CRLF, a byte order mark and a last line without an end
    printf '\357\273\277{"image":"a.png","output":"x.npy","seed":1}\r\n\r\n{"image":"b.png","output":"y.npy","seed":1}' > list.jsonl
    ends 0 generate --jobs list.jsonl "${small[@]}"
    same x.npy y.npy
    grep -q '^seed: ' "$scratch/err" && fail 'no seed was drawn'
}

# Two jobs never write one file, and what was made with other parameters is not replaced unasked.
in_the_way() {
    printf '{"image":"a.png","output":"x.webp","seed":[1,2]}\n' > list.jsonl
    refused 2 'jobs 1 (list.jsonl:1) and 2 (list.jsonl:1) would both write x.webp: put {seed} into output' \
        generate --jobs list.jsonl "${small[@]}"
    printf '{"image":"a.png","output":"x.webp","seed":1}\n{"image":"b.png","output":"x.webp","seed":1}\n' > list.jsonl
    refused 2 'put {index} into output' generate --jobs list.jsonl "${small[@]}"
    printf '{"image":"a.png","output":"x.webp","seed":1}\n{"image":"b.png","output":"./x.webp","seed":1}\n' > list.jsonl
    refused 1 'are one file' generate --jobs list.jsonl "${small[@]}"
    printf '{"image":"a.png","output":"x.webp","seed":1}\n{"image":"b.png","output":"a.png","seed":1}\n' > list.jsonl
    ends 1 generate --jobs list.jsonl "${small[@]}"
    said 'a.png is there and has no parameters of img2vid'
    ends 1 generate --jobs list.jsonl "${small[@]}" --overwrite
    said 'writing a.png would overwrite a.png, a picture of this run'
    [ -e x.webp ] && fail 'nothing was to be made'
    printf '{"image":"a.png","output":"x.webp"}\n' > list.jsonl
    ends 0 generate --jobs list.jsonl "${small[@]}" --seed 1
    ends 0 generate --jobs list.jsonl "${small[@]}"
    said 'skipped x.webp' # nobody gave a seed
    ends 1 generate --jobs list.jsonl "${small[@]}" --seed 2 --fps 9
    said '^img2vid: list.jsonl:1: x.webp is there and was made with other parameters, seed (1 there, 2 here), fps (7 there, 9 here): remove it'
    said '^img2vid: nothing was made: files are in the way of 1 job$'
    cp b.png x.png # the same picture under another name, and another one in its place
    printf '{"image":"x.png","output":"x.webp"}\n' > list.jsonl
    ends 0 generate --jobs list.jsonl "${small[@]}" --seed 1
    said 'skipped x.webp'
    "$program" generate a.png -o x.png "${small[@]}" --seed 1 --quiet --no-metadata
    ends 1 generate --jobs list.jsonl "${small[@]}" --seed 1
    said 'was made with other parameters, picture (another there, this one here)'
    printf '{"image":"a.png","output":"x.webp"}\n' > list.jsonl
    ends 0 generate --jobs list.jsonl "${small[@]}" --seed 2 --skip-existing
    said 'skipped x.webp'
    ends 0 generate --jobs list.jsonl "${small[@]}" --seed 2 --overwrite
    said 'wrote x.webp'
    ends 1 generate --jobs list.jsonl "${small[@]}" --seed 3 --no-overwrite
    said 'seed (2 there, 3 here)'
    rm x.webp
    # a parameter that a file of an earlier version does not have had its default
    printf '{"image":"a.png","output":"x.gif"}\n' > list.jsonl
    ends 0 generate --jobs list.jsonl "${small[@]}" --seed 1
    "$program" info x.gif --json | sed -n '/"metadata": {/,/^  }/p' |
        sed '1s/.*/{/; $s/.*/}/; /"fps":\|"motion_bucket_id":\|"codec":/d' | tr -d '\n' > kept
    gif_of x.gif "$(cat kept)"
    ends 0 generate --jobs list.jsonl "${small[@]}" --seed 1
    said 'skipped x.gif'
    ends 1 generate --jobs list.jsonl "${small[@]}" --seed 1 --fps 9 --motion-bucket-id 80
    said 'other parameters, fps (7 there, 9 here), motion_bucket_id (127 there, 80 here)'
    rm x.gif kept
    printf '{"image":"a.png","output":"x.webp"}\n' > list.jsonl
    # files that keep no parameters are made again, unless they are to be skipped
    ends 0 generate --jobs list.jsonl "${small[@]}" --seed 1 --no-metadata
    ends 0 generate --jobs list.jsonl "${small[@]}" --seed 1 --no-metadata
    said 'wrote x.webp'
    rm x.webp
}

# What a job leaves open the command line says, and pictures and seeds there multiply; models may differ from job to job.
own_values() {
    printf '{"output":"x-{name}-{index}.npy"}\n{"image":"b.png","output":"{model}.npy","num_frames":3,"seed":9,"model":"%s"}\n' \
        "$(dirname "$model")/attention_top" > list.jsonl
    printf '{"image":"file://%s/a.png","output":"y.npy","seed":9,"save_latents":"l.npy","num_frames":null}\n' "$PWD" >> list.jsonl
    "$program" generate a.png b.png --jobs - "${small[@]}" --seeds 4,5 --quiet < list.jsonl > "$scratch/out" 2> "$scratch/err" ||
        fail 'the list on standard input was to be made'
    there x-a-1.npy x-a-2.npy x-b-3.npy x-b-4.npy attention_top.npy y.npy l.npy
    ends 0 generate a.png -o single.npy "${small[@]}" --seed 5 --quiet
    same single.npy x-a-2.npy
    ends 0 generate a.png -o single.npy "${small[@]}" --seed 9 --quiet
    same single.npy y.npy
    ends 0 generate b.png -o single.npy "${small[@]}" --model "$(dirname "$model")/attention_top" --num-frames 3 --seed 9 --quiet
    same single.npy attention_top.npy
    # a value of a job stands before what excludes it on the command line, and a preset before single values there
    printf '{"image":"a.png","output":"q.webp","seed":1,"quality":50}\n' > list.jsonl
    printf '{"image":"a.png","output":"p.webp","seed":1,"preset":"comfyui","fps":9}\n' >> list.jsonl
    ends 0 generate --jobs list.jsonl "${small[@]}" --crf 30 --motion-bucket-id 5
    ends 0 info q.webp --json
    printed '"quality": 50,'
    printed '"motion_bucket_id": 5,'
    ends 0 info p.webp --json
    printed '"motion_bucket_id": 127,'
    printed '"fps": 9,'
    printed '"fit": "comfyui",'
    rm q.webp
    ends 0 generate --jobs list.jsonl --plan "${small[@]}" --crf 30 --motion-bucket-id 5
    printed '^job 1 (line 1): q.webp$'
    printed '^job 2 (line 2): p.webp is there already$'
    printed '^1 of 2 jobs to make, about [0-9][0-9.]* s in all$'
    ends 0 generate --jobs list.jsonl --plan "${small[@]}" --crf 30 --motion-bucket-id 5 --json
    tail -n 1 "$scratch/out" | grep -q '"jobs":2,"planned":1,"skipped":1,"failed":0,' || fail 'the sum of the plans is missing'
    # a size that the model does not take fails one job alone
    printf '{"image":"a.png","output":"w.webp","seed":1,"width":63}\n{"image":"a.png","output":"q.webp","seed":1}\n' > list.jsonl
    ends 1 generate --jobs list.jsonl "${small[@]}"
    head -n 1 "$scratch/err" | grep -q '^img2vid: list.jsonl:1: --width' || fail 'a wrong size was to be told of first'
    there q.webp
}

run_groups twelve going_on shards wrong_lists in_the_way own_values
