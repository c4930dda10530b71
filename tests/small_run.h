/* Small runs through the public header, for the tests of calls: both reference models opened once, one picture, and
 * videos compared bit by bit. Every helper fails the running test rather than return an error. */
#ifndef I2V_TESTS_SMALL_RUN_H
#define I2V_TESTS_SMALL_RUN_H

#include "reference.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

extern i2v_engine *shared[I2V_REFERENCES]; /* opened once: most tests are about calls */
extern i2v_image *picture;                 /* 30 x 20 */

/* A group's set-up and tear-down. */
int open_shared(void **state);
int close_shared(void **state);

/* As little as has everything in it: three frames in chunks of two, two steps, guidance. */
i2v_params small_params(void);

/* The video of these parameters, to be freed. */
i2v_video *generate(i2v_engine *engine, const i2v_image *image, const i2v_params *params);

/* i2v_decode with the latents of video number `index` of `of`. */
i2v_status decode(i2v_engine *engine, const i2v_video *made, int index, const i2v_params *params, i2v_video **out);

/* The values of all videos. */
size_t frames_count(const i2v_video *video);
size_t latents_count(const i2v_video *video);

int same_bits(const i2v_video *a, const i2v_video *b);

/* Makes a small video with these parameters by engine `index`; its bits must (or must not) be those of `other`. */
void expect_same(int index, const i2v_params *params, const i2v_video *other);
void expect_other(int index, const i2v_params *params, const i2v_video *other);

/* Frames are in 0..1, and latents finite. */
void expect_sound(const i2v_video *video);

#endif
