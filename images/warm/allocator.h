// The interpreter's allocator, as declared by cpython/pymem.h of 3.11, and what profile.cc and placement.cc share of
// it.
//
// Part of the library that is loaded into the interpreter (template.cc).
#pragma once

#include <cstddef>
#include <cstdint>

namespace assay::images::warm {

struct Allocator {
    void* context;
    void* (*malloc)(void* context, std::size_t size);
    void* (*calloc)(void* context, std::size_t count, std::size_t size);
    void* (*realloc)(void* context, void* block, std::size_t size);
    void (*free)(void* context, void* block);
};
inline constexpr int kDomains[] = {1, 2};  // of PyMem_* and PyObject_*; which of the two a block is of does not matter

extern "C" {
__attribute__((weak)) void PyMem_GetAllocator(int domain, Allocator* allocator);
__attribute__((weak)) void PyMem_SetAllocator(int domain, const Allocator* allocator);
}

// The allocator of both domains; false where there is none, or not the usual one for both, which needs no context.
inline bool usual_allocator(Allocator& allocator) {
    if (PyMem_GetAllocator == nullptr || PyMem_SetAllocator == nullptr) return false;
    Allocator other{};
    PyMem_GetAllocator(kDomains[0], &other);
    PyMem_GetAllocator(kDomains[1], &allocator);
    return allocator.context == nullptr && other.context == nullptr && allocator.malloc == other.malloc;
}

inline void use_allocator(const Allocator& allocator) {
    for (int domain : kDomains) PyMem_SetAllocator(domain, &allocator);
}

// Larger blocks are left alone: they have pages of their own.
inline constexpr std::size_t kLargestBlock = 4096;

inline constexpr std::size_t align_block(std::size_t size) { return size == 0 ? 16 : (size + 15) & ~std::size_t{15}; }

// What one interpreter learns for the next, in memory that both see. Allocations are numbered in the order in which
// they are asked for, a reallocation is one too: two interpreters that do the same ask for the same, but for a few.
struct Profile {
    static constexpr std::size_t kMost = std::size_t{1} << 23;
    std::uint64_t count;          // of allocations
    std::uint64_t hot_bytes;      // of those that are hot, together
    std::uint16_t sizes[kMost];   // up to 65535
    std::uint8_t hot[kMost / 8];  // the block was written to in the trial
    [[nodiscard]] bool is_hot(std::uint64_t number) const { return (hot[number / 8] >> (number % 8) & 1) != 0; }
};

inline std::uint16_t noted_size(std::size_t size) { return static_cast<std::uint16_t>(size < 65535 ? size : 65535); }

}  // namespace assay::images::warm
