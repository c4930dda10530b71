/* Which scheduler a scheduler_config.json is of: diffusers' classes, and their settings beside those of noise levels.
 */
#include "pipeline/scheduler_class.h"

#include <string.h>

enum { NAME = 64 };
static const char EDM[] = "EDMDPMSolverMultistepScheduler";

void i2v_scheduler_expect_string(i2v_config *c, const char *key, const char *fallback, const char *wanted) {
    char value[NAME];
    i2v_config_string(c, key, fallback, value, sizeof value);
    if (strcmp(value, wanted) != 0)
        i2v_config_fail(c, "%s is %s, which is not implemented (%s is)", key, value, wanted);
}

void i2v_scheduler_expect_bool(i2v_config *c, const char *key, int fallback, int wanted) {
    if (i2v_config_bool(c, key, fallback) != wanted)
        i2v_config_fail(c, "%s is %s, which is not implemented", key, wanted ? "false" : "true");
}

static void expect_order_two(i2v_config *c) {
    int order = i2v_config_int(c, "solver_order", 2, 1, 10);
    if (order != 2) i2v_config_fail(c, "solver_order is %d, which is not implemented (2 is)", order);
}

static void expect_nothing_else(i2v_config *c) {
    static const char *const off[] = {"use_flow_sigmas", "use_lu_lambdas", "thresholding", "clip_sample"};
    for (size_t i = 0; i < sizeof off / sizeof *off; i++) i2v_scheduler_expect_bool(c, off[i], 0, 0);
}

/* Each class takes the names of other classes' types for its default. */
static void refuse_solver_type(i2v_config *c, const char *other, const char *implemented) {
    char type[NAME];
    i2v_config_string(c, "solver_type", implemented, type, sizeof type);
    if (strcmp(type, other) == 0)
        i2v_config_fail(c, "solver_type is %s, which is not implemented (%s is)", type, implemented);
}

/* euler_at_final counts for nothing where the last level is 0: the last step is Euler's then in any case. */
static i2v_scheduler read_dpmpp(i2v_config *c) {
    char type[NAME];
    i2v_config_string(c, "algorithm_type", "dpmsolver++", type, sizeof type);
    int is_sde = strcmp(type, "sde-dpmsolver++") == 0;
    if (!is_sde && strcmp(type, "dpmsolver++") != 0)
        i2v_config_fail(c, "algorithm_type is %s, which is not implemented (dpmsolver++ and sde-dpmsolver++ are)",
                        type);
    refuse_solver_type(c, "heun", "midpoint");
    if (i2v_config_has(c, "variance_type")) i2v_config_fail(c, "variance_type is set, which is not implemented");
    expect_order_two(c);
    expect_nothing_else(c);
    return is_sde ? I2V_SCHEDULER_DPMPP_2M_SDE : I2V_SCHEDULER_DPMPP_2M;
}

static i2v_scheduler read_edm(i2v_config *c) {
    double sigma_data = i2v_config_double(c, "sigma_data", 0.5, 0, 1e6);
    if (sigma_data < 1 || sigma_data > 1) {
        i2v_config_fail(
            c, "sigma_data is %g, but Stable Video Diffusion is made for 1: give sigma_data=1.0 to from_config",
            sigma_data);
    }
    return read_dpmpp(c);
}

static i2v_scheduler read_unipc(i2v_config *c) {
    refuse_solver_type(c, "bh1", "bh2");
    i2v_scheduler_expect_bool(c, "predict_x0", 1, 1);
    i2v_scheduler_expect_bool(c, "lower_order_final", 1, 1);
    if (i2v_config_length(c, "disable_corrector") > 0)
        i2v_config_fail(c, "disable_corrector is not empty, which is not implemented");
    if (i2v_config_has(c, "solver_p")) i2v_config_fail(c, "solver_p is set, which is not implemented");
    expect_order_two(c);
    expect_nothing_else(c);
    return I2V_SCHEDULER_UNIPC;
}

static i2v_scheduler read_heun(i2v_config *c) {
    expect_nothing_else(c);
    return I2V_SCHEDULER_HEUN;
}

static i2v_scheduler read_euler(i2v_config *c) {
    return I2V_SCHEDULER_EULER;
}

static const struct {
    const char *name;
    i2v_scheduler (*read)(i2v_config *c);
} classes[] = {{"EulerDiscreteScheduler", read_euler},
               {"DPMSolverMultistepScheduler", read_dpmpp},
               {EDM, read_edm},
               {"UniPCMultistepScheduler", read_unipc},
               {"HeunDiscreteScheduler", read_heun}};

i2v_scheduler i2v_scheduler_class_read(i2v_config *c) {
    char name[NAME];
    i2v_config_string(c, "_class_name", "", name, sizeof name);
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strcmp(name, classes[i].name) == 0) return classes[i].read(c);
    i2v_config_fail(c,
                    "_class_name is %s, which is not implemented (EulerDiscreteScheduler, DPMSolverMultistepScheduler, "
                    "EDMDPMSolverMultistepScheduler, UniPCMultistepScheduler and HeunDiscreteScheduler are)",
                    name);
    return I2V_SCHEDULER_EULER;
}

int i2v_scheduler_class_is_edm(i2v_config *c) {
    char name[NAME];
    i2v_config_string(c, "_class_name", "", name, sizeof name);
    return strcmp(name, EDM) == 0;
}

const char *i2v_scheduler_class_name(i2v_scheduler scheduler) {
    switch (scheduler) {
    case I2V_SCHEDULER_DPMPP_2M:
    case I2V_SCHEDULER_DPMPP_2M_SDE:
        return "DPMSolverMultistepScheduler";
    case I2V_SCHEDULER_UNIPC:
        return "UniPCMultistepScheduler";
    case I2V_SCHEDULER_HEUN:
        return "HeunDiscreteScheduler";
    case I2V_SCHEDULER_ANIMATELCM:
        return "AnimateLCMSVDStochasticIterativeScheduler";
    case I2V_SCHEDULER_AUTO:
    case I2V_SCHEDULER_EULER:
        break;
    }
    return "EulerDiscreteScheduler";
}
