#include "tools/serve/answer.h"

#include <nlohmann/json.hpp>

namespace assay::serve {

std::string quoted(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Answer answer_of(const Refusal& refusal) {
    Answer answer;
    answer.status = refusal.status;
    answer.body = "{\"error\":" + quoted(refusal.error) + ",\"remedy\":" + quoted(refusal.remedy) + "}\n";
    if (refusal.retry_after) answer.fields.emplace_back("Retry-After", std::to_string(*refusal.retry_after));
    if (refusal.status == 401) answer.fields.emplace_back("WWW-Authenticate", "Bearer");
    return answer;
}

}  // namespace assay::serve
