/* Passes that are left out. Guidance is computed only where it counts: within an interval of noise levels (Kynkaanniemi
 * et al. 2024, arXiv 2404.07724), and there in every so manyth evaluation, its difference carried to those after it. Of
 * evaluations, some are forecast from those before, as Spectrum does (arXiv 2603.01623); docs/PERFORMANCE.md says why
 * in a line, and every second. */
#include "pipeline/passes.h"

#include "base/parameters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of sigmas (i2v_params.sigmas). */
static const double HIGHEST = 1e6;

/* A level at *text, which is moved past it; -1: there is none. */
static double read_level(const char **text) {
    size_t length = strspn(*text, "0123456789.eE+-");
    char *end;
    double level = length ? strtod(*text, &end) : -1;
    if (!length || end != *text + length || !(level >= 0 && level <= HIGHEST)) return -1;
    *text = end;
    return level;
}

i2v_status i2v_passes_read_interval(i2v_passes_request *request, const char *text, i2v_error *error) {
    const i2v_parameter *parameter = I2V_PARAMETER(PARAMS, i2v_params, guidance_interval);
    enum { LONGEST = 40 };
    request->low = 0;
    request->high = HUGE_VAL;
    if (!text) return I2V_OK;
    const char *at = text;
    double low = read_level(&at), high = -1;
    if (low >= 0 && *at == ':') {
        at++;
        int is_open = strcmp(at, "inf") == 0;
        high = is_open ? HUGE_VAL : read_level(&at);
        if (is_open) at += strlen(at);
    }
    if (*at || high <= low || strlen(text) > LONGEST)
        return i2v_fail(error, I2V_ERROR_PARAMETER,
                        I2V_NAME("%s") " is '%.60s'; it must be LOW:HIGH, two noise levels such as 0.1:100, from 0 to "
                                       "1000000 or inf, the lower first",
                        parameter->name, text);
    request->low = low;
    request->high = high;
    return I2V_OK;
}

int i2v_passes_are_sparse(const i2v_passes_request *request) {
    return request->low > 0 || request->high < HUGE_VAL || request->every > 1 || request->forecast_every;
}

i2v_passes i2v_passes_make(const i2v_passes_request *request, const float *sigmas, int evaluations, int guidance) {
    i2v_passes passes = {.is_sparse = 1,
                         .last = evaluations,
                         .every = guidance ? request->every : 1,
                         .forecast_every = request->forecast_every,
                         .evaluations = evaluations};
    if (!guidance) return passes; /* whole is one pass, then */
    while (passes.first < evaluations && (double)sigmas[passes.first] > request->high) passes.first++;
    passes.last = passes.first;
    while (passes.last < evaluations && (double)sigmas[passes.last] >= request->low) passes.last++;
    return passes;
}

/* The first that can be: two were computed. */
enum { FIRST_FORECAST = 2 };

static int is_forecast(const i2v_passes *passes, int evaluation) {
    int since = evaluation - FIRST_FORECAST;
    return passes->forecast_every && since >= 0 && since % passes->forecast_every == 0 &&
           evaluation + 1 < passes->evaluations;
}

/* How many of the evaluations before that one, which is one of the run's, are computed. */
static int computed(const i2v_passes *passes, int evaluation) {
    int since = evaluation - FIRST_FORECAST;
    if (!passes->forecast_every || since <= 0) return evaluation;
    return evaluation - (since - 1) / passes->forecast_every - 1;
}

i2v_evaluation i2v_passes_of(const i2v_passes *passes, int evaluation) {
    if (!passes->is_sparse) return I2V_EVALUATION_WHOLE;
    if (is_forecast(passes, evaluation)) return I2V_EVALUATION_FORECAST;
    if (evaluation < passes->first || evaluation >= passes->last) return I2V_EVALUATION_BARE;
    int before = computed(passes, evaluation) - computed(passes, passes->first); /* with guidance */
    return before % passes->every ? I2V_EVALUATION_CARRIED : I2V_EVALUATION_WHOLE;
}

/* In ln sigma, which steps differ least in, whatever the list of levels. */
float i2v_passes_ahead(const i2v_passes *passes, const float *sigmas, int evaluation) {
    int last = evaluation - 1, before = is_forecast(passes, evaluation - 2) ? evaluation - 3 : evaluation - 2;
    double way = log((double)sigmas[before] / (double)sigmas[last]);
    return way > 0 ? (float)(log((double)sigmas[last] / (double)sigmas[evaluation]) / way) : 0;
}

int i2v_passes_carry(const i2v_passes *passes) {
    return passes->is_sparse && passes->every > 1 && passes->last - passes->first > 1;
}

int i2v_passes_forecast(const i2v_passes *passes) {
    return passes->is_sparse && passes->forecast_every && passes->evaluations > FIRST_FORECAST + 1;
}

int i2v_passes_remembered(const i2v_passes *passes) {
    return i2v_passes_carry(passes) + 2 * i2v_passes_forecast(passes);
}
