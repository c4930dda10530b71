/* How far a call is and how long the rest of it takes: what its phases cost, as planned, and the time they took. */
#ifndef I2V_PIPELINE_COURSE_H
#define I2V_PIPELINE_COURSE_H

/* Work of one kind takes the same time for the same cost. Whatever the kind, a cost is in multiply-adds, which are a
 * guess at what it takes beside other kinds until it is measured. */
#define I2V_COURSE_KINDS 5
#define I2V_COURSE_LOADING 4 /* is no yardstick for the others: it computes nothing */

/* Zero-initialized is one of which nothing is expected. */
typedef struct i2v_course {
    struct {
        double expected;          /* cost of all phases */
        double over;              /* of those that are over */
        double measured, seconds; /* of what was done, and how long that took */
    } kinds[I2V_COURSE_KINDS];
    int kind;     /* of the phase that runs */
    double cost;  /* of it */
    double share; /* of that, what is done: 0..1 */
    double seconds;
    double fraction; /* the last that was told */
} i2v_course;

/* More cost that the call will have. */
void i2v_course_expect(i2v_course *course, int kind, double cost);

/* A phase begins; the one before is over, even where less was done than expected. */
void i2v_course_begin(i2v_course *course, int kind, double cost);
/* So much of it, 0..1, is done in so many seconds. */
void i2v_course_move(i2v_course *course, double share, double seconds);

/* Of the whole call: from 0, never less than before, 1 when all that is expected is done. */
double i2v_course_fraction(i2v_course *course);
/* Of the rest; -1 while too little is measured to tell. */
double i2v_course_seconds_left(const i2v_course *course);

#endif
