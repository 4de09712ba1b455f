#include "tools/serve/route.h"

#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "base/hex.h"
#include "harness/batch/read.h"

namespace assay::serve {

namespace {

constexpr std::size_t kTargetLimit = 4096;
constexpr double kLongestWait = 3600;  // seconds

using Query = std::map<std::string, std::string, std::less<>>;

OrRefusal<std::string> decoded(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            plain += text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0)
            return refuse(400, "the target has a % that begins no byte", "write a % itself as %25");
        plain += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return plain;
}

OrRefusal<std::vector<std::string>> components(std::string_view path) {
    std::vector<std::string> all;
    for (std::size_t begin = 1; begin <= path.size();) {
        const auto end = std::min(path.find('/', begin), path.size());
        ASSAY_TRY(std::string name, decoded(path.substr(begin, end - begin)));
        all.push_back(std::move(name));
        begin = end + 1;
    }
    return all;
}

OrRefusal<Query> query_of(std::string_view text) {
    Query query;
    while (!text.empty()) {
        const auto end = std::min(text.find('&'), text.size());
        const std::string_view pair = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (pair.empty()) continue;
        const auto equals = std::min(pair.find('='), pair.size());
        ASSAY_TRY(std::string name, decoded(pair.substr(0, equals)));
        ASSAY_TRY(std::string value, decoded(pair.substr(std::min(equals + 1, pair.size()))));
        query.insert_or_assign(std::move(name), std::move(value));
    }
    return query;
}

OrRefusal<Millis> seconds(const std::string& text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value) || value < 0 ||
        value > kLongestWait)
        return refuse(400, "wait is not a number of seconds from 0 to 3600", "ask again when the time is up");
    return Millis(static_cast<std::int64_t>(value * 1000));
}

OrRefusal<bool> yes_or_no(const std::string& name, const std::string& text) {
    if (text.empty() || text == "1" || text == "true") return true;
    if (text == "0" || text == "false") return false;
    return refuse(400, name + " is neither 0 nor 1", "write " + name + "=1 or " + name + "=0");
}

// What a method does to what the path names.
struct Named {
    Route route;
    std::vector<std::pair<std::string_view, Action>> methods;
    std::vector<std::string_view> queries;
};

OrRefusal<Named> resolve(const std::vector<std::string>& path) {
    const auto is = [&](std::size_t at, std::string_view name) { return at < path.size() && path[at] == name; };
    if (path.size() == 1 && is(0, "healthz")) return Named{{}, {{"GET", Action::health}}, {}};
    if (path.size() == 1 && is(0, "metrics")) return Named{{}, {{"GET", Action::metrics}}, {}};
    if (path.size() == 2 && is(0, "v1") && is(1, "events"))
        return Named{{}, {{"GET", Action::events}}, {"from", "follow"}};
    if (path.size() == 2 && is(0, "v1") && is(1, "submissions"))
        return Named{{}, {{"POST", Action::submit}}, {"wait", "stream"}};
    if (path.size() < 3 || path.size() > 5 || !is(0, "v1") || !is(1, "submissions") ||
        (path.size() > 3 && !is(3, "logs")))
        return refuse(404, "there is nothing at this path",
                      "/v1/submissions, /v1/submissions/ID, /v1/submissions/ID/logs, /v1/events, /healthz, /metrics");
    Named named;
    named.route.id = path[2];
    if (const auto problem = batch::id_problem(path[2]); !problem.empty())
        return refuse(404, "the id " + problem, "ids are letters, digits, - _ . and %2F");
    if (path.size() == 3) {
        named.methods = {{"GET", Action::look}, {"DELETE", Action::withdraw}};
        named.queries = {"wait"};
        return named;
    }
    named.methods = {{"GET", path.size() == 4 ? Action::list_logs : Action::read_log}};
    if (path.size() == 4) return named;
    named.route.log = path[4];
    if (path[4].empty() || path[4] == "." || path[4] == ".." ||
        path[4].find_first_of(std::string("/\0", 2)) != std::string::npos)
        return refuse(404, "that is not the name of a log", "/v1/submissions/ID/logs lists them");
    return named;
}

OrRefusal<void> read_query(const Query& query, const Named& named, Route& route) {
    for (const auto& [name, value] : query) {
        if (std::find(named.queries.begin(), named.queries.end(), name) == named.queries.end())
            return refuse(400, "there is no query \"" + name.substr(0, 100) + "\" here", "docs/serve.md lists them");
        if (name == "wait") {
            ASSAY_TRY(route.wait, seconds(value));
        } else if (name == "stream") {
            ASSAY_TRY(route.stream, yes_or_no(name, value));
        } else if (name == "follow") {
            ASSAY_TRY(route.follow, yes_or_no(name, value));
        } else if (name == "from") {
            const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), route.from);
            if (error != std::errc{} || end != value.data() + value.size())
                return refuse(400, "from is not a number of bytes", "begin with from=0");
        }
    }
    return {};
}

}  // namespace

OrRefusal<Route> route_of(std::string_view method, std::string_view target) {
    if (target.size() > kTargetLimit) return refuse(414, "the target is longer than 4096 bytes", "shorten the id");
    if (!target.starts_with('/')) return refuse(400, "the target is no path", "begin it with /");
    const auto mark = std::min(target.find('?'), target.size());
    ASSAY_TRY(const auto path, components(target.substr(0, mark)));
    ASSAY_TRY(const Named named, resolve(path));
    ASSAY_TRY(const Query query, query_of(target.substr(std::min(mark + 1, target.size()))));
    Route route = named.route;
    const auto found = std::find_if(named.methods.begin(), named.methods.end(),
                                    [&](const auto& each) { return each.first == method; });
    if (found == named.methods.end()) {
        std::string allowed;
        for (const auto& [name, action] : named.methods) allowed += (allowed.empty() ? "" : ", ") + std::string(name);
        return refuse(405, "this path does not take that method", "it takes " + allowed);
    }
    route.action = found->second;
    ASSAY_CHECK(read_query(query, named, route));
    return route;
}

}  // namespace assay::serve
