// What the network needs from the kernel and Swift cannot call: see CLinuxNetwork.h.
#define _GNU_SOURCE
#include "CLinuxNetwork.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U  // Linux 6.3
#endif

enum { most_descriptors = 16, most_events = 64 };

int clinux_message_pair(int ends[2]) { return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends); }

long clinux_receive(int socket, void *bytes, unsigned long size, int *descriptors, int most, int *count, int wait) {
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    union {
        char bytes[CMSG_SPACE(sizeof(int) * most_descriptors)];
        struct cmsghdr aligned;
    } control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    *count = 0;
    ssize_t received;
    do received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    while (received < 0 && errno == EINTR);
    if (received < 0) return -1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        int sent = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        for (int index = 0; index < sent; index++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + sizeof(int) * (size_t)index, sizeof descriptor);
            if (*count < most) descriptors[(*count)++] = descriptor;
            else close(descriptor);
        }
    }
    return received;
}

long clinux_send(int socket, const void *bytes, unsigned long size) {
    ssize_t sent;
    do sent = send(socket, bytes, size, MSG_NOSIGNAL); while (sent < 0 && errno == EINTR);
    return sent;
}

static int wait_precisely(int poller, struct epoll_event *events, int most, long long nanoseconds) {
    static _Atomic bool is_missing = false;
    if (!is_missing) {
        struct timespec time = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
        int ready = (int)syscall(SYS_epoll_pwait2, poller, events, most, nanoseconds < 0 ? NULL : &time, NULL, 0);
        if (ready >= 0 || errno != ENOSYS) return ready;
        is_missing = true;
    }
    long long milliseconds = nanoseconds < 0 ? -1 : (nanoseconds + 999999) / 1000000;
    return epoll_wait(poller, events, most, milliseconds > 60000 ? 60000 : (int)milliseconds);
}

int clinux_epoll_wait_precise(int poller, struct clinux_event *events, int most, long long nanoseconds) {
    struct epoll_event ready[most_events];
    int count = wait_precisely(poller, ready, most < most_events ? most : most_events, nanoseconds);
    for (int index = 0; index < count; index++) {
        events[index].token = ready[index].data.u64;
        events[index].failed = (ready[index].events & (EPOLLERR | EPOLLHUP)) != 0;
    }
    return count < 0 ? 0 : count;
}

int clinux_set_timer_slack(unsigned long nanoseconds) { return prctl(PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0); }

// On Linux, unlike in POSIX, 0 means the thread and not the process; setpriority(2).
int clinux_set_thread_nice(int value) { return setpriority(PRIO_PROCESS, 0, value); }

int clinux_set_thread_real_time(void) {
    struct sched_param parameter = {.sched_priority = sched_get_priority_min(SCHED_FIFO)};
    return sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameter);
}

int clinux_memory_file(const char *name) {
    // Where vm.memfd_noexec asks for it, execution has to be wished for; older kernels do not know the wish.
    int descriptor = memfd_create(name, MFD_CLOEXEC | MFD_EXEC);
    return descriptor < 0 && errno == EINVAL ? memfd_create(name, MFD_CLOEXEC) : descriptor;
}

int clinux_duplicate(int descriptor) { return fcntl(descriptor, F_DUPFD_CLOEXEC, 3); }

int clinux_enter_network_namespace(int pid) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return -1;
    int result = setns(descriptor, CLONE_NEWNET);
    int error = errno;
    close(descriptor);
    errno = error;
    return result;
}
