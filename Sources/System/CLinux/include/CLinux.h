// C shims for what Swift cannot import from libc and the kernel headers: variadic calls, macros, bit fields.
#ifndef CLINUX_H
#define CLINUX_H

#include "CLinuxNetwork.h"
#include "CLinuxProcess.h"
#include "crash.h"

// prctl(PR_SET_NAME): names the calling thread; at most 15 bytes are kept.
int clinux_set_thread_name(const char *name);

// eventfd(2) with a count of 0, non-blocking, closed on exec.
int clinux_eventfd(void);

// accept4(2) without the peer's address, non-blocking, closed on exec.
int clinux_accept(int listener);

// setvbuf(3): stdout hands on whole lines, also to a pipe or a file.
void clinux_line_buffer_stdout(void);

#endif
