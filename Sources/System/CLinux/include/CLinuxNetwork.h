// Network devices and namespaces, and sockets that carry descriptors: recvmsg(2), epoll_pwait2(2), setns(2).
#ifndef CLINUX_NETWORK_H
#define CLINUX_NETWORK_H

// socketpair(2) of SOCK_SEQPACKET: messages keep their bounds, and an end of file tells that the other end is gone.
int clinux_message_pair(int ends[2]);

// recvmsg(2) with SCM_RIGHTS: one message and the descriptors that came with it (closed on exec). Returns the message's
// bytes, 0 at the end of file, or -1. With `wait` 0 it does not block.
long clinux_receive(int socket, void *bytes, unsigned long size, int *descriptors, int most, int *count, int wait);

// send(2) with MSG_NOSIGNAL.
long clinux_send(int socket, const void *bytes, unsigned long size);

struct clinux_event {
    unsigned long long token;
    int failed;  // EPOLLERR or EPOLLHUP
};

// epoll_pwait2(2): waits with the resolution of nanoseconds, below 0 without end. On kernels before 5.11 the time is
// rounded up to milliseconds. Returns how many events it filled; 0 for a signal.
int clinux_epoll_wait_precise(int poller, struct clinux_event *events, int most, long long nanoseconds);

// prctl(PR_SET_TIMERSLACK): how late the calling thread may be woken so that wake-ups can be gathered.
int clinux_set_timer_slack(unsigned long nanoseconds);

// setpriority(2) of the calling thread; needs CAP_SYS_NICE for less than the present value.
int clinux_set_thread_nice(int value);

// sched_setscheduler(2) of the calling thread: SCHED_FIFO, lowest priority; needs CAP_SYS_NICE or RLIMIT_RTPRIO.
int clinux_set_thread_real_time(void);

// memfd_create(2), executable, closed on exec.
int clinux_memory_file(const char *name);

// fcntl(F_DUPFD_CLOEXEC)
int clinux_duplicate(int descriptor);

// setns(2) into the network namespace of a process.
int clinux_enter_network_namespace(int pid);

#endif
