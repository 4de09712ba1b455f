#include "images/names.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>

namespace assay::images {
namespace {

constexpr std::string_view kTarget = "../layers/";

std::string folder_of(const std::string& store) { return store + "/names"; }

}  // namespace

std::string image_named(const std::string& store, const std::string& name) {
    char target[256];
    const ssize_t length = ::readlink(fmt::format("{}/{}", folder_of(store), name).c_str(), target, sizeof target);
    if (length < 0) return {};
    const std::string_view text(target, static_cast<std::size_t>(length));
    return text.starts_with(kTarget) ? std::string(text.substr(kTarget.size())) : std::string();
}

std::map<std::string, std::string> image_names(const std::string& store) {
    std::map<std::string, std::string> names;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder_of(store), ignored)) {
        const std::string name = entry.path().filename();
        if (std::string key = image_named(store, name); is_image_name(name) && !key.empty())
            names.emplace(name, std::move(key));
    }
    return names;
}

Result<void> name_image(const std::string& store, const std::string& name, const std::string& key) {
    static std::atomic<unsigned> counter{0};
    if (!is_image_name(name))
        return fail("name image", fmt::format("'{}' is not a name", name), "use a-z, 0-9, '.', '_' and '-'");
    if (::mkdir(folder_of(store).c_str(), 0755) != 0 && errno != EEXIST)
        return fail_errno(errno, "name image", folder_of(store));
    const std::string beside = fmt::format("{}/.{}.{}", folder_of(store), ::getpid(), counter++);
    const std::string target = std::string(kTarget) + key;
    if (::symlink(target.c_str(), beside.c_str()) != 0) return fail_errno(errno, "name image", beside);
    if (::rename(beside.c_str(), fmt::format("{}/{}", folder_of(store), name).c_str()) != 0) {
        const int why = errno;
        ::unlink(beside.c_str());
        return fail_errno(why, "name image", name);
    }
    return {};
}

Result<void> forget_image(const std::string& store, const std::string& name) {
    if (!is_image_name(name) || ::unlink(fmt::format("{}/{}", folder_of(store), name).c_str()) != 0)
        return fail_errno(ENOENT, "remove image", name, "'assay image list' shows what there is");
    return {};
}

bool is_image_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && name.front() != '.' && name.front() != '-' &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
           });
}

}  // namespace assay::images
