// One run's JavaScript: its global, the calls into prelude/core.js, and how a script's end is found.
//
// A script is over when its body has returned, no promise reaction is queued, and no timer or request is pending.
// Between two pauses (begin, resume, deliver) the engine is free for other runs of the lane.
#include <js/CallAndConstruct.h>
#include <js/PropertyAndElement.h>

#include "harness/script/realms.h"
#include "harness/script/spider.h"

namespace assay::script {
namespace {

constexpr int kPending = 1;   // core.js state(): timers or requests
constexpr int kToFinish = 2;  // ... and finish() has something to do

// While JavaScript runs: the engine knows whose script it is and until when; the watchdog knocks.
class Entered {
 public:
    Entered(ScriptContext::State& context, Micros allowance) : context_(context), engine_(context.engine) {
        engine_.current = &context;
        engine_.ended = nullptr;
        engine_.too_large = false;
        begun_ = Clock::now();
        const bool limited = allowance.count() > 0;
        engine_.deadline = limited ? begun_ + std::max(allowance - context.spent, Micros{0}) : Instant{};
        engine_.slot->arm(engine_.deadline);
    }
    ~Entered() {
        engine_.slot->disarm();
        context_.spent += std::chrono::duration_cast<Micros>(Clock::now() - begun_);
        engine_.current = nullptr;
    }
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;

 private:
    ScriptContext::State& context_;
    Engine::State& engine_;
    Instant begun_;
};

// The calls of one entry. Every method returns false when the script was ended from outside.
class Segment {
 public:
    explicit Segment(ScriptContext::State& context)
        : self_(context),
          cx_(context.engine.cx),
          entered_(context, context.running),
          realm_(cx_, context.realm->global),
          value_(cx_) {}

    bool call(const char* name, const JS::HandleValueArray& arguments) {
        const JS::RootedObject calls(cx_, self_.realm->calls);
        if (JS_CallFunctionName(cx_, calls, name, arguments, &value_)) {
            if (value_.isNumber()) state_ = static_cast<int>(value_.toNumber());
            return true;
        }
        if (!JS_IsExceptionPending(cx_)) return false;
        // core.js catches what scripts throw; what arrives here is the engine's: too much recursion, out of memory.
        const auto fault = take_exception(cx_);
        // An interrupted regular expression fails as "too much recursion".
        const auto deadline = self_.engine.deadline;
        if (self_.engine.ended != nullptr || (deadline != Instant{} && Clock::now() >= deadline)) return false;
        error(fault.kind, fault.message, fault.line);
        return true;
    }

    // Promise reactions, then what they changed.
    bool drain() {
        if (self_.engine.jobs->empty()) return true;
        if (!self_.engine.jobs->drain(cx_)) return false;
        return call("state", JS::HandleValueArray::empty());
    }

    bool fire_due_timers() {
        while ((state_ & kPending) != 0) {
            if (!call("due", JS::HandleValueArray::empty())) return false;
            const double due = value_.toNumber();
            state_ = kPending;  // `due` answered with a time, not a state
            if (due < 0) return call("state", JS::HandleValueArray::empty());
            wake_ = self_.started + Micros(static_cast<Micros::rep>(due * 1000));
            if (*wake_ > Clock::now()) return call("state", JS::HandleValueArray::empty());
            wake_.reset();
            if (!call("fire", JS::HandleValueArray::empty()) || !drain()) return false;
        }
        return true;
    }

    bool report_rejections() {
        while (!self_.rejections.empty()) {
            const JS::RootedObject promise(cx_, self_.rejections[0]);
            self_.rejections.erase(self_.rejections.begin());
            JS::RootedValueArray<1> reason(cx_);
            reason[0].set(JS::GetPromiseResult(promise));
            if (!call("rejected", reason)) return false;
        }
        return true;
    }

    void error(std::string kind, std::string message, std::uint32_t line) {
        if (self_.result->skipped) return;
        const bool test = self_.input->listen == suite::Listen::test;
        self_.result->errors.push_back({test ? "test" : "prerequest", std::move(kind), std::move(message), line});
    }

    [[nodiscard]] int state() const { return state_; }
    [[nodiscard]] std::optional<Instant> wake() const { return wake_; }

 private:
    ScriptContext::State& self_;
    JSContext* cx_;
    Entered entered_;
    JSAutoRealm realm_;
    JS::RootedValue value_;
    int state_ = 0;
    std::optional<Instant> wake_;
};

std::string limit_text(const ScriptContext::State& self, std::string_view ended) {
    const auto& limits = self.engine.limits;
    if (ended == "timeout") return "the script ran longer than " + format_duration(self.running);
    if (ended == "memory") return "the script used more than " + format_bytes(limits.heap);
    return "the script recorded more than " + std::to_string(limits.assertions) + " assertions";
}

void settle(ScriptContext::State& self) {
    self.scopes.local.settle(/*keeps_undefined=*/true);
    self.scopes.environment.settle(false);
    self.scopes.collection.settle(false);
    self.scopes.globals.settle(false);
    self.engine.jobs->clear();
    self.rejections.clear();
    self.sends.clear();
    self.text = nullptr;
    self.input = nullptr;
    self.result = nullptr;
}

// A script that was ended from outside keeps the legacy tests and the variables that it had set.
Progress ended(ScriptContext::State& self) {
    const std::string why = self.engine.ended == nullptr ? "timeout" : self.engine.ended;
    self.engine.jobs->clear();
    const bool collect = why == "memory";
    self.ended = true;
    {
        self.spent = Micros{0};  // a time of its own for the last words
        Segment last(self);
        static_cast<void>(last.call("interrupted", JS::HandleValueArray::empty()) &&
                          last.call("finish", JS::HandleValueArray::empty()));
        last.error(why, limit_text(self, why), 0);
    }
    settle(self);
    if (collect) JS_GC(self.engine.cx);
    return {};
}

// After a segment: what is left to do.
Progress after(ScriptContext::State& self, Segment& segment) {
    Progress progress;
    const bool waits = (segment.state() & kPending) != 0;
    if (waits) {
        progress.done = false;
        progress.wake = segment.wake();
        progress.sends = std::exchange(self.sends, {});
        if (self.engine.limits.waiting.count() > 0) {
            const auto limit = self.started + self.engine.limits.waiting;
            if (Clock::now() < limit) {
                if (progress.wake) progress.wake = std::min(*progress.wake, limit);
                return progress;
            }
            segment.error("timeout", "the script waited longer than " + format_duration(self.engine.limits.waiting), 0);
            progress = {};
        } else {
            return progress;
        }
    }
    if ((segment.state() & kToFinish) != 0 || waits) {
        static_cast<void>(segment.call("finish", JS::HandleValueArray::empty()));
    }
    return progress;
}

template <typename Steps>
Result<Progress> run_segment(ScriptContext::State& self, Steps steps) {
    Progress progress;
    {
        Segment segment(self);
        if (steps(segment) && segment.drain() && segment.fire_due_timers() &&
            ((segment.state() & kPending) != 0 || segment.report_rejections())) {
            progress = after(self, segment);
            if (progress.done) settle(self);
            return progress;
        }
    }
    return ended(self);
}

}  // namespace

SyntaxFault take_exception(JSContext* cx) {
    SyntaxFault fault{"Error", "out of memory", 0};
    JS::RootedValue thrown(cx);
    if (!JS_GetPendingException(cx, &thrown)) {
        JS_ClearPendingException(cx);
        return fault;
    }
    JS_ClearPendingException(cx);
    if (thrown.isObject()) {
        const JS::RootedObject object(cx, &thrown.toObject());
        if (const auto* report = JS_ErrorFromException(cx, object)) {
            fault.message = report->message().c_str();
            fault.line = report->lineno;
        }
        JS::RootedValue name(cx);
        if (JS_GetProperty(cx, object, "name", &name) && name.isString()) to_utf8(cx, name.toString(), fault.kind);
    } else if (JSString* text = JS::ToString(cx, thrown)) {
        to_utf8(cx, text, fault.message);
    }
    JS_ClearPendingException(cx);
    return fault;
}

ScriptContext::State::State(Engine::State& engine_state, std::shared_ptr<const CompiledSuite> compiled,
                            suite::Scopes& run_scopes, suite::Dynamic& run_dynamic, std::optional<Millis> running_limit)
    : engine(engine_state),
      suite(std::move(compiled)),
      scopes(run_scopes),
      dynamic(run_dynamic),
      running(running_limit.value_or(engine.limits.running)),
      text(engine.cx),
      rejections(engine.cx) {}

ScriptContext::State::~State() {
    if (realm) engine.realms->give_back(std::move(realm), *suite, !ended);
}

suite::Scope* ScriptContext::State::scope(int index) {
    suite::Scope* const all[] = {&scopes.local, &scopes.data, &scopes.environment, &scopes.collection, &scopes.globals};
    return index >= 0 && index < 5 ? all[index] : nullptr;
}

ScriptContext::ScriptContext(Engine& engine, std::shared_ptr<const CompiledSuite> suite, suite::Scopes& scopes,
                             suite::Dynamic& dynamic, std::optional<Millis> running)
    : state_(std::make_unique<State>(engine.state(), std::move(suite), scopes, dynamic, running)) {}

ScriptContext::~ScriptContext() {
    auto& engine = state_->engine;
    state_.reset();
    engine.run_over();
}

Result<Progress> ScriptContext::begin(std::uint32_t index, const Input& input, ScriptResult& result) {
    auto& self = *state_;
    const auto& script = self.suite->state().scripts.at(index);
    const bool complete = self.suite->state().complete;
    if (!script.stencil && !complete) {
        result.errors.push_back(script.fault);
        return Progress{};
    }
    JSContext* cx = self.engine.cx;
    self.input = &input;
    self.result = &result;
    self.started = Clock::now();
    self.spent = Micros{0};
    self.console_bytes = 0;
    if (!self.realm) self.realm = self.engine.realms->take(self.suite, self);
    if (!self.realm) {
        const JSAutoRealm realm(cx, self.engine.anchor);
        const auto fault = take_exception(cx);
        settle(self);
        return fail("start JavaScript", fault.kind + ": " + fault.message);
    }
    return run_segment(self, [&](Segment& segment) {
        JS::RootedValueArray<3> arguments(cx);
        if (complete) {
            JSString* source = to_js(cx, script.source);
            if (source == nullptr) return false;
            arguments[0].setString(source);
        } else {
            JSObject* function = self.realm->function(cx, self.suite->state(), index);
            if (function == nullptr) return false;
            arguments[0].setObject(*function);
        }
        arguments[1].setNumber(script.used);
        arguments[2].setBoolean(script.test);
        return segment.call("run", arguments);
    });
}

Result<Progress> ScriptContext::resume() {
    return run_segment(*state_, [](Segment& segment) { return segment.call("state", JS::HandleValueArray::empty()); });
}

Result<Progress> ScriptContext::deliver(std::uint32_t id, const ResponseView* response, std::string_view error,
                                        std::string_view error_code) {
    auto& self = *state_;
    JSContext* cx = self.engine.cx;
    return run_segment(self, [&](Segment& segment) {
        JS::RootedValueArray<6> arguments(cx);
        arguments[0].setNumber(id);
        if (response == nullptr) {
            JSString* text = to_js(cx, error);
            if (text == nullptr) return false;
            arguments[1].setString(text);
            JSString* code = to_js(cx, error_code);
            if (code == nullptr) return false;
            arguments[2].setString(code);
            return segment.call("deliver", arguments);
        }
        JS::RootedValueVector facts(cx), headers(cx);
        const auto add = [cx](JS::RootedValueVector& list, std::string_view text) {
            JSString* made = to_js(cx, text);
            return made != nullptr && list.append(JS::StringValue(made));
        };
        bool made = facts.append(JS::NumberValue(response->code)) && add(facts, response->status) &&
                    facts.append(JS::NumberValue(response->time)) && facts.append(JS::NumberValue(response->size));
        for (const auto& [name, value] : *response->headers) made = made && add(headers, name) && add(headers, value);
        if (!made) return false;
        arguments[2].setObjectOrNull(JS::NewArrayObject(cx, facts));
        arguments[3].setObjectOrNull(JS::NewArrayObject(cx, headers));
        JSString* text = to_js(cx, response->body);
        if (text == nullptr) return false;
        arguments[4].setString(text);
        JSString* bytes = latin1_to_js(cx, response->body);
        if (bytes == nullptr) return false;
        arguments[5].setString(bytes);
        return segment.call("deliver", arguments);
    });
}

}  // namespace assay::script
