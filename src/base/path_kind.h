/* What a path leads to, for messages. */
#ifndef I2V_BASE_PATH_KIND_H
#define I2V_BASE_PATH_KIND_H

/* "a named pipe", "a folder", "a link that leads nowhere", ...; NULL where there is nothing at all. */
const char *i2v_path_kind(const char *path);

#endif
