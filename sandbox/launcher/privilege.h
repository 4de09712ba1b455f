// The calls that the base filter allows only to who holds the launcher's token (sandbox/setup_token.h).
#pragma once

#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <type_traits>

namespace assay::sandbox {

// Holding one is the right to make these calls. It lies in memory of launcher, seats and inits only. Before the filter
// is installed the token means nothing, and the calls go through all the same. Errors as of the calls: -1 and errno.
class Privilege {
 public:
    Privilege() = default;
    explicit Privilege(std::uint64_t token) : token_(token) {}

    int mount(const char* source, const char* target, const char* type, unsigned long flags, const char* data) const {
        return call(SYS_mount, source, target, type, flags, data);
    }
    int mount_setattr(int at, const char* path, unsigned flags, const void* attributes, std::size_t size) const {
        return call(SYS_mount_setattr, at, path, flags, attributes, size);
    }
    int unshare(unsigned long spaces) const { return call(SYS_unshare, spaces, 0, 0, 0, 0); }
    int setns(int ns, int kind) const { return call(SYS_setns, ns, kind, 0, 0, 0); }
    pid_t clone3(const clone_args& args) const { return call(SYS_clone3, &args, sizeof args, 0, 0, 0); }
    // The child shares the caller's memory and runs `entry(argument)`, which must not return, on `stack_end`, a
    // multiple of 16. Adds CLONE_VM. Both share the C library's errno as well: while the child lives, the caller must
    // not set it.
    pid_t clone3_sharing(clone_args args, char* stack_end, void (*entry)(void*), void* argument) const;
    int sethostname(const char* name, std::size_t size) const { return call(SYS_sethostname, name, size, 0, 0, 0); }
    int setdomainname(const char* name, std::size_t size) const { return call(SYS_setdomainname, name, size, 0, 0, 0); }
    int capset(void* header, const void* data) const { return call(SYS_capset, header, data, 0, 0, 0); }
    int prctl(int what, unsigned long value) const { return call(SYS_prctl, what, value, 0, 0, 0); }
    int seccomp(unsigned operation, unsigned flags, const void* args) const {
        return call(SYS_seccomp, operation, flags, args, 0, 0);
    }
    int socket(int family, int type, int protocol) const { return call(SYS_socket, family, type, protocol, 0, 0); }
    int ioctl(int fd, unsigned long request, void* argument) const {
        return call(SYS_ioctl, fd, request, argument, 0, 0);
    }

 private:
    // Whole registers: the filter compares 64 bits.
    template <class T>
    static long word(T value) {
        if constexpr (std::is_pointer_v<T>) {
            return reinterpret_cast<long>(value);
        } else {
            return static_cast<long>(value);
        }
    }
    template <class A, class B, class C, class D, class E>
    int call(long number, A a, B b, C c, D d, E e) const {
        return static_cast<int>(::syscall(number, word(a), word(b), word(c), word(d), word(e), token_));
    }
    std::uint64_t token_ = 0;
};

// By hand: the C library's clone has no place for the token, and the child must never return into frames that the
// caller goes on using: it begins on a stack of its own, in the next instruction.
inline pid_t Privilege::clone3_sharing(clone_args args, char* stack_end, void (*entry)(void*), void* argument) const {
    static_assert(sizeof(void*) == 8, "the sequence below is that of x86-64");
    constexpr std::size_t kAnySize = 4096;  // the kernel adds it to the address again
    args.flags |= CLONE_VM;
    args.stack = reinterpret_cast<std::uint64_t>(stack_end) - kAnySize;
    args.stack_size = kAnySize;
    long result = SYS_clone3;
    register std::uint64_t token asm("r9") = token_;
    asm volatile(
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "mov %[argument], %%rdi\n\t"
        "call *%[entry]\n\t"
        "hlt\n"
        "1:"
        : "+a"(result)
        : "D"(&args), "S"(sizeof args), "r"(token), [entry] "b"(entry), [argument] "r"(argument)
        : "rcx", "r11", "memory");
    if (result >= 0) return static_cast<pid_t>(result);
    errno = static_cast<int>(-result);
    return -1;
}

}  // namespace assay::sandbox
