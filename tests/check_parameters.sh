#!/bin/bash
# Names of parameters stand in one table, src/base/parameters.c: check_parameters.sh ROOT
# - In src/ a text that is such a name stands nowhere else, but for what has the name of something else by chance
#   (by_chance below).
# - What the program says of options, and Python's lists of keywords, have no such name by hand.
# - The library's messages name parameters by I2V_NAME, and have no option of the program.
set -u

# Files of the program in which options, help, manual, completions, configuration, metadata and reports are made.
program=(settings settings_read options option_table option_json help help_page options_page manual completion metadata
    report_json presets exclusions config config_file rerun generate decode plan_report detail)
python=(parameters keywords accepted)

# FILE: TEXT, in a configuration, a file's format or another library, or a part's folder.
by_chance='src/base/part_kinds.c: (unet|vae|image_encoder|scheduler)$
src/weights/lora_open.c: lora$
src/weights/safetensors.c: dtype$
src/weights/sealed_file.c: dtype$
src/media/video_ffmpeg.c: crf$
src/media/video_path.c: file$
src/json/bounds.c: file$
src/hub/environment.c: token$
src/model/config.c: num_frames$
src/pipeline/scheduler.c: sigma_schedule$
cli/report_json.c: (width|height|num_frames|num_videos|fps|seed)$
cli/presets.c: (fps|scheduler)$
bindings/python/src/img2vid/keywords.py: max_memory$'

# Names that messages have, beside the table's: what i2v_open is given, and fields that no text can set.
others=' model latents %s '

# The texts of files of C or Python, a line each, as FILE: TEXT; of C without comments, and without what I2V_NAME marks.
texts() {
    [ $# -gt 0 ] && awk '
        /^ *(\/\*| \*)/ { next }
        {
            gsub(/I2V_NAME\("[^"]*"\)/, ""); gsub(/\\"/, ""); sub(/\/\*.*\*\//, "")
            while (match($0, /"[^"]*"/)) {
                print FILENAME ": " substr($0, RSTART + 1, RLENGTH - 2)
                $0 = substr($0, RSTART + RLENGTH)
            }
        }' "$@"
}

# Those that are a whole name of the pattern and not by chance.
whole() {
    grep -E "^[^ ]*: ($1)\$" | grep -vE "^($(tr '\n' '|' <<< "$by_chance" | sed 's/|$//'))"
}

# check ROOT
check() (
    cd "$1" || exit 1
    bad=0
    names=$(sed -nE 's/^    \{"([a-z_]+)", [A-Z]+, [A-Z]+\(.*/\1/p' src/base/parameters.c)
    [ "$(wc -w <<< "$names")" -ge "${2:-40}" ] || { echo "the table is not understood: $names"; exit 1; }
    twice=$(sort <<< "$names" | uniq -d)
    [ -z "$twice" ] || { echo "two rows of $twice"; bad=1; }
    pattern=$(tr '\n' '|' <<< "$names" | sed 's/|$//')
    dashed=${pattern//_/-}

    mapfile -t files < <(find src -name '*.[ch]' ! -path src/base/parameters.c | sort)
    said=$(texts "${files[@]}")
    found=$(whole "$pattern" <<< "$said")
    [ -z "$found" ] || { echo "a parameter's name by hand: $found"; bad=1; }
    found=$(grep -E -- '--[a-z]' <<< "$said" | grep -vE ' hf auth |^src/hub/find.c:')
    [ -z "$found" ] || { echo "an option of the program in the library: $found"; bad=1; }
    while IFS= read -r name; do
        grep -qx -- "$name" <<< "$names" || [[ -z $name || $others == *" $name "* ]] ||
            { echo "I2V_NAME(\"$name\") is no parameter"; bad=1; }
    done < <(cat "${files[@]}" < /dev/null | grep -oE 'I2V_NAME\("[^"]*"\)' | sed -E 's/.*"(.*)".*/\1/' | sort -u)

    mapfile -t files < <(for file in "${program[@]}"; do [ -f "cli/$file.c" ] && echo "cli/$file.c"; done)
    said=$(texts "${files[@]}")
    # a whole command is an example
    found=$(whole "$pattern|$dashed" <<< "$said"
        grep -E -- "(^|[^a-z-])--($dashed)([^a-z-]|\$)" <<< "$said" | grep -vE 'img2vid [a-z]+ ')
    [ -z "$found" ] || { echo "an option by hand: $found"; bad=1; }

    mapfile -t files < <(for file in "${python[@]}"; do find bindings -path "*/img2vid/$file.py"; done)
    found=$(texts "${files[@]}" | whole "$pattern")
    [ -z "$found" ] || { echo "a keyword by hand: $found"; bad=1; }
    grep -rnE '^PRESET' bindings/python/src/img2vid && { echo "a list of keywords by hand"; bad=1; }
    exit $bad
)

# A check that finds nothing proves nothing: each of these lines must be refused.
self_test() {
    local tree status=0
    tree=$(mktemp -d)
    mkdir -p "$tree/cli" "$tree/src/base" "$tree/src/pipeline" "$tree/bindings/python/src/img2vid"
    cat > "$tree/src/base/parameters.c" <<'TABLE'
    {"num_frames", INTEGER, PARAM(num_frames), 1, 4096, 0, "F", picture, HAS_SIZE, DECIDES,
    {"fps", INTEGER, PARAM(fps), 1, 1000, 7, "N", motion, MAKES_VIDEO, DECIDES,
TABLE
    check "$tree" 2 || { echo 'a tree that is right is refused'; status=1; }
    while read -r file line; do
        echo "$line" > "$tree/$file"
        check "$tree" 2 > /dev/null && { echo "not refused: $line in $file"; status=1; }
        rm "$tree/$file"
    done <<'LINES'
src/pipeline/a.c check_range(engine, "num_frames", 3);
src/pipeline/a.c i2v_fail(error, I2V_ERROR_PARAMETER, "too many: lower --num-frames");
src/pipeline/a.c i2v_fail(error, I2V_ERROR_PARAMETER, I2V_NAME("num_frame") " is 3");
cli/settings.c {"num-frames", CLI_INTEGER},
cli/metadata.c {"num_frames", NULL},
cli/generate.c fail("change --num-frames");
cli/completion.c printf("--fps");
bindings/python/src/img2vid/keywords.py PARAMS = ("num_frames", "fps")
bindings/python/src/img2vid/pipeline.py PRESET = ("num_inference_steps",)
LINES
    rm -r "$tree"
    return $status
}

self_test && check "$1" && echo 'each parameter has its name in one place'
