// The file that a warm template is kept in: a prepared interpreter's memory, and what the restorer must know of it.
//
// Written by template.cc in the builder's sandbox, read by restorer.cc in every sandbox that starts warm. Both are
// built together and run on one machine, so the header is plain memory; `magic` names its version. Nothing here may
// need a library: the restorer has none.
//
//   Header | env rules | interpreter paths | regions | runs of hot pages      (kIndexSize bytes are set aside)
//   pages of the regions, in order of address; pages of zeros are holes
#pragma once

#include <cstddef>
#include <cstdint>

namespace assay::images::warm {

inline constexpr std::uint64_t kMagic = 0x3530'6d72'6177'7361ull;  // "aswarm05": raise when anything here changes
inline constexpr std::size_t kIndexSize = 128 << 10;
inline constexpr std::size_t kPage = 4096;
inline constexpr std::size_t kMaxKernelMaps = 6;
inline constexpr std::size_t kMaxHotRuns = 6000;
// Below the template's main stack, in the restored process: what the usual RLIMIT_STACK would have let it grow to.
inline constexpr std::size_t kStackReserve = 8 << 20;

// Where the pieces stand in a sandbox that starts warm.
inline constexpr const char* kWarmDir = "/opt/assay/warm";
inline constexpr const char* kSnapshotPath = "/opt/assay/warm/python.snapshot";
inline constexpr const char* kRestorerName = "python3";  // in the same folder, bound over the interpreter
// The interpreter that the restorer covers, by the name it is executed by elsewhere.
inline constexpr const char* kInterpreterPath = "/opt/assay/interpreter/python3";

struct Region {
    std::uint64_t address;
    std::uint64_t length;
    std::uint64_t offset;  // in the file; 0 = anonymous memory of zeros
    std::uint32_t prot;    // as of mmap
    std::uint32_t stack;   // 1: the main stack; kStackReserve belongs below it
};

// Hot pages are those that nearly every server writes to soon after it was restored. A run of them is one word: the
// address of its first page, and below the address's bits their number, less than kPage.
inline std::uint64_t run_address(std::uint64_t run) noexcept { return run & ~std::uint64_t{kPage - 1}; }
inline std::uint64_t run_pages(std::uint64_t run) noexcept { return run & (kPage - 1); }

// A mapping that the kernel makes in every process ([vvar], [vdso]), relative to the start of the vDSO.
struct KernelMap {
    std::int64_t offset;
    std::uint64_t length;
};

// What the restorer leaves for the restored interpreter, in that interpreter's memory.
struct Handover {
    std::int64_t argc;
    char** argv;
    char** envp;
};

struct Header {
    std::uint64_t magic;
    std::uint64_t index_length;     // bytes of the index that are used
    std::uint64_t hot_runs;         // number of runs
    std::uint64_t hot_runs_offset;  // in the index
    std::uint64_t placed_bytes;     // of objects that servers write to, which stand together; 0 = it is not known which
    std::uint64_t regions;          // number of Region
    std::uint64_t regions_offset;   // in the index
    std::uint64_t env_rules;        // offset of NAME\0, or NAME=VALUE\0, ended by an empty one: variables that were
                                    // read while the modules were imported, unset or with the value they had
    std::uint64_t interpreters;     // offset of PATH\0..., ended by an empty one: names the interpreter goes by
    std::uint64_t stack_pointer;    // callee-saved registers are on top of it
    std::uint64_t resume;           // address of the code that takes them down
    std::uint64_t fs_base;
    std::uint64_t tid_address;  // of glibc's struct pthread::tid
    std::uint64_t robust_list;  // 0 = none registered
    std::uint64_t rseq;         // 0 = none registered
    std::uint64_t rseq_length;
    std::uint64_t handover;   // address of the Handover
    std::uint64_t vdso;       // address of the vDSO
    std::uint64_t vdso_hash;  // of its bytes: pointers into it are in the snapshot
    std::uint64_t vdso_length;
    std::uint64_t kernel_maps_count;
    KernelMap kernel_maps[kMaxKernelMaps];
};

inline std::uint64_t hash_words(const std::uint64_t* words, std::size_t count) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325ull;  // FNV-1a, by words
    for (std::size_t i = 0; i < count; ++i) hash = (hash ^ words[i]) * 0x100000001b3ull;
    return hash;
}

}  // namespace assay::images::warm
