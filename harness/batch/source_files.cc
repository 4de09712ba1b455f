// Files that stand in the entry itself as source: the rules are a tar's.
#include "harness/batch/source_kinds.h"
#include "harness/verify/verdict.h"

namespace assay::batch {

Written<void> write_files(const Source& source, TreeWriter& writer) {
    for (const InlineFile& file : *source.files) {
        const std::string path = clean_path(file.path);
        if (path.empty() || file.path.ends_with('/'))
            return rejected(source.path + ": \"" + verify::excerpt(file.path) + "\" is not the path of a file",
                            "name files, not folders");
        if (path_left_out(path, false)) continue;
        ASSAY_CHECK(writer.file(path, file.bytes, file.executable));
    }
    return {};
}

}  // namespace assay::batch
