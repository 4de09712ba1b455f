// What the tests of whole imports share: a store, a folder to write an image in, an import of it.
#pragma once

#include <string>

#include "base/fd.h"
#include "images/oci/import.h"
#include "tests/unit/oci/fixture.h"

namespace assay::images::oci {

class ImportTest : public testing::Test {
 protected:
    Store open(Bytes max_size = Bytes{1u << 30}) const {
        Store::Options options;
        options.path = store_.path;
        options.max_size = max_size;
        options.min_free = Bytes{1u << 20};
        auto store = Store::open(options);
        EXPECT_TRUE(store) << store.error().to_string();
        return std::move(*store);
    }
    Result<Imported> import(const std::string& from, const std::string& name = {}, const std::string& ref = {}) const {
        auto store = open();
        ImportOrder order;
        order.from = from;
        order.name = name;
        order.reference = ref;
        order.taken = {"python"};
        return import_image(store, order);
    }
    static Layout tiny(const std::string& content = "tiny") {
        Layout layout;
        layout.add({folder("bin"), {"bin/sh", content, AE_IFREG, 0755}, {"etc/passwd", "root"}, {"old", "x"}},
                   Packing::gzip);
        layout.add({{".wh.old", ""}, {"srv/data", "data"}}, Packing::zstd);
        return layout;
    }
    void expect_empty() const {
        for (const char* folder : {"building", "layers", "trash", "locks"})
            EXPECT_TRUE(std::filesystem::is_empty(store_.at(folder))) << folder;
    }
    Folder store_, source_;
};

// All files of a folder as one tar.
inline std::string archive_of(const Folder& folder, Packing packing = Packing::none) {
    std::vector<Member> members;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path)) {
        const std::string path = entry.path().lexically_relative(folder.path);
        if (entry.is_symlink())
            members.push_back(soft_link(path, std::filesystem::read_symlink(entry.path())));
        else if (entry.is_regular_file())
            members.push_back({path, read_file(entry.path()).value()});
    }
    return tar(members, packing);
}

}  // namespace assay::images::oci
