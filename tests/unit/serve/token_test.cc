#include "tools/serve/token.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/temp_dir.h"

using namespace assay;
using namespace assay::serve;

TEST(Token, ComesFromTheFileOrTheEnvironment) {
    const TempDir dir;
    EXPECT_EQ(*read_token(dir.write("token", "0123456789abcdef\nmore\n"), "another-that-is-long"), "0123456789abcdef");
    EXPECT_EQ(*read_token("", "another-that-is-long"), "another-that-is-long");
}

TEST(Token, NamesTheRemedyWhenThereIsNoGoodOne) {
    const TempDir dir;
    for (const std::string& file : {std::string(), dir.write("short", "abc"), dir.write("blank", "0123456789 abcdef"),
                                    dir.write("odd", "0123456789\xff abcdef")}) {
        const auto token = read_token(file, "");
        ASSERT_FALSE(token) << file;
        EXPECT_NE(token.error().remedy.find("--token-file"), std::string::npos);
    }
    EXPECT_FALSE(read_token(dir / "missing", "another-that-is-long"));
}

TEST(Token, IsShownWholeOrNotAtAll) {
    const std::string token = "0123456789abcdef";
    EXPECT_TRUE(shows_token("Bearer " + token, token));
    EXPECT_TRUE(shows_token("bEARER " + token, token));
    for (const std::string& shown :
         std::vector<std::string>{"", token, "Basic " + token, "Bearer", "Bearer ", "Bearer " + token + "0",
                                  "Bearer " + token.substr(1), "Bearer  " + token, "Bearer 0123456789abcdeF"})
        EXPECT_FALSE(shows_token(shown, token)) << shown;
}
