/* System calls on files and sockets, whoever makes them: a seccomp filter turns each into a signal, whose handler makes
 * the call itself, from the one address that the filter lets through, or gives an error. */
#include "inject.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

/* long fault_call(number, a, b, c, d, e, f), one system call and nothing else. */
long fault_call(long number, long a, long b, long c, long d, long e, long f);
extern const char fault_call_end[];
#if defined __x86_64__
#define ARCHITECTURE AUDIT_ARCH_X86_64
__asm__(".text\n.globl fault_call\n.hidden fault_call\n.globl fault_call_end\n.hidden fault_call_end\nfault_call:\n"
        "mov %rdi, %rax\nmov %rsi, %rdi\nmov %rdx, %rsi\nmov %rcx, %rdx\nmov %r8, %r10\nmov %r9, %r8\n"
        "mov 8(%rsp), %r9\nsyscall\nret\nfault_call_end:\n");
#elif defined __aarch64__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
__asm__(".text\n.globl fault_call\n.hidden fault_call\n.globl fault_call_end\n.hidden fault_call_end\nfault_call:\n"
        "mov x8, x0\nmov x0, x1\nmov x1, x2\nmov x2, x3\nmov x3, x4\nmov x4, x5\nmov x5, x6\nsvc 0\nret\n"
        "fault_call_end:\n");
#else
#error "the tests under faults know x86-64 and AArch64"
#endif

/* What each call says when it fails. Reading what a file is and seeking are left alone: no disk refuses those alone. */
typedef struct caught_call {
    long number;
    int error;
} caught_call;

static const caught_call caught[] = {
    {SYS_openat, EIO},      {SYS_read, EIO},           {SYS_pread64, EIO},     {SYS_write, ENOSPC},
    {SYS_pwrite64, ENOSPC}, {SYS_writev, ENOSPC},      {SYS_close, EIO},       {SYS_fsync, EIO},
    {SYS_fdatasync, EIO},   {SYS_renameat2, EIO},      {SYS_ftruncate, EIO},   {SYS_fallocate, ENOSPC},
    {SYS_mmap, ENOMEM},     {SYS_mkdirat, ENOSPC},     {SYS_linkat, EIO},      {SYS_symlinkat, ENOSPC},
    {SYS_flock, ENOLCK},    {SYS_getdents64, EIO},     {SYS_socket, EMFILE},   {SYS_connect, ECONNREFUSED},
    {SYS_sendto, EPIPE},    {SYS_recvfrom, ECONNRESET}, {SYS_renameat, EIO},
#ifdef SYS_open
    {SYS_open, EIO},        {SYS_rename, EIO},         {SYS_mkdir, ENOSPC},    {SYS_link, EIO},
    {SYS_symlink, ENOSPC},
#endif
};
enum { CAUGHT = sizeof caught / sizeof *caught };

static int error_of(long number) {
    for (int i = 0; i < CAUGHT; i++)
        if (caught[i].number == number) return caught[i].error;
    return EIO;
}

/* Memory, and what goes to the terminal, are no files here. */
static int counts(long number, const long arguments[6]) {
    if (number == SYS_mmap) return !(arguments[3] & MAP_ANONYMOUS);
    if (number == SYS_close) return arguments[0] > 2;
    return (number != SYS_write && number != SYS_writev) || arguments[0] != 2;
}

static long fail(long number, const long arguments[6]) {
    fault_page *plan = fault_plan;
    if (plan->kind == FAULT_KILLS) fault_call(SYS_kill, getpid(), SIGKILL, 0, 0, 0, 0);
    /* Linux gives the descriptor up in any case */
    if (number == SYS_close) fault_call(number, arguments[0], 0, 0, 0, 0, 0);
    plan->number = number;
    return -(plan->error = error_of(number));
}

static void on_call(int signal, siginfo_t *info, void *context) {
    ucontext_t *at = context;
    long number = info->si_syscall;
#ifdef __x86_64__
    greg_t *registers = at->uc_mcontext.gregs;
    long arguments[6] = {registers[REG_RDI], registers[REG_RSI], registers[REG_RDX],
                         registers[REG_R10], registers[REG_R8],  registers[REG_R9]};
#else
    unsigned long long *registers = at->uc_mcontext.regs;
    long arguments[6];
    for (int i = 0; i < 6; i++) arguments[i] = (long)registers[i];
#endif
    long result;
    if (counts(number, arguments) && fault_strikes(fault_plan->kind, NULL)) {
        result = fail(number, arguments);
    } else {
        result = fault_call(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
    }
#ifdef __x86_64__
    registers[REG_RAX] = result;
#else
    registers[0] = (unsigned long long)result;
#endif
}

/* A thread that blocked the signal would be killed by it. */
__attribute__((visibility("default"))) int pthread_sigmask(int how, const sigset_t *set, sigset_t *old) {
    sigset_t open;
    if (set) {
        open = *set;
        if (how != SIG_UNBLOCK) sigdelset(&open, SIGSYS);
    }
    return syscall(SYS_rt_sigprocmask, how, set ? &open : NULL, old, 8) == 0 ? 0 : errno;
}

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, what)

/* Calls from fault_call go through, and those that are not in the table. */
void fault_catch_calls(void) {
    uint64_t begin = (uint64_t)(uintptr_t)fault_call, end = (uint64_t)(uintptr_t)fault_call_end;
    struct sock_filter filter[12 + 2 * CAUGHT] = {
        LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
        ANSWER(SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, instruction_pointer) + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(begin >> 32), 0, 4),
        LOAD(instruction_pointer), /* its lower half, on these two architectures */
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)begin, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)end, 1, 0),
        ANSWER(SECCOMP_RET_ALLOW),
        LOAD(nr),
    };
    size_t length = 10;
    for (int i = 0; i < CAUGHT; i++) {
        filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)caught[i].number, 0, 1);
        filter[length++] = (struct sock_filter)ANSWER(SECCOMP_RET_TRAP);
    }
    filter[length++] = (struct sock_filter)ANSWER(SECCOMP_RET_ALLOW);
    struct sigaction action = {.sa_sigaction = on_call, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGSYS, &action, NULL);
    struct sock_fprog program = {(unsigned short)length, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("seccomp");
        abort();
    }
}
