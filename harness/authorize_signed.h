// The auth blocks that sign a request, and what they share. Internal to authorize.cc and authorize_signed*.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "harness/http/url.h"
#include "harness/suite/model.h"

namespace assay::harness::auth {

// As JavaScript takes a parameter that is true, false or a text.
bool truthy(std::string_view text);
std::int64_t now();  // seconds since 1970
void remove_header(suite::Request& request, std::string_view name);
void set_header(suite::Request& request, std::string name, std::string value);
void remove_query(suite::Request& request, std::string_view name);
// The URL as it goes out, percent-encoded.
http::Url sent_url(const suite::Request& request);
// The body as its hash takes it; none of multipart bodies, as in newman.
std::optional<std::string> hashable_body(const suite::Request& request, const std::string& working_dir);

void oauth1(const suite::Auth& auth, suite::Request& request, suite::Dynamic& dynamic, const std::string& working_dir);
void hawk(const suite::Auth& auth, suite::Request& request, suite::Dynamic& dynamic, const std::string& working_dir);
void aws(const suite::Auth& auth, suite::Request& request, const std::string& working_dir);
void edgegrid(const suite::Auth& auth, suite::Request& request, suite::Dynamic& dynamic,
              const std::string& working_dir);
void jwt(const suite::Auth& auth, suite::Request& request);
void asap(const suite::Auth& auth, suite::Request& request, suite::Dynamic& dynamic);

}  // namespace assay::harness::auth
