// A small Conduit backend in memory (the RealWorld contract, 19 operations), so that a bench needs no other program.
//
// It is right, not fast: the bench asks it once and replays its answers. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace assay::bench {

class Conduit {
 public:
    // A whole HTTP request; the answer, whole as well. Paths begin with /api.
    std::string answer(std::string_view request);

 private:
    struct User {
        std::string name, email, password, bio, image, token;
        std::set<std::string> follows;
    };
    struct Comment {
        int id;
        std::string author, body, time;
    };
    struct Article {
        std::string slug, title, description, body, author, created, updated;
        std::vector<std::string> tags;
        std::set<std::string> likes;
        std::vector<Comment> comments;
    };
    struct Call {
        std::string method;
        std::vector<std::string> path;  // after /api
        std::map<std::string, std::string> query;
        nlohmann::json body;
        User* user = nullptr;  // by the token
    };
    struct Reply {
        int status = 200;
        nlohmann::json body;
    };

    Reply route(const Call& call);
    Reply users(const Call& call);
    Reply account(const Call& call);
    Reply profiles(const Call& call);
    Reply articles(const Call& call);
    Reply article(const Call& call, Article& one);
    Reply comments(const Call& call, Article& one);
    [[nodiscard]] Reply listing(const Call& call, bool feed) const;

    [[nodiscard]] static nlohmann::json show(const User& user);
    [[nodiscard]] nlohmann::json profile(const std::string& name, const User* viewer) const;
    [[nodiscard]] nlohmann::json show(const Article& one, const User* viewer) const;
    [[nodiscard]] nlohmann::json show(const Comment& one, const User* viewer) const;
    std::string now();
    [[nodiscard]] std::string slug_of(const std::string& title) const;

    std::map<std::string, User> users_;  // by name
    std::vector<Article> articles_;      // newest last
    int last_comment_ = 0;
    int clock_ = 0;
};

}  // namespace assay::bench
