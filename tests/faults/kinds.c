/* The runs: small ones, so that thousands of them take minutes. */
#include "faults.h"

#define GENERATE                                                                                                       \
    "generate {picture} --model {model} --width 32 --height 32 --num-inference-steps 1 --num-frames 3 --seed 7 "       \
    "--threads 1 --quiet "
#define VIDEO(ending)                                                                                                  \
    { #ending, GENERATE "-o o." #ending, "o." #ending, 3, 0, 0, 0 }

const fault_kind fault_kinds[] = {
    VIDEO(mp4),
    VIDEO(mkv),
    VIDEO(webm),
    VIDEO(mov),
    VIDEO(gif),
    VIDEO(webp),
    VIDEO(png),
    VIDEO(npy),
    {"images", GENERATE "-o %04d.png", "0001.png 0002.png 0003.png", 0, 0, 0, 0},
    {"latents", GENERATE "-o o.mp4 --save-latents l.npy", "o.mp4 l.npy", 3, 0, 0, 0},
    {"report", GENERATE "-o o.npy --json", "o.npy", 3, 1, 0, 0},
    {"from", "generate --from {inputs}/video.mp4 --threads 1 --quiet -o o.webp", "o.webp", 3, 0, 0, 0},
    {"jobs", "generate --jobs {inputs}/jobs.jsonl --model {model} --threads 1 --quiet --overwrite", "a.npy b.webp", 3,
     0, 0, 1},
    {"threads", GENERATE "-o o.npy --threads 3", "o.npy", 3, 0, 0, 0},
    {"decode", "decode {inputs}/latents.npy --model {model} --threads 1 --quiet -o o.mp4", "o.mp4", 3, 0, 0, 0},
    {"info", "info {model} --json", "", 0, 1, 0, 0},
    {"info_mp4", "info {inputs}/video.mp4 --json", "", 0, 1, 0, 0},
    {"info_webp", "info {inputs}/video.webp --json", "", 0, 1, 0, 0},
    {"pull", "pull acme/model --quiet", "", 0, 0, 1, 0},
};
const int fault_kind_count = sizeof fault_kinds / sizeof *fault_kinds;
