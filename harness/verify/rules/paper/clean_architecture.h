// The study's first verifier: clean architecture.
//
// A file's layer is the first of routes, services, models, repositories (in this order) one of whose aliases is the
// name of a directory on its path, in lower case; the file's own name does not count. Ranks: models 0,
// repositories 1, services 2, routes 3. The rule holds when
// - at least three of the four layers occur among the patch's files; here each layer is looked for on its own, so
//   "services/models/a.py" counts for both; empty, binary and deleted files count;
// - no file of a layer imports a layer of higher rank.
//
// Four forms of import are looked for in every file, whatever its language (\s is any white space, line breaks
// included; "at line start" allows white space before, so an indented import counts and one after '#' does not):
// - at line start `from X import`, X of word characters and dots; what follows "import" does not matter;
// - at line start `import X`, X likewise; only the first of `import a, b`; in JavaScript this also sees the name
//   in `import name from '...'`;
// - anywhere `require('X')`, either quote on each side, white space inside the parentheses allowed;
// - at line start `import ... from 'X'`: between the words at most one line's text, the last white space may hold
//   line breaks; so a list of names over several lines is not seen, nor `import 'X'`, `import('X')`, `export from`.
// X may span lines in the quoted forms. Its layer: dots become slashes, components in lower case, the same first-match
// order, the last component counts: './user.service.js' is of services.
#pragma once

#include "harness/verify/rules/paper/view.h"
#include "harness/verify/verdict.h"

namespace assay::verify::paper {

inline constexpr const char* kCleanArchitecture = "paper/clean_architecture";

RuleVerdict clean_architecture(const View& view);

}  // namespace assay::verify::paper
