// The collection of the study, when it is there.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/scenario.h"
#include "harness/suite/postman.h"
#include "tests/unit/scenario/server.h"
#include "tests/unit/scenario/suite_run.h"

namespace assay::harness {
namespace {

using nlohmann::json;
using testing::answer;
using testing::Asked;
using testing::run_suite;
using testing::Server;

std::optional<suite::Suite> conduit() {
    const char* shared = std::getenv("ASSAY_SHARED");
    const auto folder =
        shared != nullptr ? std::filesystem::path(shared) : std::filesystem::path(ASSAY_SOURCE_DIR) / "../shared";
    const auto path = folder / "constraint-decay/Conduit.postman_collection.json";
    if (!std::filesystem::exists(path)) return std::nullopt;
    return suite::load_postman(path.string()).value();
}

ScenarioOptions conduit_options(const std::string& url) {
    ScenarioOptions options;
    options.globals = {
        {"APIURL", url + "/api"}, {"USERNAME", "user"}, {"EMAIL", "user@mail.com"}, {"PASSWORD", "password"}};
    return options;
}

// Answers of a right server: every field that the contract names, and what a request asked for.
std::string right_answer(const Asked& asked) {
    const json author = {{"username", "user"}, {"bio", nullptr}, {"image", nullptr}, {"following", false}};
    const auto article = [&](bool favorited) {
        return json{{"title", "How to train your dragon"},
                    {"slug", "how-to-train-your-dragon"},
                    {"body", asked.method == "PUT" ? "With two hands" : "Very carefully."},
                    {"createdAt", "2020-01-01T00:00:00.000Z"},
                    {"updatedAt", "2020-01-01T00:00:00.000Z"},
                    {"description", "Ever wonder how?"},
                    {"tagList", {"training", "dragons"}},
                    {"author", author},
                    {"favorited", favorited},
                    {"favoritesCount", favorited ? 1 : 0}};
    };
    const auto is = [&](std::string_view part) { return asked.target.find(part) != std::string::npos; };
    const json user = {
        {"email", "user@mail.com"}, {"username", "user"}, {"bio", ""}, {"image", ""}, {"token", "t.o.k"}};
    const json comment = {{"id", 1},
                          {"body", "Thank you so much!"},
                          {"createdAt", "2020-01-01T00:00:00.000Z"},
                          {"updatedAt", "2020-01-01T00:00:00.000Z"},
                          {"author", author}};
    if (is("/comments")) {
        return answer(200, (asked.method == "GET" ? json{{"comments", {comment}}} : json{{"comment", comment}}).dump());
    }
    if (is("/profiles/")) {
        return answer(
            200, json{{"profile",
                       {{"username", "celeb_user"}, {"bio", ""}, {"image", ""}, {"following", asked.method == "POST"}}}}
                     .dump());
    }
    if (is("/tags")) return answer(200, R"({"tags":["dragons"]})");
    if (is("/favorite")) return answer(200, json{{"article", article(asked.method == "POST")}}.dump());
    if (is("/articles/how") || (is("/articles") && asked.method == "POST"))
        return answer(200, json{{"article", article(false)}}.dump());
    if (is("/articles")) return answer(200, json{{"articles", {article(true)}}, {"articlesCount", 1}}.dump());
    return answer(200, json{{"user", user}}.dump());
}

TEST(Conduit, ARightServerPassesAllOf290) {
    const auto suite = conduit();
    if (!suite) GTEST_SKIP() << "the study's collection is not there";
    Server server(right_answer);
    const auto done = run_suite(*suite, conduit_options(server.url()));
    EXPECT_EQ(done.totals.counts, (check::Counts{290, 290, 0, 0}));
    for (const auto& outcome : done.outcomes) {
        for (const auto& assertion : outcome.assertions) {
            EXPECT_EQ(assertion.status, check::Status::passed) << outcome.item << ": " << assertion.name;
        }
        EXPECT_TRUE(outcome.script_errors.empty()) << outcome.item;
    }
    EXPECT_EQ(done.totals.requests, 32u);
}

TEST(Conduit, ARefusedConnectionFailsAllOf290) {
    const auto suite = conduit();
    if (!suite) GTEST_SKIP() << "the study's collection is not there";
    const auto done = run_suite(*suite, conduit_options("http://127.0.0.1:1"));
    EXPECT_EQ(done.totals.counts, (check::Counts{290, 0, 290, 0}));
    EXPECT_EQ(done.totals.failed_requests, 32u);
}

TEST(Conduit, ABodyOfNullEndsItsScriptsEarly) {
    const auto suite = conduit();
    if (!suite) GTEST_SKIP() << "the study's collection is not there";
    Server server([](const Asked&) { return answer(200, "null"); });
    const auto done = run_suite(*suite, conduit_options(server.url()));
    EXPECT_LT(done.totals.counts.total, 290u);
    EXPECT_GT(done.totals.script_errors, 20u);
}

}  // namespace
}  // namespace assay::harness
