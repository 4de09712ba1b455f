// The bytes of a request: newman's headers in newman's order, and how redirects change them.
//
// Holds views: the Request and the Url given to begin() must outlive the use. Its buffers are reused from request to
// request. Source: postman-runtime 7.39.1, postman-request and Node 20's http, observed.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/http/client.h"
#include "harness/http/url.h"

namespace assay::http {

// Whether Node sends a request of that method without Content-Length when it has no body.
[[nodiscard]] bool may_lack_length(std::string_view method);

class RequestWriter {
 public:
    RequestWriter();  // seeds the Postman-Token generator

    // Takes a new request. `cookies` is the jar's Cookie header for `url`, appended to the suite's own one.
    // Fails, in Node's words, on what Node refuses to send.
    [[nodiscard]] std::optional<Failure> begin(const Request& request, const Url& url, std::string_view cookies);

    // Turns the last request into the one that newman makes of a redirect. `from` and `to` are the pages.
    void redirect(std::uint32_t status, const Url& from, const Url& to, std::string_view cookies);

    // Head and body for `url`; valid until the next call of any member.
    [[nodiscard]] std::string_view write(const Url& url);

    [[nodiscard]] bool to_head() const noexcept { return method_ == "HEAD"; }
    [[nodiscard]] bool asks_to_close() const;  // the suite's own Connection header says close

 private:
    [[nodiscard]] std::optional<Failure> begin_verbatim(const Request& request, std::string_view cookies);
    // The names that newman itself writes or looks at; all others are only carried.
    enum class Known : std::uint8_t {
        other,
        accept,
        accept_encoding,
        authorization,
        cache_control,
        connection,
        content_length,
        content_type,
        cookie,
        host,
        postman_token,
        referer,
        transfer_encoding,
        user_agent
    };
    struct Line {
        Known known;  // of the name, so that looking for one compares no text
        std::string_view name;
        std::string_view value;
    };
    [[nodiscard]] static Known recognise(std::string_view name) noexcept;
    [[nodiscard]] const Line* find(Known name) const;
    // Keeps the place and the spelling of an old one.
    void set(Known known, std::string_view name, std::string_view value);
    void remove(Known name);
    void set_cookies(std::string_view cookies);
    std::string_view own(std::string text) { return owned_.emplace_back(std::move(text)); }
    void new_token();

    std::string method_;
    bool keep_method_ = false;
    bool keep_authorization_ = false;
    bool no_referer_ = false;
    std::string_view body_;
    std::string_view suite_cookie_;
    std::vector<Line> lines_;
    std::deque<std::string> owned_;  // values that no one else holds; a deque does not move them
    std::array<char, 36> token_{};
    std::array<std::uint64_t, 2> random_{};
    std::string out_;
};

}  // namespace assay::http
