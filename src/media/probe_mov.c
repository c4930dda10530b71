/* What the tables of an MP4 or QuickTime file claim, before libavformat sees them: it makes an index entry of every
 * sample that a table tells of, and tables can tell of thousands of millions in a few bytes. */
#include "base/byte_order.h"
#include "media/demux.h"

#include <inttypes.h>
#include <string.h>

/* An entry takes 24 bytes and more. 2 million are 7 hours of pictures at 30 a second and AAC. */
#define MAX_SAMPLES 2000000
/* Each edit can bring all samples once more into the index; real tracks have one or two. */
#define FREE_EDITS 8

typedef struct mov_claims {
    uint64_t samples, edits;
    uint64_t alike; /* samples of one size each in this track, which need no table */
    int is_sound;   /* 1: the track says that it is sound; -1: or something else */
    int steps;      /* 1: it has one table of durations, which are all 1 */
} mov_claims;

/* Bytes of a box at `at`, name and length before that not counted; 0 beyond the end. */
static uint32_t field(const i2v_encoded *source, size_t at) {
    return at <= source->size && source->size - at >= 4 ? i2v_big_endian(source->data + at, 4) : 0;
}

/* Uncompressed sound counts every value as a sample, but is indexed by chunks. */
static void end_track(mov_claims *claims) {
    if (claims->is_sound != 1 || claims->steps != 1) claims->samples += claims->alike;
    claims->alike = 0;
    claims->is_sound = claims->steps = 0;
}

static void count_handler(mov_claims *claims, const uint8_t *type) {
    static const char of_sound[] = "alisurl urn ";
    if (memcmp(type, "soun", 4) == 0) {
        if (claims->is_sound == 0) claims->is_sound = 1;
        return;
    }
    for (size_t i = 0; i < sizeof of_sound - 1; i += 4) {
        if (memcmp(type, of_sound + i, 4) == 0) return;
    }
    claims->is_sound = -1;
}

/* Counts what begins with the name at data[at], if it is a table; a table that lists its entries has them in the file.
 */
static i2v_status count_table(mov_claims *claims, const i2v_encoded *source, size_t at, i2v_error *error) {
    const uint8_t *name = source->data + at;
    uint64_t left = source->size - at, first = field(source, at + 8), second = field(source, at + 12);
    if (memcmp(name, "stsz", 4) == 0) {
        if (first && first * second > source->size) {
            return i2v_fail(error, I2V_ERROR_FORMAT, "%s is truncated or damaged; copy or download it again",
                            source->name);
        }
        if (first)
            claims->alike += second;
        else
            claims->samples += second < left / 4 ? second : left / 4;
    } else if (memcmp(name, "stz2", 4) == 0) {
        claims->samples += second < 2 * left ? second : 2 * left;
    } else if (memcmp(name, "trun", 4) == 0) {
        claims->samples += first;
    } else if (memcmp(name, "elst", 4) == 0) {
        claims->edits += first < left / 12 ? first : left / 12;
    } else if (memcmp(name, "stts", 4) == 0) {
        claims->steps += first == 1 && field(source, at + 16) == 1 ? 1 : 2;
    } else if (memcmp(name, "hdlr", 4) == 0 && left >= 16) {
        count_handler(claims, name + 12);
    } else if (memcmp(name, "trak", 4) == 0) {
        end_track(claims);
    } else if (memcmp(name, "cmov", 4) == 0) {
        return i2v_fail(error, I2V_ERROR_UNSUPPORTED, "%s has a compressed header: convert it with another program",
                        source->name);
    }
    return I2V_OK;
}

/* Where the box at `at` ends, by its 32 or 64 bits; the file's end for one that says so or goes beyond. */
static size_t box_end(const i2v_encoded *source, size_t at) {
    uint64_t length = field(source, at), header = 8;
    if (length == 1) {
        length = (uint64_t)field(source, at + 8) << 32 | field(source, at + 12);
        header = 16;
    }
    return length >= header && length <= source->size - at ? at + (size_t)length : source->size;
}

/* Boxes are looked for by name wherever they may be nested, but in the samples themselves. */
i2v_status i2v_mov_check(const i2v_encoded *source, i2v_error *error) {
    mov_claims claims = {0};
    i2v_status status = I2V_OK;
    for (size_t at = 0; !status && source->size - at >= 8;) {
        size_t end = box_end(source, at);
        if (memcmp(source->data + at + 4, "mdat", 4) != 0) {
            for (size_t i = at + 4; !status && i + 4 <= end; i++) status = count_table(&claims, source, i, error);
        }
        at = end;
    }
    if (status) return status;
    end_track(&claims);
    uint64_t entries = claims.samples * (claims.edits > FREE_EDITS ? claims.edits : 1);
    if (entries <= MAX_SAMPLES) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s claims to have %" PRIu64 " frames and sounds, where %d are the limit",
                    source->name, entries, MAX_SAMPLES);
}
