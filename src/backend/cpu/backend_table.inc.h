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

OPERATION(linear)
OPERATION(feed_forward)
OPERATION(conv)
OPERATION(temporal_conv)
OPERATION(group_factors)
OPERATION(group_moments)
OPERATION(layer_norm)
OPERATION(attention)
OPERATION(add_vectors)

static size_t JOIN(BACKEND, filter_size)(const i2v_filter *filter) {
    return i2v_cpu_filter_size(&KERNELS, filter);
}
static i2v_status JOIN(BACKEND, filter_pack)(const i2v_device *device, const i2v_filter *filter,
                                             const i2v_source *source, void *scratch, void *packed, i2v_error *error) {
    return i2v_cpu_filter_pack(&KERNELS, device, filter, source, scratch, packed, error);
}
static size_t JOIN(BACKEND, conv_size)(const i2v_conv *conv) {
    return i2v_cpu_conv_size(&KERNELS, conv);
}
static i2v_status JOIN(BACKEND, conv_pack)(const i2v_device *device, const i2v_conv *conv, const i2v_source *source,
                                           void *scratch, void *packed, i2v_error *error) {
    return i2v_cpu_conv_pack(&KERNELS, device, conv, source, scratch, packed, error);
}

static const i2v_backend BACKEND = {.name = BACKEND_NAME,
                                    .multiplies_bf16 = BACKEND_MULTIPLIES_BF16,
                                    .memory = &i2v_plain_memory,
                                    .pack_scratch = i2v_cpu_pack_scratch,
                                    .filter_size = JOIN(BACKEND, filter_size),
                                    .filter_pack = JOIN(BACKEND, filter_pack),
                                    .conv_size = JOIN(BACKEND, conv_size),
                                    .conv_pack = JOIN(BACKEND, conv_pack),
                                    .moments_size = i2v_cpu_moments_size,
                                    .moments_tile = i2v_cpu_moments_tile,
                                    ENTRY(linear),
                                    ENTRY(feed_forward),
                                    ENTRY(conv),
                                    ENTRY(temporal_conv),
                                    ENTRY(group_factors),
                                    ENTRY(group_moments),
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
#undef BACKEND_MULTIPLIES_BF16
#undef KERNELS
