/* Attention, query by query: scores, softmax, weighted sum. */
#include "backend/plain/plain.h"

#include "base/parallel.h"

#include <math.h>

typedef struct attention_job {
    const i2v_attention_args *args;
    double *scratch; /* [threads][tokens] */
} attention_job;

static double value_of(const i2v_attention_args *args, const void *x, int64_t at) {
    return i2v_plain_get(args->element, x, at);
}

/* softmax(q k^T scale), not yet divided by the sum, which is returned; start: where the sequence and head begin. */
static double softmax_weights(const i2v_attention_args *args, int64_t start, int64_t token, double *weights) {
    double highest = -INFINITY, sum = 0;
    int64_t stride = args->token_stride;
    for (int64_t t = 0; t < args->tokens; t++) {
        weights[t] = 0;
        for (int d = 0; d < args->head_dim; d++) {
            weights[t] +=
                value_of(args, args->q, start + token * stride + d) * value_of(args, args->k, start + t * stride + d);
        }
        weights[t] *= args->scale;
        if (weights[t] > highest) highest = weights[t];
    }
    for (int64_t t = 0; t < args->tokens; t++) sum += weights[t] = exp(weights[t] - highest);
    return sum;
}

static void attention_query(void *argument, int64_t item, int thread) {
    const attention_job *job = argument;
    const i2v_attention_args *args = job->args;
    int64_t token = item % args->tokens, head = item / args->tokens % args->heads;
    int64_t sequence = item / args->tokens / args->heads;
    int64_t i = sequence / args->inner, j = sequence % args->inner;
    int64_t start = i * args->outer_stride + j * args->inner_stride + head * args->head_dim;
    double *weights = job->scratch + (int64_t)thread * args->tokens;
    double sum = softmax_weights(args, start, token, weights);
    int64_t out = i * args->out_outer_stride + j * args->out_inner_stride + token * args->out_token_stride +
                  head * args->head_dim;
    for (int d = 0; d < args->head_dim; d++) {
        double value = 0;
        for (int64_t t = 0; t < args->tokens; t++) {
            value += weights[t] * value_of(args, args->v, start + t * args->token_stride + d);
        }
        i2v_plain_set(args->element, args->out, out + d, value / sum);
    }
}

size_t i2v_plain_attention_scratch(const i2v_device *device, const i2v_attention_args *args) {
    return (size_t)i2v_team_size(device->team) * (size_t)args->tokens * sizeof(double);
}

i2v_status i2v_plain_attention(const i2v_device *device, const i2v_attention_args *args, void *scratch,
                               i2v_error *error) {
    attention_job job = {args, scratch};
    int64_t items = args->outer * args->inner * args->heads * args->tokens;
    i2v_parallel(device->team, items, device->cancel, attention_query, &job);
    return I2V_OK;
}
