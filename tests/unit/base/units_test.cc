#include "base/units.h"

#include <gtest/gtest.h>

using namespace assay;

TEST(ParseBytes, ReadsBinaryMultiplesInEverySpelling) {
    EXPECT_EQ(parse_bytes("512M")->count, 512u << 20);
    EXPECT_EQ(parse_bytes("64KiB")->count, 64u << 10);
    EXPECT_EQ(parse_bytes("2G")->count, 2ull << 30);
    EXPECT_EQ(parse_bytes("17")->count, 17u);
    EXPECT_EQ(parse_bytes("0")->count, 0u);
}

TEST(ParseBytes, RefusesWhatIsNotASizeAndNamesTheRemedy) {
    for (auto text : {"", "M", "12X", "1.5G", "-3", "99999999999T", "5Mi"}) {
        auto size = parse_bytes(text);
        ASSERT_FALSE(size) << text;
        EXPECT_FALSE(size.error().remedy.empty()) << text;
    }
}

TEST(FormatBytes, KeepsThreeSignificantDigits) {
    EXPECT_EQ(format_bytes(17_KiB), "17 KiB");
    EXPECT_EQ(format_bytes(Bytes{1536}), "1.5 KiB");
    EXPECT_EQ(format_bytes(512_MiB), "512 MiB");
    EXPECT_EQ(format_bytes(Bytes{17}), "17 B");
}

TEST(FormatDuration, ChoosesTheUnitThatAReaderExpects) {
    EXPECT_EQ(format_duration(Micros(850)), "850 us");
    EXPECT_EQ(format_duration(Millis(850)), "850 ms");
    EXPECT_EQ(format_duration(Millis(3200)), "3.2 s");
    EXPECT_EQ(format_duration(std::chrono::seconds(125)), "2 min 5 s");
}
