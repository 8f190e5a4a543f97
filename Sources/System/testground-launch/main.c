// testground-launch: what starts in an instance's place.
//
// It makes the instance's namespaces, opens inside them what belongs to the network (the TUN device `data0`, a netlink socket,
// the listening sockets of the control services), passes those to the runner, waits at the gate, and becomes the plan.
//
//     testground-launch --control FD --parent PID --hostname NAME [--hosts FILE] [--user] [--sysctl KEY=VALUE]…
//                       [--listen PORT]… -- PROGRAM [ARGUMENT]…
//
// FD is one end of a SOCK_SEQPACKET socket pair. On it go out
//     "attached INDEX"            with the descriptors of data0 (which has this number), netlink and each --listen, in
//                                 this order (SCM_RIGHTS)
//     "error STEP\nERRNO\nHINT"   and the launcher exits with status 125
// and comes in
//     one byte                    the gate opens; an end of file instead means that the runner is gone.
// After the gate the descriptor closes by itself when PROGRAM is executed; should that fail, an error goes out first.
//
// It is a program of its own, and C, since namespaces are a property of a process, unshare(2) of a user namespace needs a process
// with a single thread, and it must run in any image. namespaces(7), user_namespaces(7), network_namespaces(7).

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    STATUS_NOT_LAUNCHED = 125,  // as env(1) and timeout(1) say "I failed, not the program"
    LISTEN_LIMIT = 8,           // control services: sync and metrics today
    SYSCTL_LIMIT = 32,
    BACKLOG = 128,
};

struct options {
    int control;
    pid_t parent;
    const char *hostname;
    const char *hosts;
    bool user_namespace;
    int ports[LISTEN_LIMIT];
    int port_count;
    const char *sysctls[SYSCTL_LIMIT];
    int sysctl_count;
    char **program;
};

static struct options options = {.control = -1};

// Tells the runner what failed and why, and ends.
static void fail(const char *step, const char *hint) {
    int error = errno;
    char message[1024];
    int length = snprintf(message, sizeof message, "error %s\n%d\n%s", step, error, hint);
    if (length > (int)sizeof message) length = sizeof message;
    if (options.control >= 0) {
        if (send(options.control, message, (size_t)length, MSG_NOSIGNAL) >= 0) _exit(STATUS_NOT_LAUNCHED);
    }
    fprintf(stderr, "testground-launch: %s: %s (%s)\n", step, strerror(error), hint);
    _exit(STATUS_NOT_LAUNCHED);
}

static void usage(const char *problem) {
    fprintf(stderr, "testground-launch: %s; this program is started by testground\n", problem);
    _exit(STATUS_NOT_LAUNCHED);
}

static int number(const char *text, const char *what) {
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != 0 || value < 0 || value > INT_MAX) usage(what);
    return (int)value;
}

static void parse(int count, char **arguments) {
    int i = 1;
    for (; i < count && strcmp(arguments[i], "--") != 0; i++) {
        const char *name = arguments[i];
        if (strcmp(name, "--user") == 0) {
            options.user_namespace = true;
            continue;
        }
        if (i + 1 >= count) usage("an option lacks its value");
        const char *value = arguments[++i];
        if (strcmp(name, "--control") == 0) options.control = number(value, "--control takes a descriptor");
        else if (strcmp(name, "--parent") == 0) options.parent = number(value, "--parent takes a process id");
        else if (strcmp(name, "--hostname") == 0) options.hostname = value;
        else if (strcmp(name, "--hosts") == 0) options.hosts = value;
        else if (strcmp(name, "--listen") == 0) {
            if (options.port_count == LISTEN_LIMIT) usage("too many --listen");
            options.ports[options.port_count++] = number(value, "--listen takes a port");
        } else if (strcmp(name, "--sysctl") == 0) {
            if (options.sysctl_count == SYSCTL_LIMIT) usage("too many --sysctl");
            options.sysctls[options.sysctl_count++] = value;
        } else usage("unknown option");
    }
    if (i >= count - 1) usage("no program to start");
    if (options.control < 0 || options.hostname == NULL) usage("--control and --hostname are needed");
    options.program = &arguments[i + 1];
}

// Writes a whole small file, such as those below /proc.
static bool write_file_at(int folder, const char *path, const char *text) {
    int file = openat(folder, path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return false;
    size_t length = strlen(text);
    bool written = write(file, text, length) == (ssize_t)length;
    int error = errno;
    close(file);
    errno = error;
    return written;
}

static bool write_file(const char *path, const char *text) { return write_file_at(AT_FDCWD, path, text); }

// The instance must not outlive the process that supervises it.
static void die_with_parent(void) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail("prctl(PR_SET_PDEATHSIG)", "the kernel refuses it");
    if (options.parent != 0 && getppid() != options.parent) {
        errno = ESRCH;
        fail("parent", "the runner has ended");
    }
}

static void enter_namespaces(void) {
    uid_t user = getuid();
    gid_t group = getgid();
    int flags = CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWNS;
    if (options.user_namespace) flags |= CLONE_NEWUSER;
    if (unshare(flags) != 0) {
        fail("unshare", options.user_namespace
            ? "user namespaces are needed: sysctl user.max_user_namespaces, or kernel.unprivileged_userns_clone=1"
            : "needs CAP_SYS_ADMIN; run as root or let user namespaces be used");
    }
    if (options.user_namespace) {
        // The plan keeps the identity it would have had; user_namespaces(7), "Defining user and group ID mappings".
        char map[64];
        if (!write_file("/proc/self/setgroups", "deny")) fail("setgroups", "/proc must be mounted");
        snprintf(map, sizeof map, "%u %u 1", user, user);
        if (!write_file("/proc/self/uid_map", map)) fail("uid_map", "the user may not map itself");
        snprintf(map, sizeof map, "%u %u 1", group, group);
        if (!write_file("/proc/self/gid_map", map)) fail("gid_map", "the group may not map itself");
    }
    // Mounts made from here on stay here: mount --make-rslave /
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0) fail("mount --make-rslave /", "a mount namespace is needed");
    // ip link and ss of the instance must show its own network: mount -t sysfs sysfs /sys would need more rights; the plan's
    // sockets do not depend on it.
    if (options.hosts != NULL && mount(options.hosts, "/etc/hosts", NULL, MS_BIND, NULL) != 0) {
        fail("mount --bind /etc/hosts", "the file /etc/hosts must exist");
    }
    if (sethostname(options.hostname, strlen(options.hostname)) != 0) fail("sethostname", "a host name has at most 64 bytes");
}

// Settings of the network namespace; one that this kernel lacks is left alone.
//
// Each namespace has entries of its own for the same names below /proc/sys/net, and the kernel looks through those of all
// namespaces at each step of a path: with 1,000 instances a sixth of what launching costs. So a folder is opened once for all the
// settings in a row that are in it.
static void set_sysctls(void) {
    char open_path[256] = "";
    int folder = -1;
    for (int i = 0; i < options.sysctl_count; i++) {
        const char *setting = options.sysctls[i];
        const char *value = strchr(setting, '=');
        char path[256];
        if (value == NULL) usage("--sysctl takes KEY=VALUE");
        int length = snprintf(path, sizeof path, "/proc/sys/%.*s", (int)(value - setting), setting);
        if (length < 0 || length >= (int)sizeof path) usage("--sysctl has too long a key");
        for (char *c = path + strlen("/proc/sys/"); *c != 0; c++) if (*c == '.') *c = '/';
        char *name = strrchr(path, '/');
        *name++ = 0;
        if (strcmp(path, open_path) != 0) {
            if (folder >= 0) close(folder);
            folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
            memcpy(open_path, path, sizeof path);
        }
        if (folder < 0) continue;
        if (!write_file_at(folder, name, value + 1) && errno != ENOENT) fail(setting, "the kernel refuses this setting");
    }
    if (folder >= 0) close(folder);
}

// ip link set dev NAME up
static void bring_up(int socket_, const char *name) {
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (ioctl(socket_, SIOCGIFFLAGS, &request) != 0) fail("SIOCGIFFLAGS", name);
    request.ifr_flags |= IFF_UP;
    if (ioctl(socket_, SIOCSIFFLAGS, &request) != 0) fail("SIOCSIFFLAGS", name);
}

// The instance's side of the data network: ip tuntap add dev data0 mode tun vnet_hdr
static int open_tun(void) {
    int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tun < 0) fail("open /dev/net/tun", "the device must exist and be writable: modprobe tun; chmod 0666 /dev/net/tun");
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};
    strncpy(request.ifr_name, "data0", IFNAMSIZ - 1);
    if (ioctl(tun, TUNSETIFF, &request) != 0) fail("TUNSETIFF data0", "needs CAP_NET_ADMIN in the network namespace");
    // Up to 64 KiB at once and checksums left to us: without these a packet costs as much, but carries a 40th.
    if (ioctl(tun, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) != 0) fail("TUNSETOFFLOAD", "Linux 2.6.27 or later");
    // The device ends with its namespace, all of a run in one sweep of the kernel's. Else each close of the descriptor unregisters it
    // and waits 34 ms for that: 7 s for 200 instances, in which the program cannot exit.
    if (ioctl(tun, TUNSETPERSIST, 1) != 0) fail("TUNSETPERSIST", "the kernel refuses it");
    return tun;
}

static int listen_on(int port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0) fail("socket", "no descriptor is left");
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0) fail("bind", "the port is taken in the namespace");
    if (listen(listener, BACKLOG) != 0) fail("listen", "the kernel refuses it");
    return listener;
}

// Not always 2: some kernels put tunnel devices into every new namespace (net.core.fb_tunnels_only_for_init_net).
static int index_of(int socket_, const char *name) {
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (ioctl(socket_, SIOCGIFINDEX, &request) != 0) fail("SIOCGIFINDEX", name);
    return request.ifr_ifindex;
}

static void send_attached(int index, const int *descriptors, int count) {
    char text[32];
    int length = snprintf(text, sizeof text, "attached %d", index);
    struct iovec part = {.iov_base = text, .iov_len = (size_t)length};
    union {
        char bytes[CMSG_SPACE(sizeof(int) * (LISTEN_LIMIT + 2))];
        struct cmsghdr aligned;
    } control = {0};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
    memcpy(CMSG_DATA(header), descriptors, sizeof(int) * (size_t)count);
    ssize_t sent;
    do sent = sendmsg(options.control, &message, MSG_NOSIGNAL); while (sent < 0 && errno == EINTR);
    if (sent < 0) fail("sendmsg", "the runner does not take the descriptors");
}

static void wait_at_gate(void) {
    char byte;
    ssize_t count;
    do count = recv(options.control, &byte, 1, 0); while (count < 0 && errno == EINTR);
    if (count != 1) _exit(STATUS_NOT_LAUNCHED);
}

int main(int count, char **arguments) {
    parse(count, arguments);
    if (fcntl(options.control, F_SETFD, FD_CLOEXEC) != 0) usage("--control is no open descriptor");
    enter_namespaces();
    // After unshare(2), which clears it where it changes credentials; prctl(2).
    die_with_parent();

    int descriptors[LISTEN_LIMIT + 2];
    int opened = 0;
    int plain = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (plain < 0) fail("socket", "no descriptor is left");
    bring_up(plain, "lo");
    set_sysctls();
    descriptors[opened++] = open_tun();
    // A socket stays in the namespace in which it was made: with this one the runner sets addresses and routes from outside.
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (netlink < 0) fail("socket(AF_NETLINK)", "the kernel lacks rtnetlink");
    descriptors[opened++] = netlink;
    for (int i = 0; i < options.port_count; i++) descriptors[opened++] = listen_on(options.ports[i]);

    send_attached(index_of(plain, "data0"), descriptors, opened);
    for (int i = 0; i < opened; i++) close(descriptors[i]);
    close(plain);
    wait_at_gate();
    execv(options.program[0], options.program);
    fail("execve", options.program[0]);
}
