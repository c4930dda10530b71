/* Labels of compared videos: the parameters in which they differ, by the metadata in their files. */
#ifndef CLI_LABELS_H
#define CLI_LABELS_H

#include "comparison.h"

/* Reads the metadata and makes the labels, and the text of what all videos have in common. */
i2v_status cli_labels_make(cli_comparison *all);

#endif
