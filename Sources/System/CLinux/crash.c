// Crash capture. Everything below `on_crash` runs in a signal handler and keeps to what signal-safety(7) allows: no
// allocation, no locks, no stdio. Three calls stretch the list, each for a reason:
//
//   backtrace(3)   loads libgcc on first use, so it is called once at installation; afterwards it only unwinds.
//   dladdr(3)      takes the loader's lock, which is recursive; only used for addresses outside the program itself.
//   swift_demangle allocates. It is used for SIGILL and SIGTRAP only: those come from Swift's own traps (fatalError, failed
//                  preconditions, overflows), which never happen inside malloc. Other signals keep mangled names.
//
// An alarm bounds the handler, and a second fault inside it ends it with what was gathered by then.

#define _GNU_SOURCE
#include "crash.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

enum {
    // Frames beyond this are cut: deep recursion repeats itself.
    MAXIMUM_FRAMES = 64,
    // Longest head: group and run ids twice, escaped.
    MAXIMUM_HEAD = 4096,
    // Line of 64 frames at about 900 bytes each; further text is cut, the line stays whole.
    MAXIMUM_LINE = 64 * 1024,
    MAXIMUM_TAIL = 16,
    // Touched only in a crash. Unwinding and demangling recurse.
    ALTERNATE_STACK = 256 * 1024,
    // Past this the handler is stuck, and the process must die anyway.
    TIME_LIMIT_SECONDS = 5,
};

// Part of the Swift runtime; absent in programs without it.
extern char *swift_demangle(const char *name, size_t length, char *output, size_t *size, uint32_t flags)
    __attribute__((weak));

static const int crash_signals[] = {SIGILL, SIGTRAP, SIGSEGV, SIGABRT, SIGBUS, SIGFPE};

static char head[MAXIMUM_HEAD];
static char tail[MAXIMUM_TAIL];
static int output = -1;
static pid_t owner;
static uintptr_t program_low, program_high, program_base;

static atomic_int crashing_thread;
static char line[MAXIMUM_LINE];
static size_t line_length;

// MARK: Building the line

static void append_raw(const char *text, size_t length) {
    size_t room = sizeof line - MAXIMUM_TAIL - 1 - line_length;
    if (length > room) length = room;
    memcpy(line + line_length, text, length);
    line_length += length;
}

// As the content of a JSON string. All or nothing for each character, so that a cut leaves valid JSON.
static void append(const char *text) {
    static const char digits[] = "0123456789abcdef";
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (sizeof line - MAXIMUM_TAIL - 1 - line_length < 8) return;
        if (byte == '"' || byte == '\\') {
            char escaped[] = {'\\', (char)byte};
            append_raw(escaped, 2);
        } else if (byte == '\n') {
            append_raw("\\n", 2);
        } else if (byte < 0x20) {
            char escaped[] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
            append_raw(escaped, 6);
        } else {
            append_raw((const char *)&byte, 1);
        }
    }
}

static void append_number(uint64_t value, unsigned base, unsigned width) {
    char digits[24];
    unsigned at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0 && at > 0);
    while (sizeof digits - at < width) digits[--at] = '0';
    append_raw(digits + at, sizeof digits - at);
}

static void write_all(int descriptor) {
    size_t done = 0;
    while (done < line_length) {
        ssize_t count = write(descriptor, line + done, line_length - done);
        if (count > 0) {
            done += (size_t)count;
        } else if (errno != EINTR) {
            return;
        }
    }
}

// MARK: Naming an address

// A function of the program itself, from its full symbol table: most functions of a program are not in the dynamic one.
static const char *program_symbol(uintptr_t address, uintptr_t *start) {
    static const unsigned char *image;
    static size_t size;
    if (!image) {
        int descriptor = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        struct stat status;
        if (descriptor < 0) return NULL;
        if (fstat(descriptor, &status) == 0) {
            void *mapping = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
            if (mapping != MAP_FAILED) {
                image = mapping;
                size = (size_t)status.st_size;
            }
        }
        close(descriptor);
        if (!image) return NULL;
    }
    const ElfW(Ehdr) *header = (const void *)image;
    if (header->e_shoff == 0 || header->e_shoff + (size_t)header->e_shnum * sizeof(ElfW(Shdr)) > size) {
        return NULL;
    }
    const ElfW(Shdr) *sections = (const void *)(image + header->e_shoff);
    for (unsigned i = 0; i < header->e_shnum; i++) {
        if (sections[i].sh_type != SHT_SYMTAB || sections[i].sh_link >= header->e_shnum) continue;
        const ElfW(Sym) *symbols = (const void *)(image + sections[i].sh_offset);
        const char *names = (const char *)(image + sections[sections[i].sh_link].sh_offset);
        for (size_t n = 0; n < sections[i].sh_size / sizeof *symbols; n++) {
            uintptr_t value = program_base + symbols[n].st_value;
            // Type is the low nibble of st_info in both ELF classes.
            if ((symbols[n].st_info & 0xf) == STT_FUNC && value <= address
                && address < value + symbols[n].st_size) {
                *start = value;
                return names + symbols[n].st_name;
            }
        }
    }
    return NULL;
}

static void append_symbol(const char *name, int may_allocate) {
    char *readable = NULL;
    if (may_allocate && swift_demangle) readable = swift_demangle(name, strlen(name), NULL, NULL, 0);
    append(readable ? readable : name);
}

static void append_frame(int number, uintptr_t address, int may_allocate) {
    const char *name = NULL, *object = NULL;
    uintptr_t start = 0;
    // A return address may be the first byte of the next function, so look at the call before it.
    uintptr_t call = number == 0 ? address : address - 1;
    if (call >= program_low && call < program_high) {
        name = program_symbol(call, &start);
    } else {
        Dl_info info;
        if (dladdr((void *)call, &info)) {
            name = info.dli_sname;
            start = (uintptr_t)info.dli_saddr;
            object = info.dli_fname;
        }
    }
    append_raw("#", 1);
    append_number((uint64_t)number, 10, 0);
    append_raw(" 0x", 3);
    append_number(address, 16, 16);
    if (name) {
        append_raw(" ", 1);
        append_symbol(name, may_allocate);
        append_raw(" + ", 3);
        append_number(address - start, 10, 0);
    }
    if (object) {
        const char *base = strrchr(object, '/');
        append_raw(" in ", 4);
        append(base ? base + 1 : object);
    }
    append("\n");
}

// MARK: The handler

static const char *describe(int number) {
    switch (number) {
    case SIGILL:
    case SIGTRAP:
        return (number == SIGILL)
            ? "SIGILL: a trap, such as fatalError, a failed precondition, nil unwrapped or an overflow; "
              "its message is on stderr"
            : "SIGTRAP: a trap, such as fatalError, a failed precondition, nil unwrapped or an overflow; "
              "its message is on stderr";
    case SIGSEGV: return "SIGSEGV: access to memory that is not there";
    case SIGABRT: return "SIGABRT: abort was called; see stderr";
    case SIGBUS: return "SIGBUS: access to memory that cannot be read";
    case SIGFPE: return "SIGFPE: an arithmetic fault";
    default: return "a fatal signal";
    }
}

static uintptr_t program_counter(const void *context) {
    const ucontext_t *state = context;
#if defined(__x86_64__)
    return (uintptr_t)state->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)state->uc_mcontext.pc;
#else
    (void)state;
    return 0;
#endif
}

// Dies of the signal, so that the exit status shows it.
_Noreturn static void die(int number) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t set;
    sigaction(number, &standard, NULL);
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), number);
    _exit(128 + number);
}

_Noreturn static void finish(int number) {
    size_t length = strlen(tail);
    memcpy(line + line_length, tail, length);
    line_length += length;
    line[line_length++] = '\n';
    write_all(STDOUT_FILENO);
    if (output >= 0) write_all(output);
    die(number);
}

static void append_frames(int number, const void *context) {
    static void *frames[MAXIMUM_FRAMES];
    int may_allocate = number == SIGILL || number == SIGTRAP;
    int count = backtrace(frames, MAXIMUM_FRAMES);
    uintptr_t counter = program_counter(context);
    int first = 0;
    // The innermost frames are this handler's; the crash begins where the program counter was.
    while (first < count && (uintptr_t)frames[first] != counter) first++;
    if (first == count) {
        first = 0;
        append_frame(0, counter, may_allocate);
    }
    for (int i = first; i < count; i++) append_frame(i - first, (uintptr_t)frames[i], may_allocate);
}

static void on_crash(int number, siginfo_t *information, void *context) {
    (void)information;
    // A child between fork and exec has none of our business.
    if (getpid() != owner) die(number);
    int thread = (int)syscall(SYS_gettid), nobody = 0;
    if (!atomic_compare_exchange_strong(&crashing_thread, &nobody, thread)) {
        // A fault in the handler ends it; another thread's crash waits for the first one's end.
        if (nobody == thread) finish(number);
        for (;;) pause();
    }
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(SIGALRM, &standard, NULL);
    alarm(TIME_LIMIT_SECONDS);

    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    append_raw("{\"ts\":", 6);
    append_number((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec, 10, 0);
    append_raw(head, strlen(head));
    append(describe(number));
    append_raw("\",\"stacktrace\":\"", 16);
    append_frames(number, context);
    finish(number);
}

// MARK: Installation

static int note_program(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size;
    (void)context;
    // The first object is the program itself, dl_iterate_phdr(3).
    program_base = info->dlpi_addr;
    program_low = UINTPTR_MAX;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_LOAD) continue;
        uintptr_t low = program_base + info->dlpi_phdr[i].p_vaddr;
        uintptr_t high = low + info->dlpi_phdr[i].p_memsz;
        if (low < program_low) program_low = low;
        if (high > program_high) program_high = high;
    }
    return 1;
}

int clinux_crash_prepare_thread(void) {
    stack_t stack;
    if (sigaltstack(NULL, &stack) != 0) return errno;
    if (!(stack.ss_flags & SS_DISABLE)) return 0;
    void *memory = mmap(
        NULL, ALTERNATE_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED) return errno;
    stack = (stack_t){.ss_sp = memory, .ss_size = ALTERNATE_STACK};
    if (sigaltstack(&stack, NULL) == 0) return 0;
    int code = errno;
    munmap(memory, ALTERNATE_STACK);
    return code;
}

int clinux_crash_install(const char *new_head, const char *new_tail, int new_output) {
    if (strlen(new_head) >= sizeof head || strlen(new_tail) >= sizeof tail) return ENAMETOOLONG;
    strcpy(head, new_head);
    strcpy(tail, new_tail);
    output = new_output;
    owner = getpid();
    dl_iterate_phdr(note_program, NULL);

    void *frames[2];
    backtrace(frames, 2);

    struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    for (unsigned i = 0; i < sizeof crash_signals / sizeof *crash_signals; i++) {
        if (sigaction(crash_signals[i], &action, NULL) != 0) return errno;
    }
    return 0;
}
