/* Which sanitizer the tests are compiled with. GCC tells by macros, Clang by features. */
#ifndef SANITIZERS_H
#define SANITIZERS_H

#if defined(__has_feature)
#define SANITIZER_FEATURE(feature) __has_feature(feature)
#else
#define SANITIZER_FEATURE(feature) 0
#endif

/* It keeps memory of its own beside what is taken, and more on the stack. */
#if defined(__SANITIZE_ADDRESS__) || SANITIZER_FEATURE(address_sanitizer)
#define UNDER_ADDRESS_SANITIZER 1
#else
#define UNDER_ADDRESS_SANITIZER 0
#endif

/* It ends a forked process that starts a thread. */
#if defined(__SANITIZE_THREAD__) || SANITIZER_FEATURE(thread_sanitizer)
#define UNDER_THREAD_SANITIZER 1
#else
#define UNDER_THREAD_SANITIZER 0
#endif

#endif
