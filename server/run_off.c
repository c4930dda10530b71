/* Builds without the server say what they lack. */
#include "failure.h"
#include "server.h"

int server_is_built(void) {
    return 0;
}

i2v_status server_run(const server_settings *settings, i2v_error *error) {
    return server_fail(error, I2V_ERROR_UNSUPPORTED,
                       "this img2vid was built without its server: build it where libmicrohttpd and SQLite are found, "
                       "with -DI2V_SERVER=ON");
}
