/* The path of a module within its model. */
#include "model/scope.h"

#include <stdio.h>

int i2v_scope_enter(i2v_scope *scope, const char *format, va_list arguments) {
    if (scope->depth++ >= I2V_SCOPE_DEPTH) return 0;
    scope->lengths[scope->depth - 1] = scope->length;
    size_t used = scope->length, room = sizeof scope->path;
    if (used > 0) scope->path[used++] = '.';
    int added = used < room ? vsnprintf(scope->path + used, room - used, format, arguments) : -1;
    if (added >= 0 && (size_t)added < room - used) {
        scope->length = used + (size_t)added;
        return 1;
    }
    scope->path[scope->length] = 0;
    return 0;
}

void i2v_scope_leave(i2v_scope *scope) {
    if (scope->depth-- > I2V_SCOPE_DEPTH) return;
    scope->length = scope->lengths[scope->depth];
    scope->path[scope->length] = 0;
}

int i2v_scope_name(const i2v_scope *scope, char name[I2V_NAME_SIZE], const char *module, const char *leaf) {
    const char *before = scope->length && *module ? "." : "";
    const char *after = leaf && (scope->length || *module) ? "." : "";
    int length = snprintf(name, I2V_NAME_SIZE, "%s%s%s%s%s", scope->path, before, module, after, leaf ? leaf : "");
    return length >= 0 && length < I2V_NAME_SIZE;
}
