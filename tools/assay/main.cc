#include <fmt/format.h>

int main() {
    fmt::print("assay {}\n", ASSAY_VERSION);
    return 0;
}
