// Starting processes with full control, and process descriptors: clone(2), execve(2), pidfd_open(2).
#ifndef CLINUX_PROCESS_H
#define CLINUX_PROCESS_H

struct clinux_limit {
    int resource;  // RLIMIT_…
    unsigned long long soft, hard;
};

struct clinux_spawn {
    const char *path;          // absolute
    char *const *arguments;    // NULL-terminated, the first one is the program's name
    char *const *environment;  // NULL-terminated
    const char *directory;     // working directory, or NULL for the caller's
    int input, output, error;  // what becomes descriptors 0, 1 and 2
    int session;               // 1: a session, and so a process group, of its own
    int death_signal;          // sent to it when the calling *thread* ends; 0 for none
    unsigned int mask;         // umask
    const struct clinux_limit *limits;
    int limit_count;
    const int *passed;  // descriptors above 2 that stay open under their numbers
    int passed_count;
};

struct clinux_spawned {
    int pid;
    int descriptor;    // the process as a descriptor (O_CLOEXEC): readable once it has ended
    int error;         // errno of what failed, else 0
    const char *step;  // the call that failed
};

// Starts a process; blocks until it runs the new program or has failed to. Returns 0, or -1 with `error` and
// `step`.
int clinux_spawn(const struct clinux_spawn *spawn, struct clinux_spawned *result);

int clinux_pidfd_open(int pid);
int clinux_pidfd_send_signal(int descriptor, int number);

// prctl(PR_SET_CHILD_SUBREAPER): orphans among the caller's descendants become its children.
int clinux_become_subreaper(void);

// epoll(7): descriptors are watched for input, each known by a token. `clinux_epoll_wait` answers how many of the
// tokens it filled, or -1.
int clinux_epoll_create(void);
int clinux_epoll_add(int poller, int descriptor, unsigned long long token);
int clinux_epoll_remove(int poller, int descriptor);
int clinux_epoll_wait(int poller, unsigned long long *tokens, int count, int milliseconds);

// pipe2(2) with O_CLOEXEC.
int clinux_pipe(int ends[2]);

int clinux_get_limit(int resource, unsigned long long *soft, unsigned long long *hard);
int clinux_set_limit(int resource, unsigned long long soft, unsigned long long hard);

extern const int clinux_limit_descriptors;  // RLIMIT_NOFILE
extern const int clinux_limit_processes;    // RLIMIT_NPROC
extern const int clinux_limit_file_size;    // RLIMIT_FSIZE
extern const int clinux_limit_core;         // RLIMIT_CORE

#endif
