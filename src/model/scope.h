/* The path of a module within its model, as diffusers names it: "down_blocks.0.resnets.1". Whoever loads the module
 * enters it, asks for tensors by their names within it, and leaves it. */
#ifndef I2V_MODEL_SCOPE_H
#define I2V_MODEL_SCOPE_H

#include "weights/weight.h"

#include <stdarg.h>

enum { I2V_SCOPE_DEPTH = 16 };

/* Zero-initialized is the model itself. */
typedef struct i2v_scope {
    char path[I2V_NAME_SIZE];
    size_t length;
    size_t lengths[I2V_SCOPE_DEPTH]; /* of the path, before each module was entered */
    int depth;
} i2v_scope;

/* Enters the module of the formatted name, which may be several with dots between. 0 where the path would be too long
 * or too deep: it stays as it is then, and is to be left all the same. */
int i2v_scope_enter(i2v_scope *scope, const char *format, va_list arguments);
void i2v_scope_leave(i2v_scope *scope);

/* The full name of a module in here, or of its tensor `leaf`. module "": the one that was entered; leaf NULL: none. 0
 * where the name is too long; then it is cut. */
int i2v_scope_name(const i2v_scope *scope, char name[I2V_NAME_SIZE], const char *module, const char *leaf);

#endif
