// Which paths of a source are taken, and in which spelling.
#include <algorithm>

#include "harness/batch/source_kinds.h"

namespace assay::batch {

bool left_out_of_source(std::string_view name, bool folder, bool top) {
    return name == ".git" || (folder && name == "node_modules") || (top && !folder && name == "task.json");
}

bool path_left_out(std::string_view path, bool folder) {
    for (std::size_t begin = 0; begin < path.size();) {
        const auto end = std::min(path.find('/', begin), path.size());
        const bool inner = end < path.size();
        if (left_out_of_source(path.substr(begin, end - begin), inner || folder, begin == 0 && !inner)) return true;
        begin = end + 1;
    }
    return false;
}

std::string clean_path(std::string_view text) {
    std::string path;
    if (text.starts_with('/')) return std::string(text);
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = std::min(text.find('/', begin), text.size());
        const auto name = text.substr(begin, end - begin);
        if (!name.empty() && name != ".") path.append(path.empty() ? "" : "/").append(name);
        begin = end + 1;
    }
    return path;
}

}  // namespace assay::batch
