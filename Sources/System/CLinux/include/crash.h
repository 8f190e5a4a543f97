// The last words of a dying process: an event line with a backtrace, written from a signal handler.
#ifndef CLINUX_CRASH_H
#define CLINUX_CRASH_H

/// Installs handlers for SIGILL, SIGTRAP, SIGSEGV, SIGABRT, SIGBUS and SIGFPE.
///
/// On such a signal the process writes one line to stdout and to `output` (if not negative), made of `{"ts":`, the time in
/// nanoseconds, `head`, the error, `","stacktrace":"`, the frames and `tail`; then it dies of the same signal.
/// `head` and `tail` are copied. Call it once. Returns 0, or an errno.
int clinux_crash_install(const char *head, const char *tail, int output);

/// Gives the calling thread a stack to handle signals on, so that the overflow of its own is reported, too. Every thread
/// needs one of its own (sigaltstack(2)); without one such an overflow kills the process at once. Returns 0, or an errno.
int clinux_crash_prepare_thread(void);

#endif
