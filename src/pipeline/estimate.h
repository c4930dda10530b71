/* How fast this machine works off what a call is expected to cost (expect.h). */
#ifndef I2V_PIPELINE_ESTIMATE_H
#define I2V_PIPELINE_ESTIMATE_H

#include "pipeline/engine.h"

/* About how much cost the engine works off a second. A product of its own backend and threads is timed for it, which
 * takes a hundredth of what a call of that cost takes, and where the processor has vectors two tenths of a second at
 * most. The engine keeps it for a minute, so that plans beside one another differ by their cost alone, whatever else
 * the machine does meanwhile; only for a call so much larger that a product of more rows tells of it, it is timed anew.
 */
i2v_status i2v_estimate_rate(double *rate, i2v_engine *engine, double cost, i2v_error *error);

#endif
