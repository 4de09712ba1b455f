#include "harness/suite/script_variables.h"

#include <gtest/gtest.h>

#include <string>

using assay::suite::script_variables;
using assay::suite::template_variables;

namespace {

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : " ") + name;
    return text;
}

TEST(ScriptVariables, CallsOfScopesAreReadAndSet) {
    const auto found = script_variables(R"(
        pm.environment.set("a", pm.globals.get('b'));
        postman.setGlobalVariable(`c`, 1); pm.variables.unset("d");
        if (pm.collectionVariables.has("e")) postman.getEnvironmentVariable("f");
        const x = environment.g + globals["h"];)");
    EXPECT_EQ(joined(found.sets), "a c d");
    EXPECT_EQ(joined(found.reads), "b e f g h");
    EXPECT_FALSE(found.reads_any || found.sets_any || found.jumps_any);
}

TEST(ScriptVariables, TemplatesInTextsAreReads) {
    const auto found = script_variables(R"(pm.sendRequest(pm.variables.replaceIn("{{host}}/x/{{$guid}}"), () => {});)");
    EXPECT_EQ(joined(found.reads), "host");
    EXPECT_FALSE(found.reads_any);
    EXPECT_EQ(joined(template_variables("{{a}}{{b}} {{{c}}} {{a}} {{}} {{x{{d}}")), "a b c d");
}

TEST(ScriptVariables, WhatOnlyARunTellsMayBeAnything) {
    for (const char* script : {"pm.environment.get(name)", "pm.globals.get('a' + 1)", "pm.environment.toObject()",
                               "pm.variables.replaceIn(text)", "for (const k in environment) {}"}) {
        const auto found = script_variables(script);
        EXPECT_TRUE(found.reads_any) << script;
        EXPECT_FALSE(found.sets_any) << script;
    }
    for (const char* script : {"pm.environment.set(name, 1)", "pm.globals.clear()", "const e = pm.environment",
                               "const { globals: g } = pm", "use(postman)", "eval(text)", "`${pm.globals.set(a, b)}`"})
        EXPECT_TRUE(script_variables(script).sets_any) << script;
}

TEST(ScriptVariables, OtherUsesOfPmAreNoVariables) {
    const auto found = script_variables(R"(
        pm.test("environment", () => { pm.response.to.have.status(200); });
        const environment2 = { globals: 1 }; // pm.environment.get(name)
        tests["x"] = responseBody.has("token");)");
    EXPECT_FALSE(found.reads_any || found.sets_any || found.jumps_any);
    EXPECT_TRUE(found.reads.empty() && found.sets.empty());
}

TEST(ScriptVariables, JumpsAreNamedOrUnknown) {
    const auto found = script_variables("postman.setNextRequest('A'); pm.execution.setNextRequest(\"B\");");
    EXPECT_EQ(joined(found.jumps), "A B");
    EXPECT_FALSE(found.jumps_any);
    EXPECT_TRUE(script_variables("postman.setNextRequest(null)").jumps_any);
    EXPECT_TRUE(script_variables("pm.execution.setNextRequest(next)").jumps_any);
}

}  // namespace
