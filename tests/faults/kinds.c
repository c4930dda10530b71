/* The runs: small ones, so that thousands of them take minutes. */
#include "faults.h"

#define GENERATE                                                                                                       \
    "generate {picture} --model {model} --width 32 --height 32 --num-inference-steps 1 --num-frames 3 --seed 7 "       \
    "--threads 1 --quiet "
#define VIDEO(ending)                                                                                                  \
    { #ending, GENERATE "-o o." #ending, "o." #ending, 3, 0, 0, 0, NULL }
/* Two clips, of which the second goes on from the first; two steps and two chunks each. */
#define RESUMED                                                                                                        \
    "generate {picture} --model {model} --width 32 --height 32 --num-inference-steps 2 --num-frames 3 --seed 7 "       \
    "--threads 1 --quiet --decode-chunk-size 2 --extend 1 --resume "
#define RESUMED_VIDEO(ending)                                                                                          \
    { "resume_" #ending, RESUMED "-o o." #ending, "o." #ending, 5, 0, 0, 0, "o." #ending ".checkpoint" }

const fault_kind fault_kinds[] = {
    VIDEO(mp4),
    VIDEO(mkv),
    VIDEO(webm),
    VIDEO(mov),
    VIDEO(gif),
    VIDEO(webp),
    VIDEO(png),
    VIDEO(npy),
    {"images", GENERATE "-o %04d.png", "0001.png 0002.png 0003.png", 0, 0, 0, 0, NULL},
    {"latents", GENERATE "-o o.mp4 --save-latents l.npy", "o.mp4 l.npy", 3, 0, 0, 0, NULL},
    {"report", GENERATE "-o o.npy --json", "o.npy", 3, 1, 0, 0, NULL},
    {"from", "generate --from {inputs}/video.mp4 --threads 1 --quiet -o o.webp", "o.webp", 3, 0, 0, 0, NULL},
    {"jobs", "generate --jobs {inputs}/jobs.jsonl --model {model} --threads 1 --quiet --overwrite", "a.npy b.webp", 3,
     0, 0, 1, NULL},
    {"threads", GENERATE "-o o.npy --threads 3", "o.npy", 3, 0, 0, 0, NULL},
    {"decode", "decode {inputs}/latents.npy --model {model} --threads 1 --quiet -o o.mp4", "o.mp4", 3, 0, 0, 0, NULL},
    {"info", "info {model} --json", "", 0, 1, 0, 0, NULL},
    {"info_mp4", "info {inputs}/video.mp4 --json", "", 0, 1, 0, 0, NULL},
    {"info_webp", "info {inputs}/video.webp --json", "", 0, 1, 0, 0, NULL},
    {"sheet", GENERATE "-o o.webp --sheet s.png", "o.webp s.png", 0, 0, 0, 0, NULL},
    {"compare", "compare {inputs}/video.mp4 {inputs}/video.webp --json", "", 0, 1, 0, 0, NULL},
    {"grid", "compare {inputs}/video.mp4 {inputs}/video.webp -o o.png --quiet", "o.png", 0, 0, 0, 0, NULL},
    {"page", "compare {inputs}/video.mp4 {inputs}/video.webp -o o.html --quiet", "o.html", 0, 0, 0, 0, NULL},
    {"pull", "pull acme/model --quiet", "", 0, 0, 1, 0, NULL},
    RESUMED_VIDEO(mp4),
    RESUMED_VIDEO(webp),
    RESUMED_VIDEO(npy),
    {"resume_images", RESUMED "-o %04d.png", "0001.png 0002.png 0003.png 0004.png 0005.png", 0, 0, 0, 0,
     "%04d.png.checkpoint"},
};
const int fault_kind_count = sizeof fault_kinds / sizeof *fault_kinds;
