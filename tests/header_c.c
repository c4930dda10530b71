/* The public header compiles alone, in C99 and C11, with -Wpedantic. */
#include "img2vid/img2vid.h"

int main(void) {
    i2v_error error = {0};
    const char *version = I2V_VERSION;
    return error.status == I2V_OK && version[0] ? 0 : 1;
}
