// C shims for what Swift cannot import from libc and the kernel headers: variadic calls, macros, bit fields.
#ifndef CLINUX_H
#define CLINUX_H

// prctl(PR_SET_NAME): names the calling thread; at most 15 bytes are kept.
int clinux_set_thread_name(const char *name);

#endif
