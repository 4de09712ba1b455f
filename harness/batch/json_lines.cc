// JSON-lines batches: an object a line.
#include <algorithm>
#include <map>

#include "base/fd.h"
#include "harness/batch/entry.h"

namespace assay::batch {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kFileLimit = std::uint64_t{1} << 30;

}  // namespace

Result<Batch> read_json_lines(const fs::path& file, TaskCache& tasks) {
    Batch batch;
    batch.form = Batch::Form::json_lines;
    ASSAY_TRY(const std::string text, read_file(file.string(), kFileLimit));
    EntryReader reader({file.string(), file.parent_path(), file.parent_path()}, tasks);
    std::map<std::string, std::uint32_t> lines;  // by id
    std::string_view rest = text;
    if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
    for (std::uint32_t number = 1; !rest.empty(); ++number) {
        const auto end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        std::string id;
        auto made = reader.read(line, number, id);
        if (const auto [first, fresh] = lines.try_emplace(id, number); !id.empty() && !fresh) {
            made = fail("read batch",
                        file.string() + ":" + std::to_string(number) + ": the id \"" + id + "\" stands in line " +
                            std::to_string(first->second) + " already",
                        "give each submission an id of its own");
            id.clear();
        }
        if (id.empty()) id = file.filename().string() + ":" + std::to_string(number);
        if (made)
            batch.submissions.push_back(std::move(*made));
        else
            batch.errors.push_back({std::move(id), std::move(made.error())});
    }
    if (batch.submissions.empty() && batch.errors.empty())
        return fail("read batch", file.string() + ": no line in it", "write an object a line");
    return batch;
}

}  // namespace assay::batch
