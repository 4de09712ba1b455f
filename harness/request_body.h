// Bodies as newman builds them: raw with its Content-Type, forms, files, GraphQL.
#pragma once

#include "harness/http/client.h"
#include "harness/suite/model.h"

namespace assay::harness {

// Sets body and form_content_type of `wire`, and appends the Content-Type that newman adds for raw and GraphQL bodies
// to `headers`. The body is resolved already. `boundary` separates the parts of a multipart body.
void build_body(const suite::Body& body, const std::string& working_dir, const std::string& boundary,
                std::vector<suite::Header>& headers, http::Request& wire);

// Whether newman sends it at all: a body that is off, or has nothing in it, is none.
bool is_empty(const suite::Body& body);

// JSON without comments, as newman sends it. Texts keep what looks like a comment.
std::string without_comments(std::string_view json);

}  // namespace assay::harness
