/* A table of the operations with the kernels KERNELS, under the name BACKEND. */
#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define OPERATION(name)                                                                                                \
    static size_t JOIN(BACKEND, name##_scratch)(const i2v_device *device, const i2v_##name##_args *args) {             \
        return i2v_cpu_##name##_scratch(&KERNELS, device, args);                                                       \
    }                                                                                                                  \
    static i2v_status JOIN(BACKEND, name)(const i2v_device *device, const i2v_##name##_args *args, void *scratch,      \
                                          i2v_error *error) {                                                          \
        return i2v_cpu_##name(&KERNELS, device, args, scratch, error);                                                 \
    }
#define ENTRY(name) .name##_scratch = JOIN(BACKEND, name##_scratch), .name = JOIN(BACKEND, name)

#ifdef I2V_ONEDNN
OPERATION(linear)
OPERATION(feed_forward)
OPERATION(conv)
OPERATION(temporal_conv)
#endif
OPERATION(group_norm)
OPERATION(layer_norm)
OPERATION(attention)
OPERATION(add_vectors)

static const i2v_backend BACKEND = {.name = BACKEND_NAME,
#ifdef I2V_ONEDNN
                                    .conv_packed_size = i2v_cpu_conv_packed_size,
                                    .conv_pack = i2v_cpu_conv_pack,
                                    ENTRY(linear),
                                    ENTRY(feed_forward),
                                    ENTRY(conv),
                                    ENTRY(temporal_conv),
#else
                                    .conv_packed_size = i2v_plain_conv_packed_size,
                                    .conv_pack = i2v_plain_conv_pack,
                                    .linear_scratch = i2v_plain_linear_scratch,
                                    .linear = i2v_plain_linear,
                                    .feed_forward_scratch = i2v_plain_feed_forward_scratch,
                                    .feed_forward = i2v_plain_feed_forward,
                                    .conv_scratch = i2v_plain_conv_scratch,
                                    .conv = i2v_plain_conv,
                                    .temporal_conv_scratch = i2v_plain_temporal_conv_scratch,
                                    .temporal_conv = i2v_plain_temporal_conv,
#endif
                                    ENTRY(group_norm),
                                    ENTRY(layer_norm),
                                    ENTRY(attention),
                                    ENTRY(add_vectors),
                                    .upsample_scratch = i2v_plain_upsample_scratch,
                                    .upsample = i2v_plain_upsample,
                                    .measure_peaks = i2v_cpu_measure_peaks};

#undef JOIN_
#undef JOIN
#undef OPERATION
#undef ENTRY
#undef BACKEND
#undef BACKEND_NAME
#undef KERNELS
