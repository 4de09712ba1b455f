// The interpreter that becomes the template asks for the same blocks in the same order as the one that was profiled,
// but for some in ten thousand: what depends on addresses. So its requests are followed along the profile's sizes, and
// where they differ the place is looked for again by the last of them.
#include "images/warm/placement.h"

#include <string.h>
#include <sys/mman.h>

#include <initializer_list>

namespace assay::images::warm {
namespace {

constexpr std::size_t kAlike = 24;       // requests that have to be alike to know the place again
constexpr std::size_t kFarthest = 4096;  // from where it was expected

struct Placement {
    Allocator usual;
    const Profile* profile;
    std::uint64_t next;            // in the profile; of a lost one, where it would be
    std::size_t lost;              // requests since it was; 0 = it is not
    std::uint16_t latest[kAlike];  // sizes, a ring
    std::uint64_t asked;           // requests so far
    char* area;
    std::size_t area_size, used, blocks;
    std::uint16_t* capacities;  // of the block at each 16 bytes, in units of 16
};
Placement placement;

bool is_placed(const void* block) {
    const auto* at = static_cast<const char*>(block);
    return at >= placement.area && at < placement.area + placement.area_size;
}
std::uint16_t& capacity_of(const void* block) {
    return placement.capacities[static_cast<std::size_t>(static_cast<const char*>(block) - placement.area) / 16];
}

// Whether the latest requests are those of the profile that end at `last`.
bool alike(std::uint64_t last) {
    if (last < kAlike || last > placement.profile->count) return false;
    for (std::size_t back = 0; back < kAlike; ++back)
        if (placement.profile->sizes[last - back] != placement.latest[(placement.asked - back) % kAlike]) return false;
    return true;
}

bool found_again() {
    if (placement.lost < kAlike) return false;
    const std::uint64_t expected = placement.next - 1;
    const std::size_t farthest = placement.lost + 64 < kFarthest ? placement.lost + 64 : kFarthest;
    for (std::size_t away = 0; away <= farthest; ++away) {
        for (const std::uint64_t last : {expected + away, expected - away}) {
            if (last > expected + farthest || !alike(last)) continue;
            placement.next = last + 1;
            placement.lost = 0;
            return true;
        }
    }
    return false;
}

// The number in the profile of a request for so much; 0 = it has none.
std::uint64_t number_of(std::size_t size) {
    const std::uint16_t noted = noted_size(size);
    placement.latest[++placement.asked % kAlike] = noted;
    const std::uint64_t number = placement.next++;
    if (placement.lost == 0 && number <= placement.profile->count && placement.profile->sizes[number] == noted)
        return number;
    ++placement.lost;
    return found_again() ? placement.next - 1 : 0;
}

// A place among the hot ones; null: not for this one.
void* place(std::size_t size, std::uint64_t number) {
    if (number == 0 || size > kLargestBlock || !placement.profile->is_hot(number)) return nullptr;
    const std::size_t bytes = align_block(size);
    if (bytes > placement.area_size - placement.used) return nullptr;
    void* block = placement.area + placement.used;
    placement.used += bytes;
    ++placement.blocks;
    capacity_of(block) = static_cast<std::uint16_t>(bytes / 16);
    return block;
}

void* placed_malloc(void*, std::size_t size) {
    void* block = place(size, number_of(size));
    return block != nullptr ? block : placement.usual.malloc(nullptr, size);
}

void* placed_calloc(void*, std::size_t count, std::size_t size) {
    std::size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) return nullptr;
    void* block = place(bytes, number_of(bytes));  // zeros: nothing was there before
    return block != nullptr ? block : placement.usual.calloc(nullptr, count, size);
}

void placed_free(void*, void* block) {
    if (!is_placed(block)) placement.usual.free(nullptr, block);
}

// Of a block that was placed, to one that is not.
void* moved_out(void* block, std::size_t size) {
    const std::size_t capacity = std::size_t{capacity_of(block)} * 16;
    if (size <= capacity) return block;
    void* larger = placement.usual.malloc(nullptr, size);
    if (larger != nullptr) memcpy(larger, block, capacity);
    return larger;
}

void* later_realloc(void*, void* block, std::size_t size) {
    return is_placed(block) ? moved_out(block, size) : placement.usual.realloc(nullptr, block, size);
}

void* placed_realloc(void*, void* block, std::size_t size) {
    const std::uint64_t number = number_of(size);
    if (is_placed(block) && size <= std::size_t{capacity_of(block)} * 16) return block;
    void* target = place(size, number);
    if (target == nullptr) return later_realloc(nullptr, block, size);
    if (block == nullptr) return target;
    if (is_placed(block)) {
        memcpy(target, block, std::size_t{capacity_of(block)} * 16);
        return target;
    }
    // How large it was only the usual allocator knows.
    block = placement.usual.realloc(nullptr, block, size);
    if (block == nullptr) return nullptr;
    memcpy(target, block, size);
    placement.usual.free(nullptr, block);
    return target;
}

}  // namespace

void begin_placement(const Profile& profile) {
    placement = {};
    if (profile.hot_bytes == 0 || !usual_allocator(placement.usual)) return;
    const std::size_t size = (profile.hot_bytes + 4095) & ~std::size_t{4095};
    void* area = mmap(nullptr, size + size / 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) return;
    placement.profile = &profile;
    placement.next = 1;
    placement.area = static_cast<char*>(area);
    placement.area_size = size;
    placement.capacities = reinterpret_cast<std::uint16_t*>(placement.area + size);
    use_allocator({nullptr, placed_malloc, placed_calloc, placed_realloc, placed_free});
}

Placed end_placement() {
    if (placement.profile == nullptr) return {};
    placement.profile = nullptr;
    use_allocator({nullptr, placement.usual.malloc, placement.usual.calloc, later_realloc, placed_free});
    return {placement.blocks, placement.used};
}

}  // namespace assay::images::warm
