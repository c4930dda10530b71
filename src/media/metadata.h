/* The text that a video's file keeps (i2v_output.metadata), and where each format keeps it. */
#ifndef I2V_MEDIA_METADATA_H
#define I2V_MEDIA_METADATA_H

#include "base/file.h"
#include "media/raster.h"

/* Key of the PNG chunk, prefix of the XMP element. */
#define I2V_METADATA_KEY "img2vid"
#define I2V_XMP_BEGIN "<img2vid:parameters>"
#define I2V_XMP_END "</img2vid:parameters>"

/* Larger ones are not read. Writers of other programs or later versions may have more than I2V_METADATA_MAX. */
#define I2V_METADATA_READ_MAX ((size_t)1 << 20)

/* metadata_write.c: fails unless the text is as img2vid.h asks for, or NULL. */
i2v_status i2v_metadata_check(const char *json, i2v_error *error);

/* metadata_write.c: put the text into a file that is written and not renamed yet. The library that wrote the file need
 * not know of it. */
i2v_status i2v_png_add_metadata(const i2v_output_file *file, const char *json, i2v_error *error);
i2v_status i2v_gif_add_metadata(const i2v_output_file *file, const char *json, i2v_error *error);

/* metadata_write.c: the XMP packet around the text, allocated; NULL without memory. */
char *i2v_metadata_xmp(const char *json);

/* metadata_text.c: the failure of more than I2V_METADATA_READ_MAX. */
i2v_status i2v_metadata_fail_too_large(const char *name, i2v_error *error);

/* metadata_text.c: *json becomes a copy of the bytes, or stays as it is if they are no such text. */
i2v_status i2v_metadata_copy(char **json, const void *bytes, size_t size, const char *name, i2v_error *error);

/* metadata_video.c: the comment of MP4, QuickTime, Matroska or WebM, if it is such a text. */
i2v_status i2v_video_metadata(char **json, const i2v_encoded *source, i2v_error *error);

#endif
