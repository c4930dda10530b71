#include "pipeline/course.h"

/* A kind is measured when this share of it is done, or of its phase: what is done first may be unlike the rest. */
static const double LEAST_MEASURED = 0.02;

/* What is measured stands for what is not, if it is this much beside it. */
static const double LEAST_YARDSTICK = 0.125;

void i2v_course_expect(i2v_course *course, int kind, double cost) {
    course->kinds[kind].expected += cost;
}

void i2v_course_begin(i2v_course *course, int kind, double cost) {
    course->kinds[course->kind].over += course->cost;
    course->kinds[course->kind].measured += course->share * course->cost;
    course->kinds[course->kind].seconds += course->seconds;
    course->kind = kind;
    course->cost = cost;
    course->share = course->seconds = 0;
}

void i2v_course_move(i2v_course *course, double share, double seconds) {
    course->share = share;
    course->seconds = seconds;
}

/* What is done of the phase that runs, if it is of this kind. */
static double running(const i2v_course *course, int kind) {
    return kind == course->kind ? course->share * course->cost : 0;
}

/* Sums that should be equal differ in their last digits. */
static double rest(const i2v_course *course, int kind) {
    double expected = course->kinds[kind].expected, cost = expected - course->kinds[kind].over - running(course, kind);
    return cost > 1e-9 * expected ? cost : 0;
}

double i2v_course_fraction(i2v_course *course) {
    double all = 0, left = 0;
    for (int kind = 0; kind < I2V_COURSE_KINDS; kind++) {
        all += course->kinds[kind].expected;
        left += rest(course, kind);
    }
    double fraction = left > 0 ? 1 - left / all : 1;
    if (fraction > course->fraction) course->fraction = fraction;
    return course->fraction;
}

/* Cost and time of a kind; 0 if there is not enough of it. */
static int measure(const i2v_course *course, int kind, double *cost, double *seconds) {
    int runs = kind == course->kind;
    double phase = runs ? course->cost : course->kinds[kind].expected;
    *cost = course->kinds[kind].measured + running(course, kind);
    *seconds = course->kinds[kind].seconds + (runs ? course->seconds : 0);
    return *seconds > 0 && *cost > 0 && *cost >= LEAST_MEASURED * phase;
}

double i2v_course_seconds_left(const i2v_course *course) {
    double all_cost = 0, all_seconds = 0, unknown = 0, seconds_left = 0;
    for (int kind = 0; kind < I2V_COURSE_KINDS; kind++) {
        double cost, seconds, of_kind = rest(course, kind);
        if (measure(course, kind, &cost, &seconds)) {
            seconds_left += of_kind * seconds / cost;
            if (kind == I2V_COURSE_LOADING) continue;
            all_cost += cost;
            all_seconds += seconds;
        } else {
            unknown += of_kind;
        }
    }
    if (unknown > 0 && (all_cost <= 0 || all_cost < LEAST_YARDSTICK * unknown)) return -1;
    return unknown > 0 ? seconds_left + unknown * all_seconds / all_cost : seconds_left;
}
