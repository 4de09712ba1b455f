#include "images/manifest_files.h"

#include "base/fd.h"

namespace assay::images {
namespace {

constexpr std::uint64_t kManifestLimit = 4u << 20;
constexpr std::size_t kManifestsAtMost = 64;

}  // namespace

Manifests with_includes(Manifests manifests, int directory) {
    std::vector<std::string> names{"requirements.txt"};
    for (std::size_t next = 0; next < names.size() && names.size() < kManifestsAtMost; ++next) {
        const std::string name = names[next];
        if (name.empty() || name.front() == '/' || name.find("..") != std::string::npos) continue;
        if (!manifests.contains(name)) {
            auto bytes = read_file_at(directory, name, kManifestLimit);
            if (!bytes) continue;
            manifests.emplace(name, std::move(*bytes));
        }
        for (std::string& included : manifest_includes(manifests.at(name)))
            if (!manifests.contains(included)) names.push_back(std::move(included));
    }
    return manifests;
}

}  // namespace assay::images
