// Tar archives as sources: whatever they hold, only files, folders and links that stay inside come out.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>

#include "base/fd.h"
#include "base/tree.h"
#include "harness/batch/source.h"
#include "harness/verify/apply.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/unpacked.h"

namespace {

namespace fs = std::filesystem;

void check_inside(const fs::path& root) {
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        check_unpacked(entry);
        if (!entry.is_symlink()) continue;
        const std::string path = entry.path().lexically_relative(root).string();
        FUZZ_CHECK(!assay::verify::link_problem(path, fs::read_symlink(entry.path()).string()));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace assay;
    const Fd file(::memfd_create("source.tar", MFD_CLOEXEC));
    FUZZ_CHECK(file);
    FUZZ_CHECK(write_all(file.get(), {reinterpret_cast<const char*>(data), size}));
    char name[] = "/tmp/assay-fuzz-XXXXXX";
    FUZZ_CHECK(::mkdtemp(name) != nullptr);
    const Fd folder(::open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));

    batch::SourceLimits limits;
    limits.total = Bytes{1 << 20};
    limits.files = 50;
    limits.depth = 8;
    batch::Submission submission;
    submission.task = std::make_shared<batch::Task>();
    submission.source = {batch::Source::Kind::tar, "/proc/self/fd/" + std::to_string(file.get())};
    const auto made = batch::materialise(submission, folder.get(), {}, limits);
    if (made) FUZZ_CHECK(made->bytes <= limits.total && made->files <= limits.files);
    if (!made) FUZZ_CHECK(!made.error().error.detail.empty());
    check_inside(name);
    FUZZ_CHECK(remove_tree_at(AT_FDCWD, name));
    return 0;
}
