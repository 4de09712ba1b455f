// Reader of Postman collections, v2.1 (and v2.0, where it differs in small things).
//
// Source of the format: https://schema.getpostman.com/json/collection/v2.1.0/collection.json, and what newman 6.2.2
// accepts beyond it. Errors name file, line, the item's path and the remedy.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "harness/suite/model.h"

namespace assay::suite {

// `file` is used in messages only.
Result<Suite> read_postman(std::string_view text, const std::string& file);
Result<Suite> load_postman(const std::string& path);

// A request as scripts see it and may change it: the collection format's JSON, as Postman's SDK prints it.
std::string request_json(const Request& request);
Result<Request> read_request(std::string_view json);

}  // namespace assay::suite
