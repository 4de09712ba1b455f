// Container images: the first byte says which document, or which layer over another one, the rest is.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>

#include "base/fd.h"
#include "base/tree.h"
#include "images/oci/format.h"
#include "images/oci/unpack.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/unpacked.h"

namespace {

namespace fs = std::filesystem;
using namespace assay;
using namespace assay::images::oci;

void unpack(std::string_view bytes) {
    char name[] = "/tmp/assay-fuzz-XXXXXX";
    FUZZ_CHECK(::mkdtemp(name) != nullptr);
    UnpackLimits limits;
    limits.total = Bytes{1 << 20};
    limits.entries = 50;
    limits.depth = 8;
    TreeUnpacker tree(Fd(::open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)), limits);
    // Two layers: whiteouts of the second hide what the first brought.
    const std::size_t half = bytes.size() / 1024 * 512;
    for (const std::string_view part : {bytes.substr(0, half), bytes.substr(half)}) {
        Fd file(::memfd_create("layer", MFD_CLOEXEC));
        FUZZ_CHECK(file && write_all(file.get(), part) && ::lseek(file.get(), 0, SEEK_SET) == 0);
        BlobStream stream(std::move(file), Bytes{4 << 20});
        const auto added = tree.add(stream);
        if (!added) FUZZ_CHECK(!added.error().step.empty());
        FUZZ_CHECK(tree.found().bytes <= limits.total || !added);
        if (added) (void)stream.finish();
    }
    for (const auto& entry : fs::recursive_directory_iterator(name)) check_unpacked(entry);
    FUZZ_CHECK(remove_tree_at(AT_FDCWD, name));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 5) {
        case 0:
            if (const auto index = parse_index(bytes)) (void)choose(*index, "a", "amd64");
            break;
        case 1:
            if (const auto manifest = parse_manifest(bytes))
                for (const auto& layer : manifest->layers) FUZZ_CHECK(blob_path(layer).find("..") == std::string::npos);
            break;
        case 2: (void)parse_config(bytes); break;
        case 3: (void)parse_saved(bytes); break;
        default: unpack(bytes);
    }
    return 0;
}
