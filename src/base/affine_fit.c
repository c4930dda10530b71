/* Least squares: the affine map that best makes some values of others.
 *
 * By normal equations, in double: with a handful of unknowns and many samples they take one pass and no memory for the
 * samples. They square the condition of the inputs, which is what an orthogonal factorization is for; here the ridge
 * bounds it at (inputs / ridge), far from the 1e16 that double has. */
#include "base/affine_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* sums is [inputs + outputs] of the values, then [inputs][inputs + outputs] of the inputs' products with all. */
static size_t sums_of(int inputs, int outputs) {
    size_t values = (size_t)inputs + (size_t)outputs;
    return values + (size_t)inputs * values;
}

size_t i2v_affine_fit_bytes(int inputs, int outputs) {
    return sums_of(inputs, outputs) * sizeof(double);
}

int i2v_affine_fit_begin(i2v_affine_fit *fit, int inputs, int outputs) {
    *fit = (i2v_affine_fit){.inputs = inputs, .outputs = outputs};
    fit->sums = calloc(sums_of(inputs, outputs), sizeof *fit->sums);
    return fit->sums != NULL;
}

void i2v_affine_fit_end(i2v_affine_fit *fit) {
    free(fit->sums);
    *fit = (i2v_affine_fit){0};
}

static double *row_of(const i2v_affine_fit *fit, int input) {
    size_t values = (size_t)fit->inputs + (size_t)fit->outputs;
    return fit->sums + values + (size_t)input * values;
}

void i2v_affine_fit_add(i2v_affine_fit *fit, const float *in, const float *out) {
    int inputs = fit->inputs, outputs = fit->outputs;
    fit->count++;
    for (int i = 0; i < inputs; i++) {
        double *row = row_of(fit, i);
        fit->sums[i] += (double)in[i];
        for (int k = 0; k <= i; k++) row[k] += (double)in[i] * (double)in[k];
        for (int k = 0; k < outputs; k++) row[inputs + k] += (double)in[i] * (double)out[k];
    }
    for (int k = 0; k < outputs; k++) fit->sums[inputs + k] += (double)out[k];
}

/* Sums of products become those of what differs from the means. */
static void center(i2v_affine_fit *fit) {
    const double *sums = fit->sums;
    for (int i = 0; i < fit->inputs; i++) {
        double *row = row_of(fit, i);
        for (int k = 0; k < fit->inputs + fit->outputs; k++) {
            if (k <= i || k >= fit->inputs) row[k] -= sums[i] * sums[k] / fit->count;
        }
        if (row[i] < 0) row[i] = 0; /* by rounding */
    }
}

/* Cholesky's factor L in place of the lower triangle, and L^-1 times the outputs' columns in place of those. */
static void factor(i2v_affine_fit *fit) {
    int inputs = fit->inputs, all = inputs + fit->outputs;
    for (int i = 0; i < inputs; i++) {
        double *row = row_of(fit, i);
        for (int j = 0; j < i; j++) {
            const double *above = row_of(fit, j);
            for (int k = 0; k < j; k++) row[j] -= row[k] * above[k];
            row[j] /= above[j];
            row[i] -= row[j] * row[j];
            for (int k = inputs; k < all; k++) row[k] -= row[j] * above[k];
        }
        row[i] = sqrt(row[i]);
        for (int k = inputs; k < all; k++) row[k] /= row[i];
    }
}

/* L^-T times that: the weights, in place of the outputs' columns. */
static void substitute(i2v_affine_fit *fit) {
    int inputs = fit->inputs, all = inputs + fit->outputs;
    for (int i = inputs - 1; i >= 0; i--) {
        double *row = row_of(fit, i);
        for (int k = inputs; k < all; k++) {
            row[k] /= row[i];
            for (int j = 0; j < i; j++) row_of(fit, j)[k] -= row[j] * row[k];
        }
    }
}

void i2v_affine_fit_solve(i2v_affine_fit *fit, double ridge, float *map) {
    int inputs = fit->inputs;
    double variance = 0, count = fit->count > 0 ? fit->count : 1;
    if (fit->count > 0) center(fit);
    for (int i = 0; i < inputs; i++) variance += row_of(fit, i)[i] / inputs;
    int varies = variance > 0;
    for (int i = 0; i < inputs; i++) row_of(fit, i)[i] += ridge * variance;
    if (varies) {
        factor(fit);
        substitute(fit);
    }
    for (int k = 0; k < fit->outputs; k++) {
        float *out = map + (size_t)k * ((size_t)inputs + 1);
        double constant = fit->sums[inputs + k] / count;
        for (int i = 0; i < inputs; i++) {
            double weight = varies ? row_of(fit, i)[inputs + k] : 0;
            out[i] = (float)weight;
            constant -= weight * fit->sums[i] / count;
        }
        out[inputs] = (float)constant;
    }
}
