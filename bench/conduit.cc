#include "bench/conduit.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/http/url.h"

namespace assay::bench {

using nlohmann::json;

namespace {

std::vector<std::string> split(std::string_view text, char by) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const auto at = text.find(by);
        if (at != 0) parts.emplace_back(http::percent_decode(text.substr(0, at)));
        text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    }
    return parts;
}

std::string_view header(std::string_view head, std::string_view name) {
    const auto at = head.find(name);
    if (at == std::string_view::npos) return {};
    const auto from = at + name.size();
    return head.substr(from, head.find("\r\n", from) - from);
}

std::string text(const json& body, const char* field) {
    const auto at = body.find(field);
    return at != body.end() && at->is_string() ? at->get<std::string>() : "";
}

json problem(const std::string& field, const std::string& what) { return {{"errors", {{field, json::array({what})}}}}; }

json or_null(const std::string& text) { return text.empty() ? json() : json(text); }

}  // namespace

std::string Conduit::answer(std::string_view request) {
    const auto head_end = std::min(request.find("\r\n\r\n"), request.size());
    const std::string_view head = request.substr(0, head_end);
    Call call;
    call.method = head.substr(0, head.find(' '));
    std::string_view target = head.substr(std::min(call.method.size() + 1, head.size()));
    target = target.substr(0, target.find(' '));
    const auto mark = target.find('?');
    call.path = split(target.substr(0, mark), '/');
    if (!call.path.empty() && call.path.front() == "api") call.path.erase(call.path.begin());
    if (mark != std::string_view::npos)
        for (const std::string& pair : split(target.substr(mark + 1), '&'))
            call.query[pair.substr(0, pair.find('='))] = pair.substr(std::min(pair.find('=') + 1, pair.size()));
    if (head_end + 4 < request.size()) call.body = json::parse(request.substr(head_end + 4), nullptr, false);
    if (call.body.is_object() && call.body.size() == 1 && call.body.front().is_object()) call.body = call.body.front();
    if (!call.body.is_object()) call.body = json::object();
    const std::string_view token = header(head, "\r\nAuthorization: Token ");
    for (auto& [name, user] : users_)
        if (!token.empty() && user.token == token) call.user = &user;

    const Reply reply = route(call);
    const std::string body = reply.body.is_null() ? "" : reply.body.dump();
    return fmt::format(
        "HTTP/1.1 {} {}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n"
        "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n{}",
        reply.status, reply.status < 300 ? "OK" : "Refused", body.size(), body);
}

Conduit::Reply Conduit::route(const Call& call) {
    const std::string first = call.path.empty() ? "" : call.path.front();
    if (first == "users") return users(call);
    if (first == "user") return account(call);
    if (first == "profiles" && call.path.size() > 1) return profiles(call);
    if (first == "articles") return articles(call);
    if (first == "tags") {
        std::set<std::string> tags;
        for (const Article& one : articles_) tags.insert(one.tags.begin(), one.tags.end());
        return {200, {{"tags", tags}}};
    }
    return {404, problem("path", "not found")};
}

Conduit::Reply Conduit::users(const Call& call) {
    const std::string email = text(call.body, "email"), password = text(call.body, "password");
    if (call.path.size() > 1) {  // login
        for (auto& [name, user] : users_)
            if (user.email == email && user.password == password) return {200, show(user)};
        return {401, problem("email or password", "is invalid")};
    }
    const std::string name = text(call.body, "username");
    if (name.empty() || email.empty() || password.empty()) return {422, problem("user", "is incomplete")};
    for (const auto& [known, user] : users_)
        if (known == name || user.email == email) return {422, problem("user", "is taken")};
    User& user = users_[name];
    user = {name, email, password, "", "", fmt::format("token.{}.{}", users_.size(), name), {}};
    return {201, show(user)};
}

Conduit::Reply Conduit::account(const Call& call) {
    if (!call.user) return {401, problem("token", "is missing")};
    if (call.method == "PUT") {
        if (const auto bio = text(call.body, "bio"); !bio.empty()) call.user->bio = bio;
        if (const auto image = text(call.body, "image"); !image.empty()) call.user->image = image;
        if (const auto email = text(call.body, "email"); !email.empty()) call.user->email = email;
    }
    return {200, show(*call.user)};
}

Conduit::Reply Conduit::profiles(const Call& call) {
    const std::string& name = call.path[1];
    if (!users_.contains(name)) return {404, problem("profile", "not found")};
    if (call.path.size() > 2) {
        if (!call.user) return {401, problem("token", "is missing")};
        if (call.method == "POST") {
            call.user->follows.insert(name);
        } else {
            call.user->follows.erase(name);
        }
    }
    return {200, {{"profile", profile(name, call.user)}}};
}

Conduit::Reply Conduit::articles(const Call& call) {
    if (call.method != "GET" && !call.user) return {401, problem("token", "is missing")};
    if (call.path.size() == 1 && call.method == "GET") return listing(call, false);
    if (call.path.size() == 1) {
        Article one;
        one.title = text(call.body, "title");
        one.description = text(call.body, "description");
        one.body = text(call.body, "body");
        if (one.title.empty() || one.description.empty() || one.body.empty())
            return {422, problem("article", "is incomplete")};
        if (call.body.contains("tagList")) one.tags = call.body["tagList"].get<std::vector<std::string>>();
        one.slug = slug_of(one.title);
        one.author = call.user->name;
        one.created = one.updated = now();
        articles_.push_back(one);
        return {201, {{"article", show(articles_.back(), call.user)}}};
    }
    if (call.path[1] == "feed") return call.user ? listing(call, true) : Reply{401, problem("token", "is missing")};
    for (Article& one : articles_)
        if (one.slug == call.path[1]) return article(call, one);
    return {404, problem("article", "not found")};
}

Conduit::Reply Conduit::article(const Call& call, Article& one) {
    if (call.path.size() > 2 && call.path[2] == "comments") return comments(call, one);
    if (call.path.size() > 2) {  // favorite
        if (call.method == "POST") {
            one.likes.insert(call.user->name);
        } else {
            one.likes.erase(call.user->name);
        }
    } else if (call.method == "DELETE") {
        std::erase_if(articles_, [&](const Article& other) { return &other == &one; });
        return {204, {}};
    } else if (call.method == "PUT") {
        if (const auto title = text(call.body, "title"); !title.empty()) one.title = title;
        if (const auto description = text(call.body, "description"); !description.empty())
            one.description = description;
        if (const auto body = text(call.body, "body"); !body.empty()) one.body = body;
        one.updated = now();
    }
    return {200, {{"article", show(one, call.user)}}};
}

Conduit::Reply Conduit::comments(const Call& call, Article& one) {
    if (call.method == "POST") {
        one.comments.push_back({++last_comment_, call.user->name, text(call.body, "body"), now()});
        return {200, {{"comment", show(one.comments.back(), call.user)}}};
    }
    if (call.method == "DELETE" && call.path.size() > 3) {
        std::erase_if(one.comments, [&](const Comment& comment) { return std::to_string(comment.id) == call.path[3]; });
        return {204, {}};
    }
    json list = json::array();
    for (const Comment& comment : one.comments) list.push_back(show(comment, call.user));
    return {200, {{"comments", list}}};
}

Conduit::Reply Conduit::listing(const Call& call, bool feed) const {
    const auto asked = [&](const char* name) {
        const auto at = call.query.find(name);
        return at == call.query.end() ? std::string() : at->second;
    };
    const auto number = [&](const char* name, std::size_t otherwise) {
        const std::string digits = asked(name);
        return digits.empty() ? otherwise : static_cast<std::size_t>(std::stoul(digits));
    };
    const std::string author = asked("author"), tag = asked("tag"), liked = asked("favorited");
    std::vector<const Article*> found;
    for (auto one = articles_.rbegin(); one != articles_.rend(); ++one) {
        if (!author.empty() && one->author != author) continue;
        if (!liked.empty() && !one->likes.contains(liked)) continue;
        if (!tag.empty() && std::find(one->tags.begin(), one->tags.end(), tag) == one->tags.end()) continue;
        if (feed && !call.user->follows.contains(one->author)) continue;
        found.push_back(&*one);
    }
    const std::size_t from = std::min(number("offset", 0), found.size());
    const std::size_t to = std::min(from + number("limit", 20), found.size());
    json list = json::array();
    for (std::size_t i = from; i < to; ++i) list.push_back(show(*found[i], call.user));
    return {200, {{"articles", list}, {"articlesCount", found.size()}}};
}

json Conduit::show(const User& user) {
    return {{"user",
             {{"email", user.email},
              {"username", user.name},
              {"bio", or_null(user.bio)},
              {"image", or_null(user.image)},
              {"token", user.token}}}};
}

json Conduit::profile(const std::string& name, const User* viewer) const {
    const User& user = users_.at(name);
    return {{"username", name},
            {"bio", or_null(user.bio)},
            {"image", or_null(user.image)},
            {"following", viewer != nullptr && viewer->follows.contains(name)}};
}

json Conduit::show(const Article& one, const User* viewer) const {
    return {{"slug", one.slug},
            {"title", one.title},
            {"description", one.description},
            {"body", one.body},
            {"tagList", one.tags},
            {"createdAt", one.created},
            {"updatedAt", one.updated},
            {"favorited", viewer != nullptr && one.likes.contains(viewer->name)},
            {"favoritesCount", one.likes.size()},
            {"author", profile(one.author, viewer)}};
}

json Conduit::show(const Comment& one, const User* viewer) const {
    return {{"id", one.id},
            {"body", one.body},
            {"createdAt", one.time},
            {"updatedAt", one.time},
            {"author", profile(one.author, viewer)}};
}

// A time that moves on with every use: two answers of one run are told apart, two runs are the same.
std::string Conduit::now() {
    ++clock_;
    return fmt::format("2026-01-02T03:{:02}:{:02}.000Z", clock_ / 60 % 60, clock_ % 60);
}

std::string Conduit::slug_of(const std::string& title) const {
    std::string slug;
    for (char c : title) {
        const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
        slug += (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') ? lower : '-';
    }
    const auto taken = [&](const std::string& text) {
        return std::any_of(articles_.begin(), articles_.end(), [&](const Article& one) { return one.slug == text; });
    };
    std::string free = slug;
    for (int i = 2; taken(free); ++i) free = fmt::format("{}-{}", slug, i);
    return free;
}

}  // namespace assay::bench
