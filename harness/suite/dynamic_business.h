// Dynamic variables of business, finance, databases, files and pictures: a part of Dynamic, see dynamic.cc.
#pragma once

#include <map>
#include <random>
#include <string>
#include <string_view>

namespace assay::suite {

using DynamicMaker = std::string (*)(std::mt19937_64&);

// By the name without its dollar sign.
const std::map<std::string_view, DynamicMaker>& business_makers();

}  // namespace assay::suite
