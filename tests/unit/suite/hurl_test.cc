#include "harness/suite/hurl.h"

#include <gtest/gtest.h>

namespace assay::suite {
namespace {

std::string refusal(const std::string& text) {
    const auto file = read_hurl(text, "t.hurl");
    return file ? "read" : file.error().to_string();
}

TEST(Hurl, AnEntryIsNamedByTheCommentAboveItElseByItself) {
    const auto file = read_hurl(
        "# licence\n\n# Create\nPOST http://x/{{a}}\n{\"b\": 1}\nHTTP 201\n\nGET http://x # no name\nHTTP 200\n",
        "a/users.hurl");
    ASSERT_TRUE(file) << file.error().to_string();
    EXPECT_EQ(file->name, "users");
    ASSERT_EQ(file->entries.size(), 2u);
    EXPECT_EQ(file->entries[0].name, "Create");
    EXPECT_EQ(file->entries[0].at.line, 4u);
    EXPECT_EQ(file->entries[1].name, "GET http://x");
}

TEST(Hurl, EntriesNamedAlikeHaveTheirNumberInTheFile) {
    const auto file =
        read_hurl("GET http://x\nHTTP 200\n# Create\nPOST http://x\nGET  http://x\n# Create\nPUT http://x\n", "t.hurl");
    ASSERT_TRUE(file) << file.error().to_string();
    std::vector<std::string> names, lines;
    for (const auto& entry : file->entries) {
        names.push_back(entry.name);
        lines.push_back(entry.line);
    }
    EXPECT_EQ(names, (std::vector<std::string>{"GET http://x #1", "Create #2", "GET http://x #3", "Create #4"}));
    EXPECT_EQ(lines, (std::vector<std::string>{"GET http://x", "POST http://x", "GET http://x", "PUT http://x"}));
}

// The denominator of a score: known before anything is sent.
TEST(Hurl, AssertionsAreCountedWithoutARun) {
    const auto file = read_hurl(
        "GET http://x\nHTTP/1.1 200\nA: b\n[Captures]\nc: status\n[Asserts]\nstatus < 300 # fine\nbody contains "
        "\"x\"\n`y`\n"
        "GET http://x\nHTTP *\nGET http://x\n",
        "t.hurl");
    ASSERT_TRUE(file) << file.error().to_string();
    EXPECT_EQ(hurl::assertion_names(file->entries[0]),
              (std::vector<std::string>{"HTTP/1.1", "HTTP 200", "capture c: status", "A: b", "body", "status < 300",
                                        "body contains \"x\""}));
    EXPECT_TRUE(hurl::assertion_names(file->entries[1]).empty());
    EXPECT_EQ(hurl::assertion_count(*file), 7u);
}

TEST(Hurl, ErrorsHaveLineAndColumnInCharacters) {
    EXPECT_EQ(refusal("GET http://x\nX-Ä: \\q\n"),
              "read Hurl file: t.hurl:2:7: Parsing escape character: the escaping sequence is not valid");
    EXPECT_EQ(refusal("GET http://x\nHTTP 200\n[Asserts]\nstatus = 1\n"),
              "read Hurl file: t.hurl:4:8: Parsing predicate: expecting a predicate");
    EXPECT_EQ(refusal("GTE http://x\nHTTP 20x\n"),
              "read Hurl file: t.hurl:2:8: Parsing literal: expecting 'line_terminator'");
    EXPECT_EQ(refusal(std::string("GET http://x/\xff", 14)), "read Hurl file: t.hurl: not UTF-8 (save it as UTF-8)");
}

TEST(Hurl, AJsonBodyKeepsItsBlanksAndIsCutAtPlaceholders) {
    const auto file = read_hurl("POST http://x\n{ \"a{{k}}\" : [ {{v}},\n\"s {{t}}\" ] }\n", "t.hurl");
    ASSERT_TRUE(file) << file.error().to_string();
    const auto& pieces = file->entries[0].request.body->json;
    ASSERT_EQ(pieces.size(), 7u);
    using Kind = hurl::JsonPiece::Kind;
    EXPECT_EQ(pieces[0].text, "{ \"a");
    EXPECT_EQ(pieces[1].kind, Kind::in_key);
    EXPECT_EQ(pieces[2].text, "\" : [ ");
    EXPECT_EQ(pieces[3].kind, Kind::value);
    EXPECT_EQ(pieces[4].text, ",\n\"s ");
    EXPECT_EQ(pieces[5].kind, Kind::in_string);
    EXPECT_EQ(pieces[6].text, "\" ] }");
}

TEST(Hurl, ListsInListsEndSomewhere) {
    EXPECT_NE(refusal("POST http://x\n" + std::string(100000, '[')).find("too many lists and objects in each other"),
              std::string::npos);
}

}  // namespace
}  // namespace assay::suite
