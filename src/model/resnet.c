/* Residual blocks: diffusers' ResnetBlock2D, TemporalResnetBlock and SpatioTemporalResBlock. */
#include "model/resnet.h"

void i2v_resnet_load(i2v_loader *loader, i2v_resnet *resnet, int in, int out, int time_channels, double epsilon) {
    resnet->conv1 = i2v_conv_3x3(in, out);
    resnet->conv2 = i2v_conv_3x3(out, out);
    resnet->has_shortcut = in != out;
    i2v_load_norm(loader, &resnet->norm1, in, I2V_NORM_GROUPS, epsilon, "norm1");
    i2v_load_conv(loader, &resnet->conv1, 1, "conv1");
    if (time_channels > 0) {
        i2v_load_linear_f32(loader, &resnet->time_emb_proj, time_channels, out, 1, "time_emb_proj");
    }
    i2v_load_norm(loader, &resnet->norm2, out, I2V_NORM_GROUPS, epsilon, "norm2");
    i2v_load_conv(loader, &resnet->conv2, 1, "conv2");
    if (resnet->has_shortcut) {
        i2v_load_linear_1x1(loader, &resnet->conv_shortcut, in, out, "conv_shortcut");
    }
}

/* All frames at once. */
static void forward_frames(i2v_run *run, const i2v_resnet *resnet, i2v_tensor out, i2v_tensor x, i2v_tensor skip,
                           i2v_tensor time) {
    i2v_tensor hidden = i2v_tensor_new(run, x.frames, x.height, x.width, resnet->conv1.out), none = {0};
    i2v_epilogue add_time = i2v_epilogue_plain();
    i2v_epilogue_set_vector(&add_time, time);

    i2v_group_norm norm1 = i2v_group_norm_of(run, x, skip, &resnet->norm1, 0, I2V_ACTIVATION_SILU);
    i2v_op_conv_normed(run, hidden, x, skip, &norm1, &resnet->conv1, add_time);
    i2v_group_norm_free(run, &norm1);
    if (resnet->has_shortcut) {
        i2v_op_linear_joined(run, out, x, skip, &resnet->conv_shortcut, i2v_epilogue_plain());
    }
    i2v_group_norm norm2 = i2v_group_norm_of(run, hidden, none, &resnet->norm2, 0, I2V_ACTIVATION_SILU);
    i2v_epilogue add_input = i2v_epilogue_residual(resnet->has_shortcut ? out : x);
    i2v_op_conv_normed(run, out, hidden, none, &norm2, &resnet->conv2, add_input);
    i2v_group_norm_free(run, &norm2);
    i2v_tensor_free(run, &hidden);
}

void i2v_resnet_into(i2v_run *run, const i2v_resnet *resnet, i2v_tensor out, i2v_tensor x, i2v_tensor skip,
                     i2v_tensor time) {
    int batch = i2v_run_batch(run, x.frames, (int64_t)x.height * x.width * resnet->conv1.out);
    for (int first = 0; first < x.frames; first += batch) {
        forward_frames(run, resnet, i2v_tensor_frames(&out, first, batch), i2v_tensor_frames(&x, first, batch),
                       i2v_tensor_frames(&skip, first, batch), time);
    }
}

i2v_tensor i2v_resnet_forward(i2v_run *run, const i2v_resnet *resnet, i2v_tensor x, i2v_tensor skip, i2v_tensor time) {
    i2v_tensor out = i2v_tensor_new(run, x.frames, x.height, x.width, resnet->conv2.out);
    i2v_resnet_into(run, resnet, out, x, skip, time);
    return out;
}

static void load_temporal(i2v_loader *loader, i2v_temporal_resnet *resnet, int channels, int time_channels,
                          double epsilon) {
    i2v_load_norm(loader, &resnet->norm1, channels, I2V_NORM_GROUPS, epsilon, "norm1");
    i2v_load_temporal_conv(loader, &resnet->conv1, channels, channels, "conv1");
    if (time_channels > 0) {
        i2v_load_linear_f32(loader, &resnet->time_emb_proj, time_channels, channels, 1, "time_emb_proj");
    }
    i2v_load_norm(loader, &resnet->norm2, channels, I2V_NORM_GROUPS, epsilon, "norm2");
    i2v_load_temporal_conv(loader, &resnet->conv2, channels, channels, "conv2");
}

void i2v_spatio_temporal_resnet_load(i2v_loader *loader, i2v_spatio_temporal_resnet *resnet,
                                     const i2v_spatio_temporal_resnet_sizes *sizes) {
    i2v_loader_enter(loader, "spatial_res_block");
    i2v_resnet_load(loader, &resnet->spatial, sizes->in, sizes->out, sizes->time_channels, sizes->epsilon);
    i2v_loader_leave(loader);
    i2v_loader_enter(loader, "temporal_res_block");
    load_temporal(loader, &resnet->temporal, sizes->out, sizes->time_channels, sizes->temporal_epsilon);
    i2v_loader_leave(loader);
    float mix = i2v_load_mix(loader, "time_mixer");
    resnet->temporal_weight = sizes->switched ? mix : 1.0f - mix;
}

/* conv1 of the block: what norm2 is of. pixels: a band's, from `first` on. */
static i2v_tensor convolve_band(i2v_run *run, const i2v_temporal_resnet *resnet, i2v_tensor x,
                                const i2v_group_norm *norm1, i2v_epilogue add_time, int first, int pixels) {
    int count = i2v_tensor_pixels(&x, 0, first, pixels).width;
    i2v_tensor hidden = i2v_tensor_new(run, x.frames, 1, count, x.channels);
    i2v_op_temporal_conv_band(run, hidden, x, first, norm1, &resnet->conv1, add_time);
    return hidden;
}

/* The block in bands: norm2 needs to have seen them all before the first of them can go on. */
static void blend_in_bands(i2v_run *run, const i2v_temporal_resnet *resnet, i2v_tensor x, const i2v_group_norm *norm1,
                           i2v_epilogue add_time, i2v_epilogue blend) {
    int pixels = x.height * x.width, band = i2v_moments_band(run, x, &resnet->norm2);
    i2v_tensor moments = i2v_moments_new(run, x, &resnet->norm2);
    for (int first = 0; first < pixels; first += band) {
        i2v_tensor hidden = convolve_band(run, resnet, x, norm1, add_time, first, band);
        i2v_op_group_moments(run, moments, x, hidden, first, &resnet->norm2);
        i2v_tensor_free(run, &hidden);
    }
    i2v_group_norm norm2 = i2v_group_norm_of_moments(run, moments, x, &resnet->norm2, I2V_ACTIVATION_SILU);
    for (int first = 0; first < pixels; first += band) {
        i2v_tensor hidden = convolve_band(run, resnet, x, norm1, add_time, first, band);
        i2v_epilogue_set_residual(&blend, 0, i2v_tensor_pixels(&x, 0, first, band), 1);
        i2v_op_temporal_conv_band(run, x, hidden, first, &norm2, &resnet->conv2, blend);
        i2v_tensor_free(run, &hidden);
    }
    i2v_group_norm_free(run, &norm2);
    i2v_tensor_free(run, &moments);
}

static void blend_at_once(i2v_run *run, const i2v_temporal_resnet *resnet, i2v_tensor x, const i2v_group_norm *norm1,
                          i2v_epilogue add_time, i2v_epilogue blend) {
    i2v_tensor hidden = i2v_tensor_new(run, x.frames, x.height, x.width, x.channels), none = {0};
    i2v_op_temporal_conv(run, hidden, x, norm1, &resnet->conv1, add_time);
    i2v_group_norm norm2 = i2v_group_norm_of(run, hidden, none, &resnet->norm2, 1, I2V_ACTIVATION_SILU);
    i2v_op_temporal_conv(run, x, hidden, &norm2, &resnet->conv2, blend);
    i2v_group_norm_free(run, &norm2);
    i2v_tensor_free(run, &hidden);
}

void i2v_temporal_resnet_blend(i2v_run *run, const i2v_spatio_temporal_resnet *blended, i2v_tensor x, i2v_tensor time) {
    const i2v_temporal_resnet *resnet = &blended->temporal;
    i2v_tensor none = {0};
    i2v_epilogue add_time = i2v_epilogue_plain(), blend = i2v_epilogue_residual(x);
    i2v_epilogue_set_vector(&add_time, time);
    blend.scale = blended->temporal_weight;

    i2v_group_norm norm1 = i2v_group_norm_of(run, x, none, &resnet->norm1, 1, I2V_ACTIVATION_SILU);
    int in_bands = run->trades.twice && i2v_moments_band(run, x, &resnet->norm2) < x.height * x.width;
    (in_bands ? blend_in_bands : blend_at_once)(run, resnet, x, &norm1, add_time, blend);
    i2v_group_norm_free(run, &norm1);
}

i2v_tensor i2v_spatio_temporal_resnet_time(i2v_run *run, const i2v_spatio_temporal_resnet *resnet, i2v_tensor time) {
    i2v_tensor out = i2v_tensor_new_f32(run, 2, 1, 1, resnet->spatial.conv1.out);
    i2v_op_linear(run, i2v_tensor_frames(&out, 0, 1), time, NULL, &resnet->spatial.time_emb_proj, i2v_epilogue_plain());
    i2v_op_linear(run, i2v_tensor_frames(&out, 1, 1), time, NULL, &resnet->temporal.time_emb_proj,
                  i2v_epilogue_plain());
    return out;
}

i2v_tensor i2v_spatio_temporal_resnet_forward(i2v_run *run, const i2v_spatio_temporal_resnet *resnet, i2v_tensor x,
                                              i2v_tensor skip, i2v_tensor time) {
    i2v_tensor out = i2v_resnet_forward(run, &resnet->spatial, x, skip, i2v_tensor_frames(&time, 0, 1));
    i2v_temporal_resnet_blend(run, resnet, out, i2v_tensor_frames(&time, 1, 1));
    return out;
}
