// What the files of `assay image` share.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "images/dependencies.h"
#include "images/store.h"
#include "tools/assay/batch_input.h"

namespace assay::tools {

inline constexpr int kFailed = 1;  // an image's smoke test, a submission's dependencies
inline constexpr int kUsage = 2;
inline constexpr int kInternal = 70;
inline constexpr int kIncomplete = 75;

// Prints the error; `code`.
int complain(const Error& error, int code);

// Runs it, keeps and prints the result; the exit code.
int smoke_test(images::Store& store, const std::string& name, const std::string& recipes);

// What a batch needs, ahead of time.
struct FromOptions : BatchInput {
    unsigned jobs = 2;  // builds at once
};
// Prints a table. 0: all is ready; kFailed: a submission's dependencies cannot be had; kIncomplete: a fault, try again.
int build_from(images::LayerStore& store, const FromOptions& options);

void add_image_import(CLI::App& group, int& exit_code);

}  // namespace assay::tools
