// Runs scripts of a suite made from texts: what the script tests share.
#pragma once

#include <gtest/gtest.h>

#include <thread>

#include "harness/script/engine.h"

namespace assay::script {

inline const std::shared_ptr<Platform>& platform() {
    static const auto shared = Platform::create().value();
    return shared;
}

// The same, but every suite runs in newman's own sandbox.
inline const std::shared_ptr<Platform>& complete_platform() {
    static const auto shared = Platform::create(Sandbox::complete).value();
    return shared;
}

// A run of several scripts against canned responses.
class Script {
 public:
    explicit Script(std::vector<std::string> sources, const Limits& limits = {},
                    suite::Listen listen = suite::Listen::test, const std::shared_ptr<Platform>& on = platform())
        : engine_(Engine::create(on, limits).value()), listen_(listen) {
        for (auto& source : sources) suite_.scripts.push_back({listen, std::move(source), "item", 1});
        compiled_ = CompiledSuite::compile(on, suite_).value();
        context_ = std::make_unique<ScriptContext>(*engine_, compiled_, scopes, dynamic_);
    }

    ScriptResult operator()(std::uint32_t script, std::string body = "{}", std::uint32_t code = 200) {
        response.code = code;
        response.status = code == 200 ? "OK" : "Not OK";
        response.body = body;
        response.size = body.size();
        response.time = 3;
        response.headers = &headers;
        return execute(script, &response);
    }
    ScriptResult failed(std::uint32_t script) { return execute(script, nullptr); }

    suite::Scopes scopes;
    Pairs headers{{"Content-Type", "application/json"}, {"X-A", "1"}, {"Set-Cookie", "a=b"}};
    Pairs cookies{{"a", "b"}};
    std::string request = R"({"url":{"protocol":"http","host":["h"],"path":["p"],"query":[]},"method":"GET"})";
    ResponseView response;
    std::vector<std::string> sent;  // pm.sendRequest
    std::string send_error;

 private:
    ScriptResult execute(std::uint32_t script, const ResponseView* answer) {
        ScriptResult result;
        Input input;
        input.listen = listen_;
        input.response = answer;
        input.item_id = "id-1";
        input.item_name = "the item";
        const std::vector<std::string> path = {"collection", "folder", "the item"};
        input.path = &path;
        input.owner = "folder";
        input.iterations = 2;
        input.request = [this] { return request; };
        input.cookies = [this] { return cookies; };
        input.domain = "h";
        auto progress = context_->begin(script, input, result);
        while (progress && !progress->done) {
            auto sends = std::move(progress->sends);
            for (auto& send : sends) {
                sent.push_back(send.request);
                progress = context_->deliver(send.id, send_error.empty() ? answer : nullptr, send_error);
            }
            if (!sends.empty()) continue;
            if (progress->wake) std::this_thread::sleep_until(*progress->wake);
            progress = context_->resume();
        }
        EXPECT_TRUE(progress) << progress.error().to_string();
        return result;
    }

    std::unique_ptr<Engine> engine_;
    suite::Listen listen_;
    suite::Suite suite_;
    std::shared_ptr<const CompiledSuite> compiled_;
    suite::Dynamic dynamic_{1};
    std::unique_ptr<ScriptContext> context_;
};

// "name+" passed, "name-" failed, "name~" skipped.
inline std::string verdicts(const ScriptResult& result) {
    std::string text;
    for (const auto& assertion : result.assertions) {
        if (!text.empty()) text += ' ';
        text += assertion.name;
        text += assertion.status == check::Status::passed ? "+" : assertion.status == check::Status::failed ? "-" : "~";
    }
    return text;
}

inline std::string console(const ScriptResult& result) {
    std::string text;
    for (const auto& line : result.console) text += (text.empty() ? "" : "\n") + line.text;
    return text;
}

inline std::string errors(const ScriptResult& result) {
    std::string text;
    for (const auto& error : result.errors) {
        text += (text.empty() ? "" : "\n") + error.kind + ": " + error.message + " @" + std::to_string(error.line);
    }
    return text;
}

}  // namespace assay::script
