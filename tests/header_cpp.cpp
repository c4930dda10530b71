// The public header compiles alone in C++, and its calls are declared with C linkage.
#include "img2vid/img2vid.h"

extern "C" const char *i2v_version(void);

int main() {
    i2v_params params = i2v_params();
    return params.latents == nullptr ? 0 : 1;
}
