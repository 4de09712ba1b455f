// Writes the responses of the strictness table into a folder, as seeds of the target `response`.
#include <cstdio>
#include <fstream>
#include <string>

#include "tests/unit/http/llhttp_cases.h"

int main(int count, char** arguments) {
    if (count != 2) {
        std::fprintf(stderr, "usage: llhttp_rows FOLDER\n");
        return 2;
    }
    int number = 0;
    for (const auto& row : assay::http::testing::llhttp_cases())  // the first byte says where the stream is cut
        std::ofstream(std::string(arguments[1]) + "/row-" + std::to_string(++number), std::ios::binary)
            << static_cast<char>(number) << row.bytes;
    return 0;
}
