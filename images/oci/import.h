// `assay image import`: a container image from a file into the store, as an image of its own.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "images/oci/unpack.h"
#include "images/store.h"
#include "sandbox/launcher.h"

namespace assay::images::oci {

struct ImportOrder {
    // An OCI image layout (a folder or a tar archive of one) or what `docker save` writes, plain, gzip or zstd; "-" is
    // standard input.
    std::string from;
    std::string name;       // empty: from the reference in the image, "python:3.12-slim" -> "python-3.12-slim"
    std::string reference;  // which one, when there are several; empty: there is one
    UnpackLimits limits;
    std::vector<std::string> taken;  // names that recipes have
};

struct Imported {
    Layer layer;       // in use
    std::string name;  // which it has now
    std::string digest;
    bool known = false;  // its content was in the store already
    Unpacked found;      // nothing when it was known
};

// The image of this machine's architecture. Every blob is checked against its digest and size, every layer against the
// configuration's diff_ids. Its key is the digest of its configuration, so that one image is stored once, whatever file
// it comes from. Blocks; safe for any number of processes at once. Errors leave nothing behind.
Result<Imported> import_image(Store& store, const ImportOrder& order);

// Publishes `building` with the unpacked tree in it: the house's files are put in, limits of the store are checked.
struct ImageOrder {
    std::string name;
    std::string origin;
    std::string digest;
    std::vector<std::pair<std::string, std::string>> env;
    std::string working_dir, user;
};
Result<Layer> publish_image(Store& store, Building building, const ImageOrder& order, Instant begin);

}  // namespace assay::images::oci
