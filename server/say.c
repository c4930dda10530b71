/* Lines for a person and the log, from any thread. */
#include "say.h"

#include <stdarg.h>
#include <stdio.h>

void server_voice_begin(server_voice *voice, const server_settings *settings) {
    pthread_mutex_init(&voice->lock, NULL);
    voice->settings = settings;
}

void server_voice_end(server_voice *voice) {
    pthread_mutex_destroy(&voice->lock);
}

static void say(server_voice *voice, int is_important, const char *format, va_list arguments) {
    char line[I2V_ERROR_MESSAGE_SIZE + 256];
    vsnprintf(line, sizeof line, format, arguments);
    i2v_make_printable(line);
    pthread_mutex_lock(&voice->lock);
    voice->settings->say(line, is_important, voice->settings->user);
    pthread_mutex_unlock(&voice->lock);
}

void server_say(server_voice *voice, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(voice, 1, format, arguments);
    va_end(arguments);
}

void server_tell(server_voice *voice, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(voice, 0, format, arguments);
    va_end(arguments);
}
