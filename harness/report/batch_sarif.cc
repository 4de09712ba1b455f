#include <fmt/format.h>

#include "harness/report/batch_formats.h"
#include "harness/verify/sarif.h"

namespace assay::report {

namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

class Sarif : public BatchFormat {
 public:
    std::string begin(const BatchRun& run) override {
        std::string head = dump(verify::sarif_run(run.version));
        head.pop_back();  // the object goes on with its results
        return fmt::format("{{\n\"$schema\": \"{}\",\n\"version\": \"2.1.0\",\n\"runs\": [\n{},\n\"results\": [",
                           verify::kSarifSchema, head);
    }

    std::string add(const Evaluated& submission) override {
        std::string text;
        const auto* verdict = submission.record.verdict();
        if (verdict == nullptr) return text;
        for (const Json& result : verify::sarif_results({submission.record.id, &verdict->structure})) {
            text += (first_ ? "\n" : ",\n") + dump(result);
            first_ = false;
        }
        return text;
    }

    std::string end() override { return "\n]\n}\n]\n}\n"; }

 private:
    bool first_ = true;
};

}  // namespace

std::unique_ptr<BatchFormat> sarif_batch() { return std::make_unique<Sarif>(); }

}  // namespace assay::report
