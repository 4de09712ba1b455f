// A submission's patch, applied to an empty tree: whatever it says, no path leaves the tree and no limit is passed.
#include <cstdint>

#include "harness/verify/apply.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace assay::verify;
    PatchLimits limits;
    limits.patch = assay::Bytes{64 << 10};
    limits.files = 64;
    limits.result = assay::Bytes{256 << 10};
    auto patch = parse_patch(std::string(reinterpret_cast<const char*>(data), size), "fuzz.patch", limits);
    if (!patch) {
        FUZZ_CHECK(!patch.error().detail.empty());
        return 0;
    }
    FUZZ_CHECK(patch->files.size() <= limits.files);
    (void)added_lines_of_patch(*patch);

    const TreeReader nothing = [](const std::string&) -> assay::Result<std::optional<TreeFile>> {
        return std::optional<TreeFile>{};
    };
    const auto writes = apply_patch(*patch, nothing, limits);
    if (!writes) {
        FUZZ_CHECK(!writes.error().of_reader);
        return 0;
    }
    std::uint64_t total = 0;
    for (const FileWrite& write : *writes) {
        FUZZ_CHECK(!path_problem(write.path, limits.path));
        if (!write.file) continue;
        total += write.file->bytes.size();
        if (write.file->kind == FileKind::symlink) FUZZ_CHECK(!link_problem(write.path, write.file->bytes));
    }
    FUZZ_CHECK(total <= limits.result.count);
    return 0;
}
