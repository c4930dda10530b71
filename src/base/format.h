/* Says that a function takes a format of printf, its argument number `format_`, and values for it from `first` on. */
#ifndef I2V_BASE_FORMAT_H
#define I2V_BASE_FORMAT_H

#ifdef __MINGW32__ /* whose printf is C99's (__USE_MINGW_ANSI_STDIO), which GCC does not assume there */
#define I2V_PRINTF(format_, first) __attribute__((format(gnu_printf, format_, first)))
#else
#define I2V_PRINTF(format_, first) __attribute__((format(printf, format_, first)))
#endif

#endif
