#include "sandbox/launcher/arena.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

namespace assay::sandbox {
namespace {
// Room for the longest arguments and environment that exec takes by default. Pages that are not touched do not exist.
constexpr std::size_t kSize = std::size_t{4} << 20;
}  // namespace

Result<Arena> Arena::make() {
    void* memory = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return fail_errno(errno, "map seat's memory");
    return Arena(memory);
}

Arena::Arena(Arena&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)), used_(other.used_), full_(other.full_) {}

Arena& Arena::operator=(Arena&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(used_, other.used_);
    std::swap(full_, other.full_);
    return *this;
}

Arena::~Arena() {
    if (memory_ != nullptr) ::munmap(memory_, kSize);
}

void Arena::clear() {
    if (used_ == 0) new (memory_) Board;
    board().plan = Plan{};
    board().last = Report{};
    board().init.store(0, std::memory_order_relaxed);
    used_ = sizeof(Board);
    full_ = false;
}

void* Arena::bytes(const void* from, std::size_t size, std::size_t alignment) {
    used_ = (used_ + alignment - 1) / alignment * alignment;
    if (size > kSize - used_) {
        full_ = true;
        used_ = sizeof(Board);
        size = 0;
    }
    char* at = static_cast<char*>(memory_) + used_;
    if (size != 0) std::memcpy(at, from, size);
    used_ += size;
    return at;
}

const char* Arena::text(std::initializer_list<std::string_view> parts) {
    const char* start = static_cast<const char*>(bytes(nullptr, 0, 1));
    for (std::string_view part : parts) bytes(part.data(), part.size(), 1);
    bytes("", 1, 1);
    return start;
}

}  // namespace assay::sandbox
