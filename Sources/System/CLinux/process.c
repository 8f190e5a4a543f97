// Starting a process the way posix_spawn(3) does it, with what posix_spawn cannot: a death signal, limits, a
// umask and a process descriptor. The child shares the parent's memory until it execs (CLONE_VM|CLONE_VFORK):
// no page table is copied, however large the parent, and an error needs no pipe to come back. Between clone
// and execve the child may only call what is async-signal-safe and must not touch the parent's data except
// its own context.
#define _GNU_SOURCE
#include "CLinuxProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Enough for the child's few frames; a guard page below it turns an overflow into a fault instead of a
// corruption.
enum { stack_bytes = 64 * 1024, guard_bytes = 64 * 1024, first_free_descriptor = 3 };

struct context {
    const struct clinux_spawn *spawn;
    pid_t parent;
    volatile int error;
    const char *volatile step;
};

static int fail(struct context *context, const char *step) {
    context->error = errno;
    context->step = step;
    _exit(127);
}

// An ignored signal stays ignored across execve(2); the new program is to begin with every signal at its
// default. The system call itself, since the wrapper of newer C libraries takes a lock.
static void reset_signals(void) {
    char defaults[64];
    memset(defaults, 0, sizeof defaults);
    for (int number = 1; number <= 64; number++) syscall(SYS_rt_sigaction, number, defaults, NULL, 8);
}

// Moves a descriptor above the three standard ones so that no dup2 overwrites another's source.
static int lift(int descriptor) {
    if (descriptor >= first_free_descriptor) return descriptor;
    return fcntl(descriptor, F_DUPFD_CLOEXEC, first_free_descriptor);
}

static int run_child(void *argument) {
    struct context *context = argument;
    const struct clinux_spawn *spawn = context->spawn;
    reset_signals();
    if (spawn->session && setsid() < 0) return fail(context, "setsid");
    if (spawn->death_signal) {
        if (prctl(PR_SET_PDEATHSIG, spawn->death_signal, 0, 0, 0) < 0) return fail(context, "prctl");
        // The parent may have died before the call took effect.
        if (getppid() != context->parent) _exit(127);
    }
    int sources[3] = {lift(spawn->input), lift(spawn->output), lift(spawn->error)};
    for (int target = 0; target < 3; target++)
        if (sources[target] < 0 || dup2(sources[target], target) < 0) return fail(context, "dup2");
    if (spawn->directory && chdir(spawn->directory) < 0) return fail(context, "chdir");
    umask(spawn->mask);
    for (int index = 0; index < spawn->limit_count; index++) {
        const struct clinux_limit *limit = &spawn->limits[index];
        if (clinux_set_limit(limit->resource, limit->soft, limit->hard) < 0)
            return fail(context, "setrlimit");
    }
    // Whatever a library opened without O_CLOEXEC stays here. Older kernels lack the call; ours are O_CLOEXEC
    // anyway.
    syscall(SYS_close_range, first_free_descriptor, ~0U, CLOSE_RANGE_CLOEXEC);
    for (int index = 0; index < spawn->passed_count; index++)
        if (fcntl(spawn->passed[index], F_SETFD, 0) < 0) return fail(context, "fcntl");
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(spawn->path, spawn->arguments, spawn->environment);
    return fail(context, "execve");
}

int clinux_spawn(const struct clinux_spawn *spawn, struct clinux_spawned *result) {
    struct context context = {.spawn = spawn, .parent = getpid(), .error = 0, .step = ""};
    *result = (struct clinux_spawned){.pid = -1, .descriptor = -1, .error = 0, .step = ""};
    char *stack = mmap(NULL, stack_bytes + guard_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) {
        result->error = errno;
        result->step = "mmap";
        return -1;
    }
    mprotect(stack, guard_bytes, PROT_NONE);
    // No handler of ours may run in the child, on memory it shares with us.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int descriptor = -1;
    pid_t pid = clone(run_child, stack + guard_bytes + stack_bytes,
                      CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &context, &descriptor);
    int error = pid < 0 ? errno : context.error;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    munmap(stack, stack_bytes + guard_bytes);
    if (error == 0) {
        result->pid = pid;
        result->descriptor = descriptor;
        return 0;
    }
    result->error = error;
    result->step = pid < 0 ? "clone" : context.step;
    if (pid >= 0) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
        close(descriptor);
    }
    return -1;
}

int clinux_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int clinux_pidfd_send_signal(int descriptor, int number) {
    return (int)syscall(SYS_pidfd_send_signal, descriptor, number, NULL, 0);
}

int clinux_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int clinux_epoll_add(int poller, int descriptor, unsigned long long token) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = token};
    return epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
}

int clinux_epoll_remove(int poller, int descriptor) {
    return epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, NULL);
}

int clinux_epoll_wait(int poller, unsigned long long *tokens, int count, int milliseconds) {
    enum { most = 256 };
    struct epoll_event events[most];
    int ready = epoll_wait(poller, events, count < most ? count : most, milliseconds);
    for (int index = 0; index < ready; index++) tokens[index] = events[index].data.u64;
    return ready;
}

int clinux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int clinux_get_limit(int resource, unsigned long long *soft, unsigned long long *hard) {
    struct rlimit limit;
    if (getrlimit(resource, &limit) < 0) return -1;
    *soft = limit.rlim_cur;
    *hard = limit.rlim_max;
    return 0;
}

int clinux_set_limit(int resource, unsigned long long soft, unsigned long long hard) {
    struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
    return setrlimit(resource, &limit);
}

const int clinux_limit_descriptors = RLIMIT_NOFILE;
const int clinux_limit_processes = RLIMIT_NPROC;
const int clinux_limit_file_size = RLIMIT_FSIZE;
const int clinux_limit_core = RLIMIT_CORE;
