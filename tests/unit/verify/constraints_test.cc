#include "harness/verify/constraints.h"

#include <gtest/gtest.h>

using namespace assay::verify;

TEST(ParseTaskName, ReadsFrameworkConstraintsAndLevel) {
    const auto all = parse_task_name("flask-openapi-clean_architecture-postgres-sqlalchemy");
    ASSERT_TRUE(all);
    EXPECT_EQ(all->framework, "flask");
    EXPECT_TRUE(all->clean_architecture);
    EXPECT_EQ(all->database, Database::postgres);
    EXPECT_EQ(all->orm, Orm::sqlalchemy);
    EXPECT_EQ(all->level(), 3);
    EXPECT_EQ(all->set(), "clean_architecture-postgres-sqlalchemy");

    const auto none = parse_task_name("koa-openapi-unconstrained");
    ASSERT_TRUE(none);
    EXPECT_EQ(none->level(), 0);
    EXPECT_EQ(none->set(), "unconstrained");
    EXPECT_EQ(parse_task_name("hono-openapi-sqlite-sequelize")->level(), 2);
    EXPECT_EQ(parse_task_name("my-own-framework-openapi-sqlite")->framework, "my-own-framework");
}

TEST(ParseTaskName, IgnoresTheKindThatTaskFilesBegin) {
    EXPECT_EQ(parse_task_name("uv-flask-openapi-sqlite")->framework, "flask");
    EXPECT_EQ(parse_task_name("node-koa-openapi-sqlite")->framework, "koa");
    EXPECT_EQ(parse_task_name("node-openapi-sqlite")->framework, "node") << "then it is the framework";
}

TEST(ParseTaskName, RefusesWhatWouldSwitchAVerifierOff) {
    auto detail = [](const char* name) {
        auto parsed = parse_task_name(name);
        EXPECT_FALSE(parsed) << name;
        return parsed ? "" : parsed.error().detail;
    };
    EXPECT_EQ(detail("flask-openapi-postgresql"), "\"flask-openapi-postgresql\": unknown constraint \"postgresql\"");
    EXPECT_EQ(detail("flask-openapi-"), "\"flask-openapi-\": unknown constraint \"\"");
    EXPECT_EQ(detail("flask-openapi-sqlite-postgres"),
              "\"flask-openapi-sqlite-postgres\": a second database, \"postgres\"");
    EXPECT_EQ(detail("flask-openapi-sqlite-unconstrained"),
              "\"flask-openapi-sqlite-unconstrained\": unknown constraint \"unconstrained\"");
    EXPECT_EQ(detail("flask-openapi-clean_architecture-clean_architecture"),
              "\"flask-openapi-clean_architecture-clean_architecture\": \"clean_architecture\" stands twice");
    EXPECT_EQ(detail("flask-openapi-sqlalchemy-sequelize"),
              "\"flask-openapi-sqlalchemy-sequelize\": a second ORM, \"sequelize\"");
    EXPECT_EQ(detail("hard-focused-task-001"), "\"hard-focused-task-001\": no framework before \"-openapi-\"");
    EXPECT_EQ(detail("-openapi-sqlite"), "\"-openapi-sqlite\": no framework before \"-openapi-\"");
}

TEST(HasConstraintForm, TellsFeatureTasksApart) {
    EXPECT_TRUE(has_constraint_form("flask-openapi-nonsense"));
    EXPECT_FALSE(has_constraint_form("hard-focused-task-001"));
    EXPECT_FALSE(has_constraint_form("-openapi-sqlite"));
}
