// Which image a folder of blobs and documents holds, and where its layers are.
//
// What tools write, and what is read of it:
//   OCI layout           index.json, perhaps of further indices; umoci, skopeo, podman, BuildKit
//   docker archive       manifest.json, paths of layers and configuration; Docker before 25, podman, skopeo, Jib, crane
//   both of them         Docker from 25 on, BuildKit's type=docker, ctr. manifest.json goes first: index.json of Docker
//                        25.0 had no layers, or not in their order, and lacks images that were saved by their id
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "images/oci/format.h"

namespace assay::images::oci {

// Untrusted. Symbolic links in it (archives have them for layers that are the same) stay inside.
class Blobs {
 public:
    explicit Blobs(Fd folder) : folder_(std::move(folder)) {}

    // A regular file.
    [[nodiscard]] Result<Fd> open(const std::string& path) const;
    [[nodiscard]] Result<std::string> document(const std::string& path) const;
    // Checked against its size and digest.
    [[nodiscard]] Result<std::string> document(const Descriptor& descriptor) const;

 private:
    Fd folder_;
};

struct Found {
    std::string config_digest;
    Config config;
    struct LayerFile {
        std::string path;
        std::string digest;  // of the file; empty: not said
        std::uint64_t size = 0;
    };
    std::vector<LayerFile> layers;  // as many as the configuration has diff_ids
    std::string reference;          // its own name; may be empty
};

// The image for `architecture` (in Go's words) that is called `reference`; empty: there is one.
Result<Found> locate_image(const Blobs& blobs, const std::string& reference, const std::string& architecture);

}  // namespace assay::images::oci
