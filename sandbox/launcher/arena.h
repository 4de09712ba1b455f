// The shared memory of one seat: a Board, and behind it what its plan points to.
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "sandbox/launcher/plan.h"

namespace assay::sandbox {

// Not thread-safe; the launcher writes while the seat waits. Nothing is freed but everything at once.
class Arena {
 public:
    static Result<Arena> make();
    Arena(Arena&& other) noexcept;
    Arena& operator=(Arena&& other) noexcept;
    ~Arena();

    [[nodiscard]] Board& board() const { return *static_cast<Board*>(memory_); }

    // Forgets the former plan and everything behind it.
    void clear();
    // Copies, null-terminated. Once the arena is full these return what must not be used: ask full() at the end.
    const char* text(std::string_view value) { return text({value}); }
    const char* text(std::initializer_list<std::string_view> parts);
    template <class T>
    T* list(const std::vector<T>& values) {
        static_assert(std::is_trivially_copyable_v<T>);
        return static_cast<T*>(bytes(values.data(), values.size() * sizeof(T), alignof(T)));
    }
    [[nodiscard]] bool full() const { return full_; }

 private:
    explicit Arena(void* memory) : memory_(memory) { clear(); }
    void* bytes(const void* from, std::size_t size, std::size_t alignment);

    void* memory_ = nullptr;
    std::size_t used_ = 0;
    bool full_ = false;
};

}  // namespace assay::sandbox
