/* The UNet stage by stage, against diffusers' UNetSpatioTemporalConditionModel. */
#include "model/unet.h"

#include "reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Float32 sums in another order: measured a few 1e-6 of a stage's largest value at the end of the UNet. */
static const double TOLERANCE = 1e-5;

typedef struct {
    i2v_reference_stage at;
    i2v_tensor sample, context; /* of the first step, with the picture */
    float timestep, time_ids[3];
    int stages_compared;
} unet_test;

/* The model and the first step's input. The context takes the reference's own vector, so that CLIP has no part in it.
 */
static void begin(unet_test *test, int index) {
    *test = (unet_test){0};
    i2v_reference_stage *at = &test->at;
    i2v_reference_stage_begin(at, index, I2V_STAGE_UNET);
    const i2v_unet_config *config = &at->stage.model.unet->config;
    const i2v_params *params = &at->reference.params;
    float *timesteps = i2v_reference_values(at->tensors, "timesteps", (size_t)params->num_inference_steps);
    float *context = i2v_reference_values(at->tensors, "clip.image_embeds", (size_t)config->cross_attention_dim);
    test->sample = i2v_reference_channels_last(at->tensors, "unet.input");
    test->context = (i2v_tensor){context, 1, 1, 1, config->cross_attention_dim, I2V_ELEMENT_F32};
    test->timestep = timesteps[0];
    test->time_ids[0] = (float)(params->fps - 1);
    test->time_ids[1] = (float)params->motion_bucket_id;
    test->time_ids[2] = (float)params->noise_aug_strength;
    assert_int_equal(test->sample.channels, config->in_channels);
    free(timesteps);
}

static void end(unet_test *test) {
    free(test->sample.data);
    free(test->context.data);
    i2v_reference_stage_end(&test->at);
}

/* What the unconditional pass sees: no picture, no vector. */
static void drop_picture(unet_test *test) {
    i2v_tensor sample = test->sample;
    for (int64_t i = 0; i < i2v_tensor_count(&sample); i++) {
        if (i % sample.channels >= sample.channels / 2) i2v_tensor_floats(&sample)[i] = 0;
    }
    free(test->context.data);
    test->context = (i2v_tensor){0};
}

/* A pass with nothing of an earlier one. */
static void forward(unet_test *test, i2v_tensor out, i2v_unet_probe probe) {
    i2v_run *run = test->at.run;
    const i2v_unet *unet = test->at.stage.model.unet;
    i2v_unet_tensors positions, cross_attention, time;
    i2v_unet_positions(&positions, run, unet, test->sample.frames);
    i2v_unet_cross_attention(&cross_attention, run, unet, test->context);
    i2v_unet_time(&time, run, unet, test->timestep, test->time_ids);
    i2v_unet_input input = {test->sample, &positions, &cross_attention, &time};
    i2v_unet_forward(run, unet, out, &input, probe, test);
    i2v_unet_tensors_free(run, &time);
    i2v_unet_tensors_free(run, &cross_attention);
    i2v_unet_tensors_free(run, &positions);
}

static i2v_tensor new_output(unet_test *test) {
    i2v_tensor sample = test->sample;
    return i2v_tensor_new(test->at.run, sample.frames, sample.height, sample.width, sample.channels / 2);
}

static void expect_stage(const unet_test *test, const char *name, i2v_tensor found) {
    i2v_tensor wanted = i2v_reference_channels_last(test->at.tensors, name);
    assert_int_equal(found.frames, wanted.frames);
    assert_int_equal(found.channels, wanted.channels);
    assert_int_equal(i2v_tensor_count(&found), i2v_tensor_count(&wanted));
    i2v_expect_close(name, found.data, wanted.data, (size_t)i2v_tensor_count(&wanted), TOLERANCE);
    free(wanted.data);
}

/* ---- the whole pass --------------------------------------------------------------------------------------------- */

/* The reference leaves out stages that are large. */
static void compare_stage(void *user, const char *stage, i2v_tensor output) {
    unet_test *test = user;
    char name[128];
    snprintf(name, sizeof name, "unet.%s", stage);
    if (!i2v_weights_find(test->at.tensors, name)) return;
    expect_stage(test, name, output);
    test->stages_compared++;
}

static void every_stage(void **state) {
    (void)state;
    /* conv_in, 2 down blocks, mid block, 2 up blocks; conv_in and the last up block of the second are large */
    static const int stages[I2V_REFERENCES] = {6, 4};
    for (int i = 0; i < I2V_REFERENCES; i++) {
        unet_test test;
        begin(&test, i);
        i2v_tensor out = new_output(&test);
        forward(&test, out, compare_stage);
        assert_int_equal(test.stages_compared, stages[i]);
        expect_stage(&test, "unet.output", out);
        end(&test);
    }
}

static void unconditional_output(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        unet_test test;
        begin(&test, i);
        drop_picture(&test);
        i2v_tensor out = new_output(&test);
        forward(&test, out, NULL);
        expect_stage(&test, "unet.output_uncond", out);
        end(&test);
    }
}

/* All of a pass's tensors go back to the pool: one more pass fits where one fitted. */
static void passes_leave_nothing_behind(void **state) {
    (void)state;
    unet_test test;
    begin(&test, 1);
    i2v_tensor out = new_output(&test);
    forward(&test, out, NULL);
    uint64_t peak = i2v_pool_peak(test.at.run->pool);
    for (int i = 0; i < 3; i++) {
        forward(&test, out, NULL);
    }
    assert_int_equal(i2v_pool_peak(test.at.run->pool), peak);
    end(&test);
}

/* A zero vector and none leave the same of cross-attention: its biases. */
static void no_context_is_a_zero_vector(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        unet_test test;
        begin(&test, i);
        i2v_run *run = test.at.run;
        const i2v_unet *unet = test.at.stage.model.unet;
        i2v_tensor none = {0};
        memset(test.context.data, 0, i2v_tensor_bytes(&test.context));
        i2v_unet_tensors zero, without;
        i2v_unet_cross_attention(&zero, run, unet, test.context);
        i2v_unet_cross_attention(&without, run, unet, none);
        assert_true(zero.count > 0);
        assert_int_equal(zero.count, without.count);
        for (int k = 0; k < zero.count; k++) {
            assert_int_equal(i2v_tensor_bytes(&zero.tensors[k]), i2v_tensor_bytes(&without.tensors[k]));
            assert_memory_equal(zero.tensors[k].data, without.tensors[k].data, i2v_tensor_bytes(&zero.tensors[k]));
        }
        end(&test);
    }
}

/* Passes of two contexts at two times in turns, over tensors made once: the bits of passes by themselves. */
static void shared_tensors_change_nothing(void **state) {
    (void)state;
    static const float timesteps[2] = {1.6f, -0.4f}, time_ids[3] = {6, 127, 0.02f};
    unet_test test;
    begin(&test, 1);
    i2v_run *run = test.at.run;
    const i2v_unet *unet = test.at.stage.model.unet;
    i2v_tensor contexts[2] = {test.context, {0}}, found = new_output(&test), wanted = new_output(&test);
    size_t bytes = i2v_tensor_bytes(&found);
    i2v_unet_tensors positions, cross[2], time[2];
    i2v_unet_positions(&positions, run, unet, test.sample.frames);
    for (int i = 0; i < 2; i++) i2v_unet_cross_attention(&cross[i], run, unet, contexts[i]);
    for (int i = 0; i < 2; i++) i2v_unet_time(&time[i], run, unet, timesteps[i], time_ids);
    memcpy(test.time_ids, time_ids, sizeof time_ids);
    for (int i = 0; i < 8; i++) {
        int step = i / 2 % 2, branch = i % 2;
        i2v_unet_input input = {test.sample, &positions, &cross[branch], &time[step]};
        i2v_unet_forward(run, unet, found, &input, NULL, NULL);
        test.context = contexts[branch];
        test.timestep = timesteps[step];
        forward(&test, wanted, NULL);
        assert_memory_equal(found.data, wanted.data, bytes);
    }
    test.context = contexts[0];
    end(&test);
}

/* ---- parts by themselves, so that a failure above can be placed ---------------------------------------------------
 */

static void time_embedding(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        unet_test test;
        begin(&test, i);
        const i2v_unet *unet = test.at.stage.model.unet;
        int waves = unet->config.block_out_channels[0], size = 4 * waves;
        int ids = unet->config.projection_class_embeddings_input_dim;
        i2v_run *run = test.at.run;
        i2v_tensor wave = i2v_tensor_new(run, 1, 1, 1, waves), id = i2v_tensor_new(run, 1, 1, 1, ids);
        i2v_tensor time = i2v_tensor_new(run, 1, 1, 1, size), added = i2v_tensor_new(run, 1, 1, 1, size);
        i2v_sinusoids(run, wave, &test.timestep);
        i2v_sinusoids(run, i2v_tensor_view(&id, 3, 1, 1, ids / 3), test.time_ids);
        i2v_timestep_embedding_forward(run, &unet->time_embedding, time, wave, i2v_epilogue_plain());
        i2v_timestep_embedding_forward(run, &unet->add_embedding, added, id, i2v_epilogue_plain());
        const i2v_tensor found[] = {wave, time, added};
        static const char *const names[] = {"unet.time_proj", "unet.time_embedding", "unet.add_embedding"};
        for (int k = 0; k < 3; k++) {
            size_t count = (size_t)found[k].channels;
            float *wanted = i2v_reference_values(test.at.tensors, names[k], count);
            i2v_expect_close(names[k], found[k].data, wanted, count, TOLERANCE);
            free(wanted);
        }
        end(&test);
    }
}

/* silu of the sum of both embeddings, as the reference has them. */
static i2v_tensor reference_time(const unet_test *test) {
    int size = 4 * test->at.stage.model.unet->config.block_out_channels[0];
    i2v_tensor time = {
        i2v_reference_values(test->at.tensors, "unet.time_embedding", (size_t)size), 1, 1, 1, size, I2V_ELEMENT_F32};
    float *added = i2v_reference_values(test->at.tensors, "unet.add_embedding", (size_t)size);
    for (int i = 0; i < size; i++) {
        float sum = i2v_tensor_floats(&time)[i] + added[i];
        i2v_tensor_floats(&time)[i] = sum / (1 + expf(-sum));
    }
    free(added);
    return time;
}

/* The mid block's resnet and transformer, each on the reference's own input. */
static void middle(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        unet_test test;
        begin(&test, i);
        const i2v_unet *unet = test.at.stage.model.unet;
        i2v_run *run = test.at.run;
        i2v_tensor time = reference_time(&test), none = {0};
        i2v_tensor times[2];
        for (int k = 0; k < 2; k++) times[k] = i2v_spatio_temporal_resnet_time(run, &unet->mid_resnets[k], time);
        i2v_tensor positions = i2v_transformer_positions(run, &unet->mid_attention, test.sample.frames);
        i2v_tensor cross = i2v_transformer_cross_attention(run, &unet->mid_attention, test.context);
        i2v_tensor x = i2v_reference_channels_last(test.at.tensors, "unet.down_blocks.1");
        i2v_tensor first = i2v_reference_channels_last(test.at.tensors, "unet.mid_block.resnets.0");
        i2v_tensor attended = i2v_reference_channels_last(test.at.tensors, "unet.mid_block.attentions.0");
        expect_stage(&test, "unet.mid_block.resnets.0",
                     i2v_spatio_temporal_resnet_forward(run, &unet->mid_resnets[0], x, none, times[0]));
        i2v_transformer_forward(run, &unet->mid_attention, first, positions, cross);
        expect_stage(&test, "unet.mid_block.attentions.0", first);
        expect_stage(&test, "unet.mid_block",
                     i2v_spatio_temporal_resnet_forward(run, &unet->mid_resnets[1], attended, none, times[1]));
        free(time.data);
        free(x.data);
        free(first.data);
        free(attended.data);
        end(&test);
    }
}

/* Those of diffusers' classes: of resnets by the block's class, spatial and temporal alike. Activations of order 1
 * hardly show them, so they are looked at themselves. */
static void epsilons(void **state) {
    (void)state;
    for (int i = 0; i < I2V_REFERENCES; i++) {
        unet_test test;
        begin(&test, i);
        const i2v_unet *unet = test.at.stage.model.unet;
        for (int level = 0; level < 2; level++) {
            const i2v_unet_block *down = &unet->down_blocks[level], *up = &unet->up_blocks[level];
            float of_down = down->has_attention ? 1e-6f : 1e-5f;
            assert_true(down->resnets[0].spatial.norm1.epsilon == of_down);
            assert_true(down->resnets[0].temporal.norm2.epsilon == of_down);
            assert_true(up->resnets[1].spatial.norm2.epsilon == 1e-6f);
            assert_true(up->resnets[1].temporal.norm1.epsilon == 1e-6f);
        }
        assert_true(unet->mid_resnets[1].spatial.norm1.epsilon == 1e-5f);
        assert_true(unet->mid_resnets[1].temporal.norm1.epsilon == 1e-5f);
        assert_true(unet->mid_attention.norm.epsilon == 1e-6f);
        assert_true(unet->mid_attention.spatial[0].attn1.norm.epsilon == 1e-5f);
        assert_true(unet->mid_attention.temporal[0].ff_in.norm.epsilon == 1e-5f);
        assert_true(unet->mid_attention.temporal[0].ff.norm.epsilon == 1e-5f);
        assert_true(unet->conv_norm_out.epsilon == 1e-5f);
        end(&test);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stage),
        cmocka_unit_test(unconditional_output),
        cmocka_unit_test(passes_leave_nothing_behind),
        cmocka_unit_test(no_context_is_a_zero_vector),
        cmocka_unit_test(shared_tensors_change_nothing),
        cmocka_unit_test(time_embedding),
        cmocka_unit_test(middle),
        cmocka_unit_test(epsilons),
    };
    return cmocka_run_group_tests_name("unet", tests, NULL, NULL);
}
