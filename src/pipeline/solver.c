/* The table of solvers. */
#include "pipeline/solver.h"

const i2v_solver *i2v_solver_of(i2v_scheduler scheduler) {
    switch (scheduler) {
    case I2V_SCHEDULER_ANIMATELCM:
        return &i2v_solver_animatelcm;
    case I2V_SCHEDULER_DPMPP_2M:
        return &i2v_solver_dpmpp_2m;
    case I2V_SCHEDULER_DPMPP_2M_SDE:
        return &i2v_solver_dpmpp_2m_sde;
    case I2V_SCHEDULER_UNIPC:
        return &i2v_solver_unipc;
    case I2V_SCHEDULER_HEUN:
        return &i2v_solver_heun;
    case I2V_SCHEDULER_AUTO:
    case I2V_SCHEDULER_EULER:
        break;
    }
    return &i2v_solver_euler;
}

int i2v_solver_evaluations(i2v_scheduler scheduler, int steps) {
    return i2v_solver_of(scheduler)->is_twofold ? 2 * steps - 1 : steps;
}

int i2v_solver_level(i2v_scheduler scheduler, int evaluation) {
    return i2v_solver_of(scheduler)->is_twofold ? (evaluation + 1) / 2 : evaluation;
}

double i2v_solver_steps_done(i2v_scheduler scheduler, int steps, double evaluations) {
    double twofold = 2 * (steps - 1); /* evaluations of all steps but the last */
    if (!i2v_solver_of(scheduler)->is_twofold) return evaluations;
    return evaluations <= twofold ? evaluations / 2 : steps - 1 + (evaluations - twofold);
}

/* AnimateLCM-SVD's scheduler draws for its last step, too, where the noise counts for nothing, but not for its only
 * one; diffusers' draw for every step. */
int i2v_solver_draws(i2v_scheduler scheduler, int steps) {
    int is_only = scheduler == I2V_SCHEDULER_ANIMATELCM && steps == 1;
    return i2v_solver_of(scheduler)->draws_noise && !is_only ? steps : 0;
}
