// A map that forgets what was not asked for lately: bounded memory, for programs that never end.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>

namespace assay {

// Keeps at least the `kept` values that were last put or found, and at most twice as many: they live in two
// generations, and the older one goes when the younger is full. Not thread-safe.
template <typename Value>
class Recent {
 public:
    explicit Recent(std::size_t kept) : kept_(kept) {}

    // Null when it is not there. Valid until the next call.
    const Value* find(const std::string& key) {
        if (const auto found = young_.find(key); found != young_.end()) return &found->second;
        auto aged = old_.extract(key);
        if (!aged) return nullptr;
        return &put(key, std::move(aged.mapped()));
    }

    // Instead of what was there.
    const Value& put(const std::string& key, Value value) {
        old_.erase(key);
        if (young_.size() >= kept_ && !young_.contains(key)) {
            old_ = std::move(young_);
            young_.clear();
        }
        return young_.insert_or_assign(key, std::move(value)).first->second;
    }

    [[nodiscard]] std::size_t size() const noexcept { return young_.size() + old_.size(); }

 private:
    std::size_t kept_;
    std::unordered_map<std::string, Value> young_;
    std::unordered_map<std::string, Value> old_;
};

}  // namespace assay
