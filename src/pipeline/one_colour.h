/* A video whose frames are each of one colour: it is made, and nobody wants it. */
#ifndef I2V_PIPELINE_ONE_COLOUR_H
#define I2V_PIPELINE_ONE_COLOUR_H

#include "img2vid/img2vid.h"

/* Says so in video->warning, of the first such video. A frame's values are compared as 8 bits. */
void i2v_warn_of_one_colour(i2v_video *video);

#endif
