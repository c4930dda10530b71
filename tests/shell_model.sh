# What tests of the program with a tiny model share. To be sourced first, with the test's arguments PROGRAM DATA, where
# DATA/reference holds tiny models: sets program, data, model and small, the options of a short run, makes picture.png
# and sources shell.sh.
program=$(realpath "$1")
data=$(realpath "$2")
model=$(dirname "$(find "$data/reference" -maxdepth 2 -name model_index.json | sort | head -n 1)")
[ -f "$model/model_index.json" ] || { echo "no model folder in $data/reference"; exit 1; }
. "$(dirname "$(realpath "$0")")/shell.sh"
picture picture.png
small=(--model "$model" --width 64 --height 48 --num-inference-steps 2 --num-frames 2 --seed 7)
