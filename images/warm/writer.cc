#include "images/warm/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <initializer_list>

#include "images/warm/snapshot.h"

extern "C" {
extern char** environ;
extern const ptrdiff_t __rseq_offset __attribute__((weak));
extern const unsigned int __rseq_size __attribute__((weak));
}

namespace assay::images::warm {
namespace {

constexpr std::size_t kMaxRegions = 1024;
Region regions[kMaxRegions];
std::size_t region_count = 0;
alignas(16) char index_bytes[kIndexSize];
std::size_t index_used = 0;

bool zeros(const char* page) {
    const auto* words = reinterpret_cast<const std::uint64_t*>(page);
    for (std::size_t i = 0; i < kPage / 8; ++i)
        if (words[i] != 0) return false;
    return true;
}

bool write_all(int file, const char* bytes, std::size_t size, std::uint64_t offset) {
    while (size > 0) {
        ssize_t done = pwrite(file, bytes, size, static_cast<off_t>(offset));
        if (done <= 0) return false;
        bytes += done, offset += static_cast<std::uint64_t>(done), size -= static_cast<std::size_t>(done);
    }
    return true;
}

// The pages of one region that are not all zeros, in runs.
bool write_region(int file, const Region& region) {
    const char* start = reinterpret_cast<const char*>(region.address);
    std::size_t at = 0;
    while (at < region.length) {
        while (at < region.length && zeros(start + at)) at += kPage;
        std::size_t from = at;
        while (at < region.length && !zeros(start + at)) at += kPage;
        if (at > from && !write_all(file, start + from, at - from, region.offset + from)) return false;
    }
    return true;
}

struct Line {
    std::uint64_t start, end;
    int prot;
    bool shared;
    const char* name;
};

bool parse_line(char* text, Line& line) {
    char perms[8] = {};
    int name_at = 0;
    unsigned long long offset = 0;
    unsigned long inode = 0;
    char device[16];
    if (sscanf(text, "%lx-%lx %7s %llx %15s %lu %n", &line.start, &line.end, perms, &offset, device, &inode, &name_at) <
        6)
        return false;
    line.prot =
        (perms[0] == 'r' ? PROT_READ : 0) | (perms[1] == 'w' ? PROT_WRITE : 0) | (perms[2] == 'x' ? PROT_EXEC : 0);
    line.shared = perms[3] == 's';
    line.name = text + name_at;
    return true;
}

void add_kernel_map(Header& header, const Line& line) {
    if (header.kernel_maps_count == kMaxKernelMaps) refuse("the kernel maps more than is known");
    header.kernel_maps[header.kernel_maps_count++] = {
        static_cast<std::int64_t>(line.start) - static_cast<std::int64_t>(header.vdso), line.end - line.start};
    if (line.start == header.vdso) header.vdso_length = line.end - line.start;
}

void add_region(const Line& line, bool stack) {
    if (region_count > 0 && !stack) {
        Region& last = regions[region_count - 1];
        bool joins = last.stack == 0 && last.address + last.length == line.start &&
                     last.prot == static_cast<std::uint32_t>(line.prot) && line.prot != PROT_NONE && last.offset != 0;
        if (joins) {
            last.length += line.end - line.start;
            return;
        }
    }
    if (region_count == kMaxRegions) refuse("too many mappings");
    // Memory that may not be read is not saved, only kept from others. The place in the file comes later.
    std::uint64_t offset = line.prot == PROT_NONE ? 0 : 1;
    regions[region_count++] = {line.start, line.end - line.start, offset, static_cast<std::uint32_t>(line.prot),
                               stack ? 1u : 0u};
}

void read_maps(Header& header) {
    static char text[256 << 10];
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    std::size_t size = 0;
    ssize_t got = 0;
    while (file >= 0 && (got = read(file, text + size, sizeof text - 1 - size)) > 0) size += static_cast<size_t>(got);
    if (file < 0 || got < 0 || size == sizeof text - 1) refuse("/proc/self/maps cannot be read");
    close(file);
    text[size] = 0;
    char* rest = nullptr;
    for (char* row = strtok_r(text, "\n", &rest); row != nullptr; row = strtok_r(nullptr, "\n", &rest)) {
        Line line{};
        if (!parse_line(row, line)) refuse("/proc/self/maps is not as expected");
        if (strncmp(line.name, "[vsyscall]", 10) == 0) continue;
        if (strncmp(line.name, "[vvar", 5) == 0 || strncmp(line.name, "[vdso]", 6) == 0) {
            add_kernel_map(header, line);
            continue;
        }
        if (line.shared && (line.prot & PROT_WRITE) != 0) refuse("a module shares writable memory");
        add_region(line, strncmp(line.name, "[stack]", 7) == 0);
    }
}

// glibc's struct pthread has no public layout: its robust list is the head that points to itself, with the offset of
// mutexes' owners after it; tid stands 16 bytes before (tid, then the list's previous pointer).
void find_thread(Header& header) {
    auto self = reinterpret_cast<std::uint64_t>(pthread_self());
    header.fs_base = self;
    void* head = nullptr;
    size_t size = 0;
    if (syscall(SYS_get_robust_list, 0, &head, &size) != 0 || size != 24) refuse("no robust list");
    header.robust_list = reinterpret_cast<std::uint64_t>(head);
    header.tid_address = header.robust_list - 16;
    if (header.robust_list < self || header.robust_list > self + 4096 ||
        *reinterpret_cast<int*>(header.tid_address) != static_cast<int>(syscall(SYS_gettid)))
        refuse("this C library keeps its thread id elsewhere");
    if (&__rseq_size != nullptr && __rseq_size > 0) {
        header.rseq = self + static_cast<std::uint64_t>(__rseq_offset);
        header.rseq_length = __rseq_size < 32 ? 32 : __rseq_size;  // the first size that the kernel knew
    }
}

std::size_t put(std::size_t at, const char* text) {
    std::size_t size = strlen(text) + 1;
    if (at + size > sizeof index_bytes) refuse("the index is too large");
    memcpy(index_bytes + at, text, size);
    return at + size;
}

bool start_variable(const char* entry) {
    for (const char* prefix : {"PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "GLIBC_", "GCONV_", "TZ"})
        if (strncmp(entry, prefix, strlen(prefix)) == 0) return true;
    return false;
}

std::size_t put_variable(std::size_t at, const char* name) {
    if (strcmp(name, "PATH") == 0 || strcmp(name, "PYTHONUNBUFFERED") == 0 || strcmp(name, "PYTHONPATH") == 0)
        return at;
    static char rule[32768];
    const char* value = getenv(name);
    int size =
        value == nullptr ? snprintf(rule, sizeof rule, "%s", name) : snprintf(rule, sizeof rule, "%s=%s", name, value);
    if (size >= static_cast<int>(sizeof rule)) refuse("a variable is too long");
    return put(at, rule);
}

void put_rules(const Order& order, Header& header, std::size_t& at) {
    header.env_rules = at;
    for (char** entry = environ; *entry != nullptr; ++entry)
        if (start_variable(*entry) && strncmp(*entry, "PYTHONUNBUFFERED=", 17) != 0 &&
            strncmp(*entry, "PYTHONPATH=", 11) != 0)
            at = put(at, *entry);
    for (std::size_t i = 0; i < order.variable_count; ++i) at = put_variable(at, order.variables[i]);
    at = put(at, "");
    header.interpreters = at;
    char* rest = nullptr;
    for (char* name = strtok_r(order.names, " ", &rest); name != nullptr; name = strtok_r(nullptr, " ", &rest))
        at = put(at, name);
    at = put(at, "");
}

int write_index(int file) {
    auto& header = *reinterpret_cast<Header*>(index_bytes);
    header.index_length = index_used;
    if (!write_all(file, index_bytes, sizeof index_bytes, 0)) return errno == 0 ? EIO : errno;
    return fsync(file) == 0 ? 0 : errno;
}

// Of the other process's page tables: bit 56 says that nobody shares the page. What was not written to since the fork
// is shared.
constexpr std::uint64_t kPresent = 1ull << 63;
constexpr std::uint64_t kExclusive = 1ull << 56;

// False: there is no room for another run.
bool put_hot_page(Header& header, const Region& region, std::uint64_t address) {
    auto* runs = reinterpret_cast<std::uint64_t*>(index_bytes + header.hot_runs_offset);
    if (header.hot_runs > 0) {
        // A page between two that are used costs less than another system call.
        std::uint64_t& last = runs[header.hot_runs - 1];
        const std::uint64_t end = run_address(last) + run_pages(last) * kPage;
        const std::uint64_t more = 1;
        if (address == end && run_address(last) >= region.address && run_pages(last) + more < kPage) {
            last += more;
            return true;
        }
    }
    if (header.hot_runs == kMaxHotRuns) return false;
    runs[header.hot_runs++] = address | 1;
    return true;
}

void put_hot_pages(int pagemap, const Region& region, Header& header) {
    static std::uint64_t entries[512];
    for (std::uint64_t at = 0; at < region.length; at += sizeof entries / 8 * kPage) {
        const auto first = (region.address + at) / kPage;
        const ssize_t got = pread(pagemap, entries, sizeof entries, static_cast<off_t>(first * 8));
        for (std::uint64_t i = 0; static_cast<ssize_t>(i * 8) < got && at + i * kPage < region.length; ++i) {
            if ((entries[i] & kPresent) == 0 || (entries[i] & kExclusive) == 0) continue;
            if (!put_hot_page(header, region, (first + i) * kPage)) return;
        }
    }
}

}  // namespace

void refuse(const char* why) {
    fprintf(stderr, "no template: %s\n", why);
    fflush(stderr);
    _exit(kRefused);
}

int write_snapshot(const Order& order) {
    auto& header = *reinterpret_cast<Header*>(index_bytes);
    header.magic = kMagic;
    header.stack_pointer = order.stack_pointer;
    header.resume = order.resume;
    header.handover = order.handover;
    header.placed_bytes = order.placed_bytes;
    header.vdso = getauxval(AT_SYSINFO_EHDR);
    find_thread(header);
    std::size_t at = sizeof header;
    put_rules(order, header, at);
    int file = open(order.out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) refuse("the snapshot's file cannot be written");
    region_count = 0;
    read_maps(header);
    if (header.vdso == 0 || header.vdso_length == 0) refuse("no vDSO");
    header.vdso_hash = hash_words(reinterpret_cast<const std::uint64_t*>(header.vdso), header.vdso_length / 8);
    std::uint64_t offset = kIndexSize;
    for (std::size_t i = 0; i < region_count; ++i) {
        Region& region = regions[i];
        if (region.offset == 0) continue;
        region.offset = offset;
        offset += region.length;
        if (!write_region(file, region)) return errno == 0 ? EIO : errno;
    }
    at = (at + 15) & ~std::size_t{15};
    header.regions = region_count;
    header.regions_offset = at;
    header.hot_runs = 0;
    header.hot_runs_offset = at + region_count * sizeof(Region);
    if (header.hot_runs_offset + kMaxHotRuns * 8 > sizeof index_bytes) refuse("the index is too large");
    memcpy(index_bytes + at, regions, region_count * sizeof(Region));
    index_used = header.hot_runs_offset;
    if (ftruncate(file, static_cast<off_t>(offset)) != 0) return errno;
    if (const int error = write_index(file); error != 0) return error;
    return close(file) == 0 ? 0 : errno;
}

int write_hot_pages(const Order& order, pid_t other) {
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/pagemap", static_cast<int>(other));
    const int pagemap = open(name, O_RDONLY | O_CLOEXEC);
    if (pagemap < 0) return errno;
    auto& header = *reinterpret_cast<Header*>(index_bytes);
    for (std::size_t i = 0; i < region_count; ++i)
        if ((regions[i].prot & PROT_WRITE) != 0) put_hot_pages(pagemap, regions[i], header);
    close(pagemap);
    index_used = header.hot_runs_offset + header.hot_runs * 8;
    const int file = open(order.out, O_WRONLY | O_CLOEXEC);
    if (file < 0) return errno;
    const int error = write_index(file);
    return close(file) == 0 ? error : errno;
}

}  // namespace assay::images::warm
