// A server's certificate as Hurl's `certificate` query shows it.
#pragma once

#include <optional>
#include <string>

#include "harness/hurl/evaluate.h"

namespace assay::hurl {

// Empty when `pem` holds no certificate.
std::optional<Certificate> read_certificate(const std::string& pem);

}  // namespace assay::hurl
