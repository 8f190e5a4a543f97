// C shims for what Swift cannot import from libc and the kernel headers: variadic calls, macros, bit fields.
#ifndef CLINUX_H
#define CLINUX_H

#endif
