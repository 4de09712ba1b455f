#include "base/result.h"

#include <cstring>

namespace assay {

std::string Error::to_string() const {
    std::string text = step;
    if (!detail.empty()) text += ": " + detail;
    if (code != 0) text += std::string(": ") + std::strerror(code);
    if (!remedy.empty()) text += " (" + remedy + ")";
    return text;
}

}  // namespace assay
