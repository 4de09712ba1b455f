#include "harness/verify/patch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace assay;
using namespace assay::verify;

namespace {

Patch parse(std::string text) {
    auto patch = parse_patch(std::move(text), "p.patch");
    EXPECT_TRUE(patch) << patch.error().to_string();
    return patch ? std::move(*patch) : Patch{};
}

// The error's text as a user reads it.
std::string error_of(std::string text, const PatchLimits& limits = {}) {
    auto patch = parse_patch(std::move(text), "p.patch", limits);
    EXPECT_FALSE(patch);
    return patch ? "" : patch.error().to_string();
}

const std::string kNew =
    "diff --git a/run.sh b/run.sh\nnew file mode 100755\nindex 0000000..1111111\n--- /dev/null\n+++ b/run.sh\n";
const std::string kModify = "diff --git a/a.txt b/a.txt\nindex 1..2 100644\n--- a/a.txt\n+++ b/a.txt\n";

}  // namespace

TEST(ParsePatch, ReadsAnExecutableNewFile) {
    const Patch patch = parse(kNew + "@@ -0,0 +1,2 @@\n+#!/bin/sh\n+exec node .\n");
    ASSERT_EQ(patch.files.size(), 1u);
    const FilePatch& file = patch.files[0];
    EXPECT_EQ(file.change, Change::create);
    EXPECT_EQ(file.new_path, "run.sh");
    EXPECT_EQ(file.old_path, "");
    EXPECT_EQ(file.new_mode, 0100755u);
    EXPECT_EQ(file.patch_line, 1u);
    ASSERT_EQ(file.hunks.size(), 1u);
    EXPECT_EQ(file.hunks[0].patch_line, 6u);
    EXPECT_EQ(file.hunks[0].lines[1].text, "exec node .");
    EXPECT_EQ(file.hunks[0].lines[1].number, 2u);
}

TEST(ParsePatch, NumbersEachLineInItsOwnFile) {
    const Patch patch = parse(kModify + "@@ -3,3 +3,3 @@ def f():\n same\n-old\n+new\n\n@@ -9 +9,2 @@\n-x\n+y\n+z\n");
    const auto& first = patch.files[0].hunks[0].lines;
    EXPECT_EQ(first[0].number, 3u);
    EXPECT_EQ(first[1].number, 4u);  // in the old file
    EXPECT_EQ(first[2].number, 4u);  // in the new one
    EXPECT_EQ(first[3].kind, ' ') << "an empty line is an empty context line";
    EXPECT_EQ(first[3].number, 5u);
    EXPECT_EQ(patch.files[0].hunks[1].lines[2].number, 10u);
}

TEST(ParsePatch, TakesHeaderLookalikesInsideAHunkAsContent) {
    const Patch patch = parse(kModify + "@@ -1,2 +1,2 @@\n--- a/x\n-@@ -1 +1 @@\n+++ b/x\n+diff --git a/x b/x\n");
    ASSERT_EQ(patch.files.size(), 1u);
    EXPECT_EQ(patch.files[0].hunks[0].lines[0].text, "-- a/x");
    EXPECT_EQ(patch.files[0].hunks[0].lines[2].text, "++ b/x");
}

TEST(ParsePatch, KeepsCarriageReturnsInContentAndNotInHeaders) {
    const Patch patch = parse(
        "diff --git a/a.txt b/a.txt\r\nnew file mode 100644\r\nindex 0..1\r\n--- /dev/null\r\n+++ b/a.txt\r\n"
        "@@ -0,0 +1 @@\r\n+x\r\n");
    EXPECT_EQ(patch.files[0].new_path, "a.txt");
    EXPECT_EQ(patch.files[0].hunks[0].lines[0].text, "x\r");
}

TEST(ParsePatch, NotesAMissingNewlineOnTheRightSide) {
    const Patch patch = parse(kModify + "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
    EXPECT_FALSE(patch.files[0].hunks[0].lines[0].has_newline);
    EXPECT_TRUE(patch.files[0].hunks[0].lines[1].has_newline);
}

TEST(ParsePatch, ReadsNamesWithSpacesQuotesAndOctalEscapes) {
    const Patch patch = parse(
        "diff --git a/sp ace b.txt b/sp ace b.txt\nnew file mode 100644\nindex 0..1\n"
        "diff --git \"a/\\303\\274\\t\\\"x\" \"b/\\303\\274\\t\\\"x\"\nnew file mode 100644\nindex 0..1\n"
        "diff --git a/t b/t\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/t\t\n@@ -0,0 +1 @@\n+x\n");
    ASSERT_EQ(patch.files.size(), 3u);
    EXPECT_EQ(patch.files[0].new_path, "sp ace b.txt");
    EXPECT_EQ(patch.files[1].new_path, "\xC3\xBC\t\"x");
    EXPECT_EQ(patch.files[2].new_path, "t");
}

TEST(ParsePatch, ReadsRenamesCopiesDeletionsAndModeChanges) {
    const Patch patch = parse(
        "diff --git a/a b/b\nsimilarity index 90%\nrename from a\nrename to b\n"
        "diff --git a/a b/c\nsimilarity index 100%\ncopy from a\ncopy to c\n"
        "diff --git a/d b/d\ndeleted file mode 100644\nindex 1..0\n"
        "diff --git a/e b/e\nold mode 100644\nnew mode 100755\n");
    ASSERT_EQ(patch.files.size(), 4u);
    EXPECT_EQ(patch.files[0].change, Change::rename);
    EXPECT_EQ(patch.files[0].old_path, "a");
    EXPECT_EQ(patch.files[0].new_path, "b");
    EXPECT_EQ(patch.files[0].similarity, 90u);
    EXPECT_EQ(patch.files[1].change, Change::copy);
    EXPECT_EQ(patch.files[2].change, Change::remove);
    EXPECT_EQ(patch.files[2].path(), "d");
    EXPECT_EQ(patch.files[3].new_mode, 0100755u);
}

TEST(ParsePatch, ReadsPlainDiffsWithAndWithoutFolders) {
    const Patch patch = parse(
        "--- old.txt\t2024-01-01 00:00:00.000000000 +0000\n+++ new.txt\t2024-01-01 00:00:00.000000000 +0000\n"
        "@@ -1 +1 @@\n-a\n+b\n"
        "--- x/dir/old\t2024-01-01\n+++ y/dir/old.new\t2024-01-01\n@@ -1 +1 @@\n-a\n+b\n"
        "--- x/n\t1970-01-01 01:00:00.000000000 +0100\n+++ y/n\t2024-01-01 00:00:00 +0000\n@@ -0,0 +1 @@\n+b\n"
        "--- x/g\t2024-01-01 00:00:00 +0000\n+++ /dev/null\n@@ -1 +0,0 @@\n-b\n");
    ASSERT_EQ(patch.files.size(), 4u);
    EXPECT_EQ(patch.files[0].new_path, "new.txt");
    EXPECT_EQ(patch.files[1].new_path, "dir/old") << "the shorter of two names that begin alike";
    EXPECT_EQ(patch.files[2].change, Change::create) << "a time stamp of the epoch says that the file is not there";
    EXPECT_EQ(patch.files[3].change, Change::remove);
}

TEST(ParsePatch, SkipsProseAroundTheDiffs) {
    const Patch patch = parse("Subject: x\n\n+not a diff\n" + kModify + "@@ -1 +1 @@\n-a\n+b\n-- \n2.39.5\n");
    EXPECT_EQ(patch.files.size(), 1u);
}

TEST(ParsePatch, TakesWhiteSpaceAsAnEmptyPatch) {
    EXPECT_TRUE(parse("").files.empty());
    EXPECT_TRUE(parse("\n \r\n").files.empty());
}

TEST(ParsePatch, UnpacksBinaryLiteralsAndDeltas) {
    const Patch patch = parse(
        "diff --git a/z b/z\nnew file mode 100644\nindex 0000000..1111111\nGIT binary patch\nliteral "
        "3\nKcmZQzWC8#H2LJ>B\n\n"
        "literal 0\nHcmV?d00001\n\n");
    ASSERT_TRUE(patch.files[0].binary);
    EXPECT_EQ(patch.files[0].binary->kind, BinaryPart::Kind::literal);
    EXPECT_EQ(patch.files[0].binary->bytes, std::string("\x00\x01\x02", 3));
    const Patch delta = parse(
        "diff --git a/big b/big\nindex 1..2 100644\nGIT binary patch\ndelta 14\nVcmeyu{DpZ!3Ugvo^2YRDMgT5Q1+oAD\n\n"
        "delta 14\nVcmeyu{DpZ!3UgG9-p2G^MgT1G1#kcW\n\n");
    ASSERT_TRUE(delta.files[0].binary);
    EXPECT_EQ(delta.files[0].binary->kind, BinaryPart::Kind::delta);
    EXPECT_EQ(delta.files[0].binary->bytes.size(), 14u);
}

TEST(ParsePatch, SaysWhatIsWrongWhereAndWhatToDo) {
    const std::string remade = " (make it again with `git diff --binary`, with the prefixes a/ and b/)";
    EXPECT_EQ(error_of("hello\n"),
              "read patch: p.patch:1: no diff in this text (give a unified diff, as `git diff` prints it)");
    EXPECT_EQ(error_of("x\n@@ -1 +1 @@\n-a\n+b\n"),
              "read patch: p.patch:2: a hunk without a file header before it" + remade);
    EXPECT_EQ(
        error_of(kModify + "@@ -1,2 +1,2 @@\n-a\n+b\n"),
        "read patch: p.patch:7: the hunk of line 5 ends early: 1 old and 1 new lines are missing (the patch was cut "
        "or edited; make it again)");
    EXPECT_EQ(
        error_of(kModify + "@@ -1 +1 @@\n-a\n+b"),
        "read patch: p.patch:7: the patch ends in the middle of a line (end the patch with a line break; a final one "
        "is easily stripped by mistake)");
    EXPECT_EQ(
        error_of(kModify + "@@ -1 +1 @@\n-a\n*b\n"),
        "read patch: p.patch:7: the hunk of line 5 ends early: 0 old and 1 new lines are missing (the patch was cut "
        "or edited; make it again)");
    EXPECT_EQ(error_of(kModify + "@@ -x +1 @@\n"), "read patch: p.patch:5: a broken hunk header: @@ -x +1 @@" + remade);
    EXPECT_EQ(error_of(kModify + "@@ -1 +1 @@\n a\n"), "read patch: p.patch:5: a hunk that changes nothing" + remade);
    EXPECT_EQ(error_of(kModify), "read patch: p.patch:1: the header of a.txt is not followed by any change" + remade);
    EXPECT_EQ(error_of(kNew + "@@ -1 +1 @@\n-a\n+b\n"),
              "read patch: p.patch:1: run.sh is new, but its diff has old lines" + remade);
    EXPECT_EQ(error_of("diff --git a/x b/y\nindex 1..2\n--- a/x\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n"),
              "read patch: p.patch:1: the header names two files, x and y, and no rename" + remade);
    EXPECT_EQ(error_of("diff --git x x\nnew file mode 100644\nindex 0..1\n"),
              "read patch: p.patch:1: the header does not name the file" + remade);
    EXPECT_EQ(error_of("diff --git x x\nindex 1..2\n--- x\n+++ x\n@@ -1 +1 @@\n-a\n+b\n"),
              "read patch: p.patch:3: \"x\" has no a/ or b/ before the name" + remade);
    EXPECT_EQ(error_of("diff --git a/x b/x\nnew file mode 10064x\n\n"),
              "read patch: p.patch:2: a broken file mode: 10064x" + remade);
    EXPECT_EQ(error_of("diff --git a/z b/z\nindex 1..2\nGIT binary patch\nliteral 3\nKcmZQzWC8#H2LJ>A\n\n"),
              "read patch: p.patch:4: a binary part that does not unpack to its size" + remade);
    EXPECT_EQ(error_of("diff --git a/z b/z\nindex 1..2\nGIT binary patch\nliteral 3\nKcmZ\n\n"),
              "read patch: p.patch:5: a broken line of base 85" + remade);
    EXPECT_EQ(error_of("diff --git a/z b/z\nindex 1..2\nGIT binary patch\nliteral 99999999999\nKcmZ\n\n"),
              "read patch: p.patch:4: binary parts of more than 512 MiB (leave them out)");
}

TEST(ParsePatch, KeepsItsLimits) {
    PatchLimits limits;
    limits.files = 1;
    const std::string one = "diff --git a/x b/x\nnew file mode 100644\nindex 0..1\n";
    EXPECT_EQ(error_of(one + one, limits), "read patch: p.patch:4: more than 1 files (split the patch)");
    limits.patch = {10};
    EXPECT_EQ(error_of(one, limits), "read patch: p.patch: 51 B long (a patch may have 10 B)");
    limits = {};
    limits.path = 5;
    EXPECT_EQ(
        error_of("diff --git a/folder/x b/folder/x\nindex 0..1\n--- a/folder/x\n+++ b/folder/x\n@@ -1 +1 @@\n-a\n+b\n",
                 limits),
        "read patch: p.patch:3: a path of 8 bytes (use shorter paths)");
}

TEST(AddedLinesOfPatch, HaveFileAndLineOfTheNewFile) {
    const AddedSource added = added_lines_of_patch(parse(
        kModify + "@@ -3,2 +3,3 @@\n a\n+b\n c\n" + "diff --git a/gone b/gone\ndeleted file mode 100644\nindex 1..0\n" +
        "diff --git a/empty b/empty\nnew file mode 100644\nindex 0..1\n" + kModify + "@@ -20,0 +21 @@\n+z\n"));
    ASSERT_EQ(added.files.size(), 2u);
    EXPECT_EQ(added.files[0].path, "a.txt");
    ASSERT_EQ(added.files[0].lines.size(), 2u) << "the second diff of the same file adds to it";
    EXPECT_EQ(added.files[0].lines[0].number, 4u);
    EXPECT_EQ(added.files[0].lines[0].text, "b");
    EXPECT_EQ(added.files[0].lines[1].number, 21u);
    EXPECT_EQ(added.files[1].path, "empty");
    EXPECT_TRUE(added.files[1].lines.empty());
}
