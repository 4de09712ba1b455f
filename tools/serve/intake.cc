#include "tools/serve/intake.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <random>

#include "harness/batch/base.h"
#include "harness/batch/entry.h"
#include "images/store.h"
#include "images/untrusted_json.h"

namespace assay::serve {

using nlohmann::json;

namespace {

constexpr const char* kName = "submission";  // for messages: "submission:3: ..."
constexpr std::size_t kMostEntries = 100'000;

// A fresh id needs no look at those that there are: 64 random bits do not meet again.
std::string fresh_id() {
    std::random_device random;
    return fmt::format("s-{:08x}{:08x}", random(), random());
}

// "application/json; charset=utf-8" is "application/json".
std::string media_type(std::string_view field) {
    std::string type(field.substr(0, field.find(';')));
    while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
    std::transform(type.begin(), type.end(), type.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return type;
}

bool blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

}  // namespace

Digest digest_of(const json& entry) {
    json content = entry;
    if (content.is_object()) content.erase("id");
    const std::string hex = images::sha256(content.dump(-1, ' ', false, json::error_handler_t::replace));
    Digest digest{};
    std::copy_n(hex.begin(), std::min(hex.size(), digest.size()), digest.begin());
    return digest;
}

OrRefusal<std::vector<HandIn>> Intake::read(std::string_view body, std::string_view content_type) const {
    const std::string type = media_type(content_type);
    const bool lines = type == kLines || type == "application/jsonl" || type == "application/x-jsonlines";
    if (!lines && type != kJson)
        return refuse(415, "the content type is neither application/json nor application/x-ndjson",
                      "name one of them in Content-Type");
    if (blank(body)) return refuse(400, "the body is empty", R"(send {"task": ..., "source": ...})");
    std::vector<HandIn> all;
    if (!lines) {
        if (images::nests_too_deep(body)) return refuse(400, "the body nests too deep", "100 levels are the limit");
        if (auto text = batch::JsonText::parse(body, kName); !text)
            return refuse(400, text.error().detail, "send one JSON object, or lines as application/x-ndjson");
        all.push_back(read_entry(body, 1));
        return all;
    }
    for (std::uint32_t number = 1; !body.empty(); ++number) {
        const auto end = std::min(body.find('\n'), body.size());
        const std::string_view line = body.substr(0, end);
        body.remove_prefix(std::min(end + 1, body.size()));
        if (blank(line)) continue;
        if (all.size() == kMostEntries) return refuse(413, "more than 100000 entries", "send them in several requests");
        all.push_back(read_entry(line, number));
    }
    return all;
}

HandIn Intake::read_entry(std::string_view line, std::uint32_t number) const {
    HandIn made;
    made.bytes = line.size();
    made.id = fresh_id();
    if (images::nests_too_deep(line)) {
        made.submission = fail("read batch", fmt::format("{}:{}: nests too deep", kName, number), "nest less");
        return made;
    }
    auto text = batch::JsonText::parse(line, kName, number);
    if (!text) {
        made.submission = tl::unexpected(std::move(text.error()));
        return made;
    }
    batch::TaskCache tasks(options_.suite);
    batch::EntryReader reader({kName, options_.sources, options_.tasks}, tasks);
    made.submission = reader.read(*text, number, made.id);
    made.content = digest_of(text->value());
    made.entry = std::move(text->value());
    resolve(made);
    return made;
}

HandIn Intake::read_again(const std::string& id, const json& entry) const {
    json named = entry;
    if (named.is_object()) named["id"] = id;
    return read_entry(named.dump(-1, ' ', false, json::error_handler_t::replace), 1);
}

void Intake::resolve(HandIn& made) const {
    if (!made.submission) return;
    batch::Batch one;
    one.submissions.push_back(std::move(*made.submission));
    batch::find_bases(one, options_.repositories);
    if (one.submissions.empty()) {
        made.submission = tl::unexpected(std::move(one.errors.front().error));
        return;
    }
    if (options_.adapt) options_.adapt(one.submissions);
    made.submission = std::move(one.submissions.front());
}

}  // namespace assay::serve
