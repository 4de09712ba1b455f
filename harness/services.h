// Which services a submission gets beside its server.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "harness/batch/submission.h"
#include "images/recipe.h"
#include "images/setup.h"
#include "runtime/fault.h"

namespace assay::harness {

// Recipes with a service, by name.
using ServiceRecipes = std::map<std::string, std::shared_ptr<const images::Recipe>>;
using ServiceList = std::vector<std::shared_ptr<const images::Recipe>>;

// Those that the task names, PostgreSQL when its database is that, and those whose driver a manifest asks for: in the
// study's harness PostgreSQL stands beside every server, so a submission whose task names no database may use it.
// A fault: the task names a service that nobody knows.
tl::expected<ServiceList, runtime::Fault> wanted_services(const batch::Task& task, const images::Manifests& manifests,
                                                          const ServiceRecipes& known);

}  // namespace assay::harness
