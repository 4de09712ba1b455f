// Which blocks does a process write to, when it counts references up and down again and a page holds fifty of them?
//
// Theory of operation. All blocks lie in one file in memory, packed as in any heap, and the file is mapped many times:
// a block is used at the address that it has in the mapping of its own number, counted within its page. So no two
// blocks of a page share a page of addresses, while they share the memory. A fork maps the file privately at the same
// addresses: a page of addresses that is the fork's own afterwards was written to, and that page is one block's.
#include "images/warm/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

namespace assay::images::warm {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kHeap = std::size_t{512} << 20;  // of the file; what is more goes to the usual allocator
constexpr std::size_t kMappings = 64;                  // blocks of less than 64 bytes share theirs with others
constexpr std::size_t kSmall = 512;                    // up to here every multiple of 16 is a class
constexpr std::size_t kLarger[] = {576, 672, 816, 1024, 1360, 2048, 4096};  // as many as fit into a page
constexpr std::size_t kClasses = kSmall / 16 + sizeof kLarger / sizeof *kLarger;

struct Heap {
    Allocator usual;
    Profile* profile;
    char* base;  // of the first mapping
    int file;
    std::size_t pages;         // used
    void* free[kClasses];      // lists, through the blocks' first words
    std::uint8_t* page_class;  // of each page
    std::uint32_t* number_at;  // of the live block that begins at each 16 bytes; 0 = none
};
Heap heap;

std::size_t class_of(std::size_t size) {
    if (size <= kSmall) return (size + 15) / 16 - (size == 0 ? 0 : 1);
    std::size_t at = 0;
    while (kLarger[at] < size) ++at;
    return kSmall / 16 + at;
}
std::size_t class_size(std::size_t kind) { return kind < kSmall / 16 ? (kind + 1) * 16 : kLarger[kind - kSmall / 16]; }

bool is_ours(const void* block) {
    const auto* at = static_cast<const char*>(block);
    return at >= heap.base && at < heap.base + kMappings * kHeap;
}
std::size_t offset_of(const void* block) {
    return static_cast<std::size_t>(static_cast<const char*>(block) - heap.base) % kHeap;
}
std::size_t capacity_of(const void* block) { return class_size(heap.page_class[offset_of(block) / kPage]); }

std::size_t mapping_of(std::size_t offset, std::size_t size) { return offset % kPage / size % kMappings; }

bool add_page(std::size_t kind) {
    if (heap.pages == kHeap / kPage) return false;
    heap.page_class[heap.pages] = static_cast<std::uint8_t>(kind);
    const std::size_t start = heap.pages++ * kPage;
    const std::size_t size = class_size(kind);
    for (std::size_t at = kPage / size; at-- > 0;) {
        const std::size_t offset = start + at * size;
        void* block = heap.base + mapping_of(offset, size) * kHeap + offset;
        *static_cast<void**>(block) = heap.free[kind];
        heap.free[kind] = block;
    }
    return true;
}

std::uint32_t note(std::size_t size) {
    Profile& profile = *heap.profile;
    if (profile.count + 1 >= Profile::kMost) return 0;
    profile.sizes[++profile.count] = noted_size(size);
    return static_cast<std::uint32_t>(profile.count);
}

void* take(std::size_t size, std::uint32_t number) {
    if (size > kLargestBlock) return heap.usual.malloc(nullptr, size);
    const std::size_t kind = class_of(size);
    if (heap.free[kind] == nullptr && !add_page(kind)) return heap.usual.malloc(nullptr, size);
    void* block = heap.free[kind];
    heap.free[kind] = *static_cast<void**>(block);
    heap.number_at[offset_of(block) / 16] = number;
    return block;
}

void give_back(void*, void* block) {
    if (!is_ours(block)) return heap.usual.free(nullptr, block);
    const std::size_t offset = offset_of(block);
    heap.number_at[offset / 16] = 0;
    const std::size_t kind = heap.page_class[offset / kPage];
    *static_cast<void**>(block) = heap.free[kind];
    heap.free[kind] = block;
}

void* profiled_malloc(void*, std::size_t size) { return take(size, note(size)); }

void* profiled_calloc(void*, std::size_t count, std::size_t size) {
    std::size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) return nullptr;
    void* block = take(bytes, note(bytes));
    if (block != nullptr) memset(block, 0, bytes);
    return block;
}

void* profiled_realloc(void*, void* block, std::size_t size) {
    const std::uint32_t number = note(size);
    if (block == nullptr) return take(size, number);
    if (!is_ours(block)) return heap.usual.realloc(nullptr, block, size);
    const std::size_t capacity = capacity_of(block);
    if (size <= capacity) {
        heap.number_at[offset_of(block) / 16] = number;
        return block;
    }
    void* larger = take(size, number);
    if (larger == nullptr) return nullptr;
    memcpy(larger, block, capacity);
    give_back(nullptr, block);
    return larger;
}

void* reserve(std::size_t size) {
    void* place = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return place == MAP_FAILED ? nullptr : place;
}

bool map_all(int flags) {
    for (std::size_t i = 0; i < kMappings; ++i)
        if (mmap(heap.base + i * kHeap, kHeap, PROT_READ | PROT_WRITE, flags | MAP_FIXED | MAP_NORESERVE, heap.file,
                 0) == MAP_FAILED)
            return false;
    return true;
}

// Of the other's page tables: present, and not a page of the file.
constexpr std::uint64_t kPresent = 1ull << 63;
constexpr std::uint64_t kOfFile = 1ull << 61;

void note_written(std::size_t page, std::size_t mapping) {
    const std::size_t size = class_size(heap.page_class[page]);
    Profile& profile = *heap.profile;
    for (std::size_t at = mapping; at < kPage / size; at += kMappings) {
        const std::uint32_t number = heap.number_at[(page * kPage + at * size) / 16];
        if (number == 0) continue;
        profile.hot[number / 8] = static_cast<std::uint8_t>(profile.hot[number / 8] | 1u << (number % 8));
        profile.hot_bytes += align_block(profile.sizes[number]);
    }
}

int read_mapping(int pagemap, std::size_t mapping) {
    static std::uint64_t entries[4096];
    constexpr std::size_t kAtOnce = sizeof entries / 8;
    const std::uint64_t first = (reinterpret_cast<std::uint64_t>(heap.base) + mapping * kHeap) / kPage;
    for (std::size_t page = 0; page < heap.pages; page += kAtOnce) {
        const ssize_t got = pread(pagemap, entries, sizeof entries, static_cast<off_t>((first + page) * 8));
        if (got <= 0) return got < 0 ? errno : EIO;
        for (std::size_t i = 0; i < static_cast<std::size_t>(got) / 8 && page + i < heap.pages; ++i)
            if ((entries[i] & kPresent) != 0 && (entries[i] & kOfFile) == 0) note_written(page + i, mapping);
    }
    return 0;
}

}  // namespace

bool begin_profile(Profile& profile) {
    if (!usual_allocator(heap.usual)) return false;
    heap.page_class = static_cast<std::uint8_t*>(reserve(kHeap / kPage));
    heap.number_at = static_cast<std::uint32_t*>(reserve(kHeap / 16 * sizeof(std::uint32_t)));
    heap.base = static_cast<char*>(reserve(kMappings * kHeap));
    if (heap.page_class == nullptr || heap.number_at == nullptr || heap.base == nullptr) return false;
    heap.profile = &profile;
    heap.file = memfd_create("blocks", MFD_CLOEXEC);
    if (heap.file < 0 || ftruncate(heap.file, kHeap) != 0) return false;
    if (!map_all(MAP_SHARED)) return false;
    use_allocator({nullptr, profiled_malloc, profiled_calloc, profiled_realloc, give_back});
    return true;
}

bool begin_trial() { return map_all(MAP_PRIVATE); }

int end_profile(pid_t other) {
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/pagemap", static_cast<int>(other));
    const int pagemap = open(name, O_RDONLY | O_CLOEXEC);
    if (pagemap < 0) return errno;
    int error = 0;
    for (std::size_t mapping = 0; mapping < kMappings && error == 0; ++mapping) error = read_mapping(pagemap, mapping);
    close(pagemap);
    return error;
}

}  // namespace assay::images::warm
