/* Picture to latent and latents to frames, against diffusers' AutoencoderKLTemporalDecoder. */
#include "model/vae.h"

#include "reference.h"

#include "model/vae_attention.h"
#include "pipeline/conditioning.h"
#include "pipeline/decode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Float32 sums in another order; about ten convolutions deep the difference is a few 1e-6 of the largest value. */
static const double TOLERANCE = 1e-5;
/* In frames, 0..1, the same difference counts against at most 1. */
static const double FRAME_TOLERANCE = 1e-5;

static i2v_sizes sizes_of(const i2v_reference_stage *at) {
    i2v_sizes sizes;
    i2v_status status = i2v_sizes_of_params(&sizes, at->engine, &at->reference.params);
    if (status) fail_msg("%s", i2v_error_message(at->engine));
    assert_int_equal(sizes.latent_channels, at->reference.latent_channels);
    assert_int_equal(sizes.latent_height, at->reference.latent_height);
    assert_int_equal(sizes.latent_width, at->reference.latent_width);
    assert_int_equal(sizes.num_frames, at->reference.num_frames);
    return sizes;
}

/* ---- encoder ---------------------------------------------------------------------------------------------------- */

/* The picture with the run's noise; what becomes of it is the mean of the moments, not scaled. */
static void image_latent_of_reference_runs(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        i2v_reference_stage at;
        i2v_reference_stage_begin(&at, i, I2V_STAGE_ENCODER);
        i2v_sizes sizes = sizes_of(&at);
        i2v_image *picture = i2v_reference_picture(at.tensors, &at.reference);
        float *noise = i2v_reference_values(at.tensors, "augmentation_noise", (size_t)(3 * sizes.width * sizes.height));
        i2v_tensor wanted = i2v_reference_channels_last(at.tensors, "image_latent");
        size_t count = (size_t)i2v_tensor_count(&wanted);
        assert_int_equal(count, sizes.latent_channels * sizes.latent_height * sizes.latent_width);
        float *found = calloc(count, sizeof *found);
        i2v_stage_plan plan = {.tensors = (uint64_t)32 << 20};
        i2v_request request;
        assert_int_equal(i2v_request_make(&request, at.engine, &at.reference.params), I2V_OK);
        i2v_status status = i2v_encode_image(&at.call, &plan, picture, &request, noise, NULL, found);
        if (status) fail_msg("%s", i2v_error_message(at.engine));
        i2v_expect_close("image_latent", found, wanted.data, count, TOLERANCE);
        free(found);
        free(wanted.data);
        free(noise);
        i2v_image_free(picture);
        i2v_reference_stage_end(&at);
    }
}

/* A picture a frame: each is encoded by itself. */
static void frames_are_encoded_one_by_one(void **state) {
    (void)state;
    i2v_reference_stage at;
    i2v_reference_stage_begin(&at, 0, I2V_STAGE_ENCODER);
    i2v_tensor both = i2v_tensor_new(at.run, 2, 16, 24, 3), out = i2v_tensor_new(at.run, 2, 2, 3, 4);
    for (int64_t i = 0; i < i2v_tensor_count(&both); i++) i2v_tensor_floats(&both)[i] = sinf((float)(i * i % 1000));
    i2v_vae_encode(at.run, at.stage.model.encoder, out, both);
    for (int frame = 0; frame < 2; frame++) {
        i2v_tensor one = {i2v_tensor_floats(&both) + frame * 16 * 24 * 3, 1, 16, 24, 3, I2V_ELEMENT_F32};
        i2v_tensor single = i2v_tensor_new(at.run, 1, 2, 3, 4);
        i2v_vae_encode(at.run, at.stage.model.encoder, single, one);
        assert_memory_equal(single.data, i2v_tensor_floats(&out) + frame * 2 * 3 * 4, 2 * 3 * 4 * sizeof(float));
    }
    assert_memory_not_equal(out.data, i2v_tensor_floats(&out) + 2 * 3 * 4, 2 * 3 * 4 * sizeof(float));
    i2v_reference_stage_end(&at);
}

/* ---- decoder ---------------------------------------------------------------------------------------------------- */

static void expect_stage(const i2v_reference_stage *at, const char *name, i2v_tensor found) {
    i2v_tensor wanted = i2v_reference_channels_last(at->tensors, name);
    assert_int_equal(i2v_tensor_count(&found), i2v_tensor_count(&wanted));
    assert_int_equal(found.channels, wanted.channels);
    i2v_expect_close(name, found.data, wanted.data, (size_t)i2v_tensor_count(&wanted), TOLERANCE);
    free(wanted.data);
}

/* The middle of the decoder, stage by stage: the blend with its weights switched, and attention where the model's depth
 * has it. */
static void decoder_middle(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        i2v_reference_stage at;
        i2v_reference_stage_begin(&at, i, I2V_STAGE_DECODER);
        const i2v_vae_decoder *decoder = at.stage.model.decoder;
        i2v_tensor none = {0}, latents = i2v_reference_channels_last(at.tensors, "vae.decoder.input");
        i2v_tensor x = i2v_tensor_new(at.run, latents.frames, latents.height, latents.width, decoder->conv_in.out);
        i2v_op_conv(at.run, x, latents, &decoder->conv_in, i2v_epilogue_plain());
        x = i2v_spatio_temporal_resnet_forward(at.run, &decoder->mid_resnets[0], x, none, none);
        expect_stage(&at, "vae.decoder.mid_block.resnets.0", x);
        assert_int_equal(decoder->config.decoder_mid_attention, i == 1);
        if (decoder->config.decoder_mid_attention) {
            x = i2v_vae_attention_forward(at.run, &decoder->mid_attention, x);
            x = i2v_spatio_temporal_resnet_forward(at.run, &decoder->mid_resnets[1], x, none, none);
        }
        expect_stage(&at, "vae.decoder.mid_block", x);
        free(latents.data);
        i2v_reference_stage_end(&at);
    }
}

static void decoder_output(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        i2v_reference_stage at;
        i2v_reference_stage_begin(&at, i, I2V_STAGE_DECODER);
        i2v_sizes sizes = sizes_of(&at);
        i2v_tensor latents = i2v_reference_channels_last(at.tensors, "vae.decoder.input");
        i2v_tensor out = i2v_tensor_new(at.run, latents.frames, sizes.height, sizes.width, 3);
        i2v_vae_decode(at.run, at.stage.model.decoder, out, latents);
        expect_stage(&at, "vae.decoder.output", out);
        free(latents.data);
        i2v_reference_stage_end(&at);
    }
}

/* The run's last latents in its chunks of 2 frames; one run has 3 frames, so its last chunk is smaller. */
static void frames_of_reference_runs(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        i2v_reference_stage at;
        i2v_reference_stage_begin(&at, i, I2V_STAGE_DECODER);
        i2v_sizes sizes = sizes_of(&at);
        float *latents = i2v_reference_values(at.tensors, "latents.2", i2v_sizes_latents(&sizes));
        float *wanted = i2v_reference_values(at.tensors, "frames", i2v_sizes_pixels(&sizes));
        float *found = calloc(i2v_sizes_pixels(&sizes), sizeof *found);
        assert_int_equal(i2v_decode_latents(&at.call, &at.stage, &sizes, 0, latents, 0, found), I2V_OK);
        i2v_expect_close("frames", found, wanted, i2v_sizes_pixels(&sizes), FRAME_TOLERANCE);
        free(latents);
        free(wanted);
        free(found);
        i2v_reference_stage_end(&at);
    }
}

static void clamp(float *values, size_t count) {
    for (size_t i = 0; i < count; i++) values[i] = values[i] < 0 ? 0 : values[i] > 1 ? 1 : values[i];
}

/* Frames of one chunk depend on each other and on no frame of another chunk. */
static void chunks_are_decoded_by_themselves(void **state) {
    (void)state;
    i2v_reference_stage at;
    i2v_reference_stage_begin(&at, 0, I2V_STAGE_DECODER);
    i2v_sizes sizes = sizes_of(&at);
    size_t pixels = i2v_sizes_pixels(&sizes), frame = pixels / (size_t)sizes.num_frames;
    size_t latent = i2v_sizes_latents(&sizes) / (size_t)sizes.num_frames;
    const i2v_vae_decoder *decoder = at.stage.model.decoder;
    float *latents = i2v_reference_values(at.tensors, "latents.2", i2v_sizes_latents(&sizes));
    float *chunked = calloc(pixels, sizeof *chunked), *other = calloc(pixels, sizeof *other);
    assert_int_equal(sizes.decode_chunk_size, 2);
    i2v_decode_latents(&at.call, &at.stage, &sizes, 0, latents, 0, chunked);
    i2v_decode_chunk(at.run, decoder, &sizes, 2, latents, 0, other);
    i2v_decode_chunk(at.run, decoder, &sizes, 1, latents + 2 * latent, 0, other + 2 * frame);
    clamp(other, pixels);
    assert_memory_equal(chunked, other, pixels * sizeof *chunked);
    i2v_decode_chunk(at.run, decoder, &sizes, 3, latents, 0, other);
    clamp(other, pixels);
    assert_memory_not_equal(chunked, other, pixels * sizeof *chunked);
    free(latents);
    free(chunked);
    free(other);
    i2v_reference_stage_end(&at);
}

/* A clip's first frame is computed with its chunk, and left as it is where it lies. */
static void a_frame_that_is_there_stays(void **state) {
    (void)state;
    i2v_reference_stage at;
    i2v_reference_stage_begin(&at, 0, I2V_STAGE_DECODER);
    i2v_sizes sizes = sizes_of(&at);
    size_t pixels = i2v_sizes_pixels(&sizes), frame = i2v_sizes_frame(&sizes);
    float *latents = i2v_reference_values(at.tensors, "latents.2", i2v_sizes_latents(&sizes));
    float *whole = calloc(pixels, sizeof *whole), *found = calloc(pixels, sizeof *found);
    for (sizes.decode_chunk_size = 1; sizes.decode_chunk_size <= 3; sizes.decode_chunk_size++) {
        for (size_t i = 0; i < pixels; i++) found[i] = 7;
        assert_int_equal(i2v_decode_latents(&at.call, &at.stage, &sizes, 0, latents, 0, whole), I2V_OK);
        assert_int_equal(i2v_decode_latents(&at.call, &at.stage, &sizes, 0, latents, 1, found), I2V_OK);
        for (size_t i = 0; i < frame; i++) assert_true(found[i] == 7);
        assert_memory_equal(found + frame, whole + frame, (pixels - frame) * sizeof *found);
    }
    free(latents);
    free(whole);
    free(found);
    i2v_reference_stage_end(&at);
}

/* Those of diffusers' classes. Activations of order 1 hardly show them, so they are looked at themselves. */
static void epsilons(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        i2v_reference_stage at;
        i2v_reference_stage_begin(&at, i, I2V_STAGE_ENCODER);
        const i2v_vae_encoder *encoder = at.stage.model.encoder;
        assert_true(encoder->down_blocks[0].resnets[0].norm1.epsilon == 1e-6f);
        assert_true(encoder->mid_resnets[1].norm2.epsilon == 1e-6f);
        assert_true(encoder->mid_attention.group_norm.epsilon == 1e-6f);
        assert_true(encoder->conv_norm_out.epsilon == 1e-6f);
        i2v_reference_stage_end(&at);
        i2v_reference_stage_begin(&at, i, I2V_STAGE_DECODER);
        const i2v_vae_decoder *decoder = at.stage.model.decoder;
        assert_true(decoder->mid_resnets[0].spatial.norm1.epsilon == 1e-6f);
        assert_true(decoder->mid_resnets[0].temporal.norm1.epsilon == 1e-5f);
        assert_true(decoder->up_blocks[1].resnets[0].spatial.norm2.epsilon == 1e-6f);
        assert_true(decoder->up_blocks[1].resnets[0].temporal.norm2.epsilon == 1e-5f);
        assert_true(decoder->conv_norm_out.epsilon == 1e-6f);
        if (decoder->config.decoder_mid_attention) assert_true(decoder->mid_attention.group_norm.epsilon == 1e-6f);
        i2v_reference_stage_end(&at);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(image_latent_of_reference_runs),
        cmocka_unit_test(frames_are_encoded_one_by_one),
        cmocka_unit_test(decoder_middle),
        cmocka_unit_test(decoder_output),
        cmocka_unit_test(frames_of_reference_runs),
        cmocka_unit_test(chunks_are_decoded_by_themselves),
        cmocka_unit_test(a_frame_that_is_there_stays),
        cmocka_unit_test(epsilons),
    };
    return cmocka_run_group_tests_name("vae", tests, NULL, NULL);
}
