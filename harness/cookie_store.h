// The run's cookies as scripts reach them by pm.cookies.jar(): the store that newman's sandbox talks to.
#pragma once

#include <string>
#include <string_view>

#include "harness/http/cookie_jar.h"

namespace assay::harness {

// One method of tough-cookie's Store, its arguments as a JSON list; the answer is the JSON of {"result"} or {"error"}.
// One more method, "matching": the cookies that a request to the URL (the argument, else `url`) carries, as the
// collection format has them.
std::string call_cookie_store(http::CookieJar& jar, std::string_view method, std::string_view arguments,
                              std::string_view url, http::WallTime now);

}  // namespace assay::harness
