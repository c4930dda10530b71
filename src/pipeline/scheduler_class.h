/* Which scheduler a scheduler_config.json is of. */
#ifndef I2V_PIPELINE_SCHEDULER_CLASS_H
#define I2V_PIPELINE_SCHEDULER_CLASS_H

#include "img2vid/img2vid.h"
#include "json/config.h"

/* The scheduler that _class_name and the settings of that class ask for; fails c where one of them asks for something
 * else than is implemented. The class's noise levels are none of its matter. */
i2v_scheduler i2v_scheduler_class_read(i2v_config *c);

/* 1: of a class that names its list of noise levels sigma_schedule, and has a range of its own. */
int i2v_scheduler_class_is_edm(i2v_config *c);

/* The class in diffusers whose steps a scheduler takes. Static. */
const char *i2v_scheduler_class_name(i2v_scheduler scheduler);

/* Fails c where a setting has a value other than the one that is implemented; fallback: where it is missing. */
void i2v_scheduler_expect_string(i2v_config *c, const char *key, const char *fallback, const char *wanted);
void i2v_scheduler_expect_bool(i2v_config *c, const char *key, int fallback, int wanted);

#endif
