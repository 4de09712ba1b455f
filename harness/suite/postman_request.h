// The request part of the Postman format, both ways. Internal to this room.
#pragma once

#include <string>

#include "harness/suite/located_json.h"
#include "harness/suite/model.h"

namespace assay::suite {

// `json` is an object or a URL as text. On a wrong shape the message says which member, and what it must be.
Result<Request> request_of(const Json& json);
Json to_json(const Request& request);

Auth auth_of(const Json& json);
Behavior behavior_of(const Json& json, Behavior inherited);
std::vector<Variable> variables_of(const Json& json);

// A text, a number or a boolean as text; anything else as JSON; nothing for null.
std::string text_of(const Json& json);
// The same of a member; "" when it is absent.
std::string member_text(const Json& object, const char* name);
bool member_true(const Json& object, const char* name);

}  // namespace assay::suite
