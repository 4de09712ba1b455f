// Task files and batch lines: any bytes give a task or an error that says where.
#include <cstdint>

#include "harness/batch/read.h"
#include "harness/batch/task.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace assay::batch;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    (void)id_problem(std::string(bytes));
    const auto text = JsonText::parse(bytes, "task.json", 7);
    if (!text) {
        FUZZ_CHECK(text.error().detail.starts_with("task.json:") && !text.error().remedy.empty());
        return 0;
    }
    const auto task = task_from_json(*text, "", "/nonexistent", "/dev/null/none");
    FUZZ_CHECK(!task);  // there is no such suite; everything before it has been read
    FUZZ_CHECK(!task.error().detail.empty() && !task.error().remedy.empty());
    if (!text->value().is_object()) return 0;
    for (const auto& [key, value] : text->value().items()) FUZZ_CHECK(text->line_of("/" + key) >= 7);
    return 0;
}
