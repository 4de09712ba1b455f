// One function a kind of source. Only this room includes it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "harness/batch/source.h"
#include "harness/batch/tree_writer.h"

namespace assay::batch {

// What no source brings along: .git and node_modules anywhere, task.json at the top. `name` is one component.
bool left_out_of_source(std::string_view name, bool folder, bool top);
// The same for an entry of an archive: whether a component of its path is left out, and so the entry is.
bool path_left_out(std::string_view path, bool folder);
// A path without "./" before, "/" after and doubled slashes; "" for the root itself. An absolute one stays as it is:
// the writer refuses it.
std::string clean_path(std::string_view text);

Written<void> write_directory(const std::string& path, TreeWriter& writer, const SourceLimits& limits);
Written<void> write_tar(const std::string& path, TreeWriter& writer, const SourceLimits& limits);
Written<void> write_files(const Source& source, TreeWriter& writer);
// Gives the patch's text. `directory` is the folder that `writer` fills.
Written<std::shared_ptr<const std::string>> write_patch(const Submission& submission, int directory, TreeWriter& writer,
                                                        const SourceLimits& limits);

}  // namespace assay::batch
