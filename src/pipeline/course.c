/* How far a call is, and how long the rest of it takes. */
#include "pipeline/course.h"

/* A kind tells its own speed when this share of it is done, or of its phase. */
static const double LEAST_MEASURED = 0.02;

/* What is measured of other kinds tells it, if it is this much beside what is left of the kind. */
static const double LEAST_YARDSTICK = 0.125;

/* What is done first may be unlike the rest: until more is done, the others' speed counts as this share of the kind,
 * or of what was measured of them. */
static const double PRIOR = 0.3;

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

/* What was measured. */
typedef struct {
    double cost, seconds;
} work;

static work measured(const i2v_course *course, int kind) {
    double seconds = kind == course->kind ? course->seconds : 0;
    return (work){course->kinds[kind].measured + running(course, kind), course->kinds[kind].seconds + seconds};
}

/* Of all kinds that compute, but for this one. */
static work measured_beside(const i2v_course *course, int kind) {
    work sum = {0, 0};
    for (int other = 0; other < I2V_COURSE_LOADING; other++) {
        work more = measured(course, other);
        if (other == kind) continue;
        sum.cost += more.cost;
        sum.seconds += more.seconds;
    }
    return sum;
}

/* Seconds of the rest of a kind; -1: too little is measured. */
static double seconds_of_rest(const i2v_course *course, int kind) {
    double expected = course->kinds[kind].expected, phase = kind == course->kind ? course->cost : expected;
    double left = rest(course, kind);
    work own = measured(course, kind), beside = measured_beside(course, kind);
    int tells = own.cost > 0 && own.cost >= LEAST_MEASURED * phase;
    if (left <= 0) return 0;
    if (!tells) return beside.cost > LEAST_YARDSTICK * left ? left * beside.seconds / beside.cost : -1;
    double prior = PRIOR * (expected < beside.cost ? expected : beside.cost);
    if (prior > 0) {
        own.cost += prior;
        own.seconds += prior * beside.seconds / beside.cost;
    }
    return left * own.seconds / own.cost;
}

double i2v_course_seconds_left(const i2v_course *course) {
    double sum = 0;
    for (int kind = 0; kind < I2V_COURSE_KINDS; kind++) {
        double seconds = seconds_of_rest(course, kind);
        if (seconds < 0) return -1;
        sum += seconds;
    }
    return sum;
}
