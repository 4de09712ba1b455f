// Stands at the interpreter's path in a sandbox that starts warm, and becomes the interpreter.
//
// The shell of run.sh executes `python3` in its own place; what it gets is this program, with the pid, parent,
// descriptors, folder, environment, limits and signal mask that the interpreter would have had. It looks whether the
// template fits (same variables as when its modules were imported, same vDSO, no option that changes the interpreter),
// maps the snapshot at the addresses it was taken from, copied page by page when written to, tells the kernel the
// thread's addresses that a start of glibc would have told it, and jumps into it. Whatever does not fit, it executes
// the interpreter itself: nothing was changed before the last step, and an exec forgets all of it.
//
// The kernel's own stack stays where it is, with arguments and environment on it: /proc/self/cmdline and environ are
// as in a cold start. The program is linked, without a library, far from where programs, heaps and libraries are, and
// above every heap: the break of this process continues there, and glibc takes a break above its own heap for a
// stranger's allocation, which it knows how to deal with.
#include <fcntl.h>
#include <linux/auxvec.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "images/warm/snapshot.h"

namespace {

using assay::images::warm::Handover;
using assay::images::warm::Header;
using assay::images::warm::KernelMap;
using assay::images::warm::kIndexSize;
using assay::images::warm::Region;
namespace warm = assay::images::warm;

constexpr int kArchSetFs = 0x1002;
constexpr long kRseqSignature = 0x53053053;
constexpr std::uint64_t kRobustListLength = 24;
constexpr std::uint64_t kMadvPopulateWrite = 23;

alignas(16) char index_bytes[kIndexSize];

long call(long number, std::uint64_t a = 0, std::uint64_t b = 0, std::uint64_t c = 0, std::uint64_t d = 0,
          std::uint64_t e = 0, std::uint64_t f = 0) noexcept {
    long result;
    register std::uint64_t r10 asm("r10") = d;
    register std::uint64_t r8 asm("r8") = e;
    register std::uint64_t r9 asm("r9") = f;
    asm volatile("syscall"
                 : "=a"(result)
                 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                 : "rcx", "r11", "memory");
    return result;
}

template <typename T>
std::uint64_t word(T* pointer) noexcept {
    return reinterpret_cast<std::uint64_t>(pointer);
}

bool same(const char* a, const char* b) noexcept {
    while (*a != 0 && *a == *b) ++a, ++b;
    return *a == *b;
}

bool starts(const char* text, const char* prefix) noexcept {
    while (*prefix != 0)
        if (*text++ != *prefix++) return false;
    return true;
}

std::size_t length(const char* text) noexcept {
    std::size_t n = 0;
    while (text[n] != 0) ++n;
    return n;
}

// The value of `name` (up to '=' or its end) in the environment; nullptr when it is not set.
const char* value_of(char** envp, const char* name) noexcept {
    for (; *envp != nullptr; ++envp) {
        const char* entry = *envp;
        const char* wanted = name;
        while (*wanted != 0 && *wanted != '=' && *wanted == *entry) ++wanted, ++entry;
        if ((*wanted == 0 || *wanted == '=') && *entry == '=') return entry + 1;
    }
    return nullptr;
}

// Variables that the C library and the interpreter read before any module is imported. The template was made without
// them, or with the values that its rules name.
bool start_variable(const char* entry) noexcept {
    if (starts(entry, "PYTHONUNBUFFERED=") || starts(entry, "PYTHONPATH=")) return false;  // dealt with when restored
    return starts(entry, "PYTHON") || starts(entry, "LC_") || starts(entry, "LANG") || starts(entry, "LD_") ||
           starts(entry, "MALLOC_") || starts(entry, "GLIBC_") || starts(entry, "GCONV_") || starts(entry, "TZ");
}

bool environment_fits(const Header& header, char** envp) noexcept {
    const char* rules = index_bytes + header.env_rules;
    for (const char* rule = rules; *rule != 0; rule += length(rule) + 1) {
        const char* wanted = rule;
        while (*wanted != 0 && *wanted != '=') ++wanted;
        const char* found = value_of(envp, rule);
        if ((*wanted == '=') != (found != nullptr)) return false;
        if (found != nullptr && !same(found, wanted + 1)) return false;
    }
    for (char** entry = envp; *entry != nullptr; ++entry) {
        if (!start_variable(*entry)) continue;
        bool known = false;
        for (const char* rule = rules; *rule != 0 && !known; rule += length(rule) + 1) known = same(rule, *entry);
        if (!known) return false;
    }
    return true;
}

bool listed(const Header& header, const char* path) noexcept {
    for (const char* p = index_bytes + header.interpreters; *p != 0; p += length(p) + 1)
        if (same(p, path)) return true;
    return false;
}

// Whether argv[0], looked up as the interpreter does to find its prefix, is one of the names it was prepared for (and
// not that of a virtual environment).
bool name_fits(const Header& header, const char* name, char** envp) noexcept {
    if (*name == 0) return false;
    for (const char* c = name; *c != 0; ++c)
        if (*c == '/') return listed(header, name);
    const char* path = value_of(envp, "PATH");
    if (path == nullptr) return false;
    char candidate[512];
    while (true) {
        std::size_t n = 0;
        while (*path != 0 && *path != ':' && n < 400) candidate[n++] = *path++;
        if (n == 0 || n == 400) return false;  // an empty entry is the current folder
        candidate[n++] = '/';
        for (const char* c = name; *c != 0 && n < sizeof candidate - 1; ++c) candidate[n++] = *c;
        candidate[n] = 0;
        if (call(SYS_access, word(candidate), 1) == 0) return listed(header, candidate);
        if (*path == 0) return false;
        ++path;
    }
}

// `python3 script`, `-m module`, `-c command`, each with or without -u; every other option is a cold start.
bool arguments_fit(long argc, char** argv) noexcept {
    long i = 1;
    while (i < argc && same(argv[i], "-u")) ++i;
    if (i >= argc) return false;
    if (same(argv[i], "-m") || same(argv[i], "-c")) return i + 1 < argc;
    return argv[i][0] != '-' && argv[i][0] != 0;
}

bool same_vdso(const Header& header, std::uint64_t vdso) noexcept {
    return vdso != 0 && header.vdso_length % 8 == 0 &&
           warm::hash_words(reinterpret_cast<const std::uint64_t*>(vdso), header.vdso_length / 8) == header.vdso_hash;
}

bool map_regions(const Header& header, int file) noexcept {
    const auto* region = reinterpret_cast<const Region*>(index_bytes + header.regions_offset);
    for (std::uint64_t i = 0; i < header.regions; ++i, ++region) {
        std::uint64_t flags = MAP_PRIVATE | MAP_FIXED_NOREPLACE;
        if (region->offset == 0) flags |= MAP_ANONYMOUS | MAP_NORESERVE;
        long got = call(SYS_mmap, region->address, region->length, region->prot, flags,
                        region->offset == 0 ? ~0ull : static_cast<std::uint64_t>(file), region->offset);
        if (got != static_cast<long>(region->address)) return false;
        if (region->stack == 0) continue;
        std::uint64_t below = region->address - warm::kStackReserve;
        got = call(SYS_mmap, below, warm::kStackReserve, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_FIXED_NOREPLACE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, ~0ull, 0);
        if (got != static_cast<long>(below)) return false;
    }
    return true;
}

// A copy of a page that is made here costs half of one that is made by a fault. Only a matter of time: kernels before
// 5.14 refuse it.
void copy_hot_pages(const Header& header) noexcept {
    const auto* run = reinterpret_cast<const std::uint64_t*>(index_bytes + header.hot_runs_offset);
    for (std::uint64_t i = 0; i < header.hot_runs; ++i, ++run)
        if (call(SYS_madvise, warm::run_address(*run), warm::run_pages(*run) * warm::kPage, kMadvPopulateWrite) != 0)
            return;
}

// The kernel's mappings of this process, to where those of the template were: pointers into them are everywhere.
bool move_kernel_maps(const Header& header, std::uint64_t vdso) noexcept {
    if (vdso == header.vdso) return true;
    // The destination must be free: a mapping that replaces nothing shows it.
    for (std::uint64_t i = 0; i < header.kernel_maps_count; ++i) {
        const KernelMap& map = header.kernel_maps[i];
        std::uint64_t target = header.vdso + static_cast<std::uint64_t>(map.offset);
        long got = call(SYS_mmap, target, map.length, PROT_NONE,
                        MAP_PRIVATE | MAP_FIXED_NOREPLACE | MAP_ANONYMOUS | MAP_NORESERVE, ~0ull, 0);
        if (got != static_cast<long>(target)) return false;
    }
    for (std::uint64_t i = 0; i < header.kernel_maps_count; ++i) {
        const KernelMap& map = header.kernel_maps[i];
        std::uint64_t target = header.vdso + static_cast<std::uint64_t>(map.offset);
        std::uint64_t source = vdso + static_cast<std::uint64_t>(map.offset);
        long got = call(SYS_mremap, source, map.length, map.length, MREMAP_MAYMOVE | MREMAP_FIXED, target);
        if (got != static_cast<long>(target)) return false;
    }
    return true;
}

bool register_thread(const Header& header) noexcept {
    long tid = call(SYS_set_tid_address, header.tid_address);
    *reinterpret_cast<int*>(header.tid_address) = static_cast<int>(tid);
    if (call(SYS_arch_prctl, kArchSetFs, header.fs_base) != 0) return false;
    if (header.robust_list != 0 && call(SYS_set_robust_list, header.robust_list, kRobustListLength) != 0) return false;
    if (header.rseq == 0) return true;
    return call(SYS_rseq, header.rseq, header.rseq_length, 0, kRseqSignature) == 0;
}

bool read_until(int file, std::size_t& have, std::size_t wanted) noexcept {
    while (have < wanted) {
        long got = call(SYS_pread64, static_cast<std::uint64_t>(file), word(index_bytes + have), wanted - have, have);
        if (got <= 0) return false;
        have += static_cast<std::size_t>(got);
    }
    return true;
}

const Header* read_index(int file) noexcept {
    std::size_t have = 0;
    const auto* header = reinterpret_cast<const Header*>(index_bytes);
    if (!read_until(file, have, warm::kPage) || header->magic != warm::kMagic) return nullptr;
    if (header->index_length > kIndexSize || !read_until(file, have, header->index_length)) return nullptr;
    return header;
}

// Returns only when the process is to start cold.
void restore(long argc, char** argv, char** envp, std::uint64_t vdso) noexcept {
    if (!arguments_fit(argc, argv)) return;
    long file = call(SYS_openat, static_cast<std::uint64_t>(AT_FDCWD), word(warm::kSnapshotPath), O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    const Header* header = read_index(static_cast<int>(file));
    if (header == nullptr || !same_vdso(*header, vdso)) return;
    if (!environment_fits(*header, envp) || !name_fits(*header, argv[0], envp)) return;
    if (!map_regions(*header, static_cast<int>(file)) || !move_kernel_maps(*header, vdso)) return;
    copy_hot_pages(*header);
    call(SYS_close, static_cast<std::uint64_t>(file));
    if (!register_thread(*header)) return;
    *reinterpret_cast<Handover*>(header->handover) = Handover{argc, argv, envp};
    asm volatile(
        "mov %0, %%rsp\n\t"
        "jmp *%1"
        :
        : "r"(header->stack_pointer), "r"(header->resume)
        : "memory");
    __builtin_unreachable();
}

}  // namespace

extern "C" [[noreturn]] void assay_warm_start(std::uint64_t* stack) {
    auto argc = static_cast<long>(stack[0]);
    char** argv = reinterpret_cast<char**>(stack + 1);
    char** envp = argv + argc + 1;
    char** end = envp;
    while (*end != nullptr) ++end;
    std::uint64_t vdso = 0;
    for (auto* aux = reinterpret_cast<std::uint64_t*>(end + 1); aux[0] != AT_NULL; aux += 2)
        if (aux[0] == AT_SYSINFO_EHDR) vdso = aux[1];
    if (argc > 0) restore(argc, argv, envp, vdso);
    call(SYS_execve, word(warm::kInterpreterPath), word(argv), word(envp));
    static const char message[] = "assay: the interpreter behind a warm template is not there\n";
    call(SYS_write, 2, word(message), sizeof message - 1);
    call(SYS_exit_group, 127);
    __builtin_unreachable();
}

asm(".globl _start\n"
    "_start:\n\t"
    "xor %ebp, %ebp\n\t"
    "mov %rsp, %rdi\n\t"
    "and $-16, %rsp\n\t"
    "call assay_warm_start\n\t"
    "hlt\n");
