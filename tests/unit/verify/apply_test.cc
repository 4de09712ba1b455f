#include "harness/verify/apply.h"

#include <gtest/gtest.h>

#include <map>

using namespace assay;
using namespace assay::verify;

namespace {

using Tree = std::map<std::string, TreeFile>;

TreeReader reader_of(const Tree& tree) {
    return [&tree](const std::string& path) -> Result<std::optional<TreeFile>> {
        auto found = tree.find(path);
        return found == tree.end() ? std::optional<TreeFile>{} : std::optional(found->second);
    };
}

// The tree after the patch, or the error's text in `error`.
Tree applied(const Tree& tree, const std::string& text, std::string* error = nullptr, const PatchLimits& limits = {}) {
    auto patch = parse_patch(text, "p", limits);
    EXPECT_TRUE(patch) << patch.error().to_string();
    if (!patch) return {};
    auto writes = apply_patch(*patch, reader_of(tree), limits);
    if (!writes) {
        EXPECT_FALSE(writes.error().of_reader);
        if (error != nullptr) *error = writes.error().error.to_string();
        EXPECT_NE(error, nullptr) << writes.error().error.to_string();
        return {};
    }
    EXPECT_EQ(error, nullptr) << "expected to be refused";
    Tree after = tree;
    for (const FileWrite& write : *writes) {
        if (write.file)
            after[write.path] = *write.file;
        else
            after.erase(write.path);
    }
    return after;
}

std::string refusal(const Tree& tree, const std::string& text, const PatchLimits& limits = {}) {
    std::string error;
    applied(tree, text, &error, limits);
    return error;
}

TreeFile text_file(std::string bytes) { return {FileKind::regular, std::move(bytes)}; }

std::string modify(const std::string& hunks) {
    return "diff --git a/f b/f\nindex 1..2 100644\n--- a/f\n+++ b/f\n" + hunks;
}
std::string create(const std::string& path, const std::string& mode = "100644", const std::string& line = "x") {
    return "diff --git a/" + path + " b/" + path + "\nnew file mode " + mode + "\nindex 0..1\n--- /dev/null\n+++ b/" +
           path + "\n@@ -0,0 +1 @@\n+" + line + "\n";
}
std::string new_link(const std::string& path, const std::string& target) {
    return create(path, "120000", target) + "\\ No newline at end of file\n";
}

}  // namespace

TEST(ApplyPatch, CreatesFilesWithModesAndLinksInside) {
    const Tree tree = applied({}, create("run.sh", "100755") + new_link("lib/l", "../run.sh") +
                                      "diff --git a/e b/e\nnew file mode 100644\nindex 0..1\n");
    EXPECT_EQ(tree.at("run.sh"), (TreeFile{FileKind::executable, "x\n"}));
    EXPECT_EQ(tree.at("lib/l"), (TreeFile{FileKind::symlink, "../run.sh"}));
    EXPECT_EQ(tree.at("e"), text_file(""));
}

TEST(ApplyPatch, FindsAHunkThatHasMoved) {
    const std::string old = "0\n1\n2\n3\n4\n5\n6\n7\n";
    const std::string hunk = modify("@@ -4,3 +4,3 @@\n 3\n-4\n+four\n 5\n");
    EXPECT_EQ(applied({{"f", text_file(old)}}, hunk).at("f").bytes, "0\n1\n2\n3\nfour\n5\n6\n7\n");
    EXPECT_EQ(applied({{"f", text_file("a\nb\n" + old)}}, hunk).at("f").bytes, "a\nb\n0\n1\n2\n3\nfour\n5\n6\n7\n");
    EXPECT_EQ(applied({{"f", text_file("3\n4\n5\n")}}, hunk).at("f").bytes, "3\nfour\n5\n");
}

TEST(ApplyPatch, TakesTheNearestPlaceAndTheLaterOneOfTwoEquallyNear) {
    // "x" at lines 2 and 6 with the same surroundings; the hunk says line 4: as far from both.
    const std::string old = "a\nx\nb\n-\na\nx\nb\n";
    EXPECT_EQ(applied({{"f", text_file(old)}}, modify("@@ -3,3 +3,3 @@\n a\n-x\n+y\n b\n")).at("f").bytes,
              "a\nx\nb\n-\na\ny\nb\n");
    EXPECT_EQ(applied({{"f", text_file(old)}}, modify("@@ -2,3 +2,3 @@\n a\n-x\n+y\n b\n")).at("f").bytes,
              "a\ny\nb\n-\na\nx\nb\n");
}

TEST(ApplyPatch, AnchorsHunksWithoutContextToTheEnds) {
    const std::string moved = "p: the lines";
    EXPECT_NE(refusal({{"f", text_file("new\na\nb\n")}}, modify("@@ -1,2 +1,3 @@\n+top\n a\n b\n"))
                  .find("are not in the file"),
              std::string::npos)
        << "a hunk that starts at line 1 only goes to the beginning";
    EXPECT_NE(
        refusal({{"f", text_file("a\nb\nnew\n")}}, modify("@@ -2,1 +2,2 @@\n b\n+end\n")).find("are not in the file"),
        std::string::npos)
        << "a hunk without context after it only goes to the end";
}

TEST(ApplyPatch, DistinguishesAMissingNewlineAtTheEnd) {
    const std::string hunk = modify("@@ -1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n");
    EXPECT_EQ(applied({{"f", text_file("a")}}, hunk).at("f").bytes, "a\nb\n");
    EXPECT_EQ(refusal({{"f", text_file("a\n")}}, hunk),
              "apply patch: p:5: the lines that this hunk changes are not in the file (make the patch against the tree "
              "that it is applied to)");
}

TEST(ApplyPatch, DoesNotLetHunksOverlap) {
    const std::string hunks = "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n@@ -3,2 +3,2 @@\n c\n-d\n+D\n";
    EXPECT_NE(refusal({{"f", text_file("a\nb\nc\nd\n")}}, modify(hunks)), "");
}

TEST(ApplyPatch, RemovesRenamesAndCopies) {
    const Tree tree{{"a", text_file("1\n")}, {"b", {FileKind::executable, "2\n"}}};
    EXPECT_EQ(applied(tree,
                      "diff --git a/a b/a\ndeleted file mode 100644\nindex 1..0\n--- a/a\n+++ /dev/null\n@@ -1 +0,0 "
                      "@@\n-1\n"),
              (Tree{{"b", {FileKind::executable, "2\n"}}}));
    EXPECT_EQ(applied(tree, "diff --git a/b b/d/c\nsimilarity index 100%\nrename from b\nrename to d/c\n"),
              (Tree{{"a", text_file("1\n")}, {"d/c", {FileKind::executable, "2\n"}}}));
    EXPECT_EQ(applied(tree, "diff --git a/b b/c\ncopy from b\ncopy to c\n").at("c").kind, FileKind::executable);
}

TEST(ApplyPatch, SwapsTwoNames) {
    const Tree tree{{"a", text_file("1\n")}, {"b", text_file("2\n")}};
    EXPECT_EQ(applied(tree,
                      "diff --git a/a b/b\nsimilarity index 100%\nrename from a\nrename to b\n"
                      "diff --git a/b b/a\nsimilarity index 100%\nrename from b\nrename to a\n"),
              (Tree{{"a", text_file("2\n")}, {"b", text_file("1\n")}}));
}

TEST(ApplyPatch, AppliesLaterDiffsOfAFileToWhatEarlierOnesMade) {
    EXPECT_EQ(applied({}, create("f") + modify("@@ -1 +1 @@\n-x\n+y\n")).at("f").bytes, "y\n");
}

TEST(ApplyPatch, AppliesPatchesOneOnTheOther) {
    const auto base = parse_patch(create("f"), "base");
    const auto change = parse_patch(modify("@@ -1 +1 @@\n-x\n+y\n"), "change");
    ASSERT_TRUE(base && change);
    const Tree none;
    const auto writes = apply_patches({&*base, &*change}, reader_of(none));
    ASSERT_TRUE(writes);
    ASSERT_EQ(writes->size(), 1u);
    EXPECT_EQ((*writes)[0].file->bytes, "y\n");
}

TEST(ApplyPatch, RefusesWhatWouldLeaveTheTree) {
    const std::string remedy = " (a patch may only name files inside the submission)";
    EXPECT_EQ(refusal({}, create("../x")), "apply patch: p:1: the path \"../x\" has a \"..\" component" + remedy);
    EXPECT_EQ(refusal({}, create("a/../../x")),
              "apply patch: p:1: the path \"a/../../x\" has a \"..\" component" + remedy);
    EXPECT_EQ(refusal({}, create(".git/hooks/x")),
              "apply patch: p:1: the path \".git/hooks/x\" is in a .git folder" + remedy);
    EXPECT_EQ(refusal({}, create("a/.GIT/x")), "apply patch: p:1: the path \"a/.GIT/x\" is in a .git folder" + remedy);
    EXPECT_EQ(refusal({}, "diff --git a/a b/a\nsimilarity index 100%\nrename from /etc/passwd\nrename to a\n"),
              "apply patch: p:1: the path \"/etc/passwd\" is absolute" + remedy);
    EXPECT_EQ(refusal({}, new_link("a/l", "../../x")),
              "apply patch: p:1: the symbolic link \"a/l\" points outside, to ../../x (link to something inside the "
              "submission, by a relative path)");
    EXPECT_NE(refusal({}, new_link("l", "/etc/passwd")).find("absolute path /etc/passwd"), std::string::npos);
    EXPECT_EQ(
        refusal({}, new_link("l", "d") + create("l/x")),
        "apply patch: p:9: \"l/x\" goes through \"l\", which is a symbolic link (a path may only go through folders)");
    EXPECT_EQ(
        refusal({{"l", {FileKind::symlink, "d"}}}, create("l/x")),
        "apply patch: p:1: \"l/x\" goes through \"l\", which is a symbolic link (a path may only go through folders)");
    EXPECT_EQ(refusal({}, create("m", "160000")),
              "apply patch: p:1: \"m\" is a submodule (put the submodule's files into the patch)");
}

TEST(ApplyPatch, RefusesWhatDoesNotFit) {
    const std::string other = " (make the patch against the tree that it is applied to)";
    EXPECT_EQ(refusal({}, modify("@@ -1 +1 @@\n-x\n+y\n")), "apply patch: p:1: \"f\" does not exist" + other);
    EXPECT_EQ(refusal({{"f", text_file("")}}, create("f")), "apply patch: p:1: \"f\" exists already" + other);
    EXPECT_EQ(
        refusal(
            {{"a", text_file("1\n2\n")}},
            "diff --git a/a b/a\ndeleted file mode 100644\nindex 1..0\n--- a/a\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n"),
        "apply patch: p:6: the lines that this hunk changes are not in the file" + other);
    EXPECT_EQ(refusal({{"a", text_file("1\n")}}, "diff --git a/a b/a\ndeleted file mode 100644\nindex 1..0\n"),
              "apply patch: p:1: \"a\" is deleted, but has further lines" + other);
    EXPECT_EQ(
        refusal({}, "diff --git a/z b/z\nnew file mode 100644\nindex 0..1\nBinary files /dev/null and b/z differ\n"),
        "apply patch: p:1: \"z\" is binary, and its content is not in the patch (make the patch with `git diff "
        "--binary`)");
}

TEST(ApplyPatch, IsAllOrNothing) { EXPECT_NE(refusal({}, create("good") + modify("@@ -1 +1 @@\n-x\n+y\n")), ""); }

TEST(ApplyPatch, BoundsWhatItWritesAndHowLongItSearches) {
    PatchLimits limits;
    limits.result = {1};
    EXPECT_EQ(refusal({}, create("a"), limits),
              "apply patch: p:1: the patch writes more than 1 B (leave large files out)");
    // Hunks that match everywhere, so that each takes the next free place: quadratic in their number.
    std::string old, hunks;
    for (int i = 0; i < 100000; ++i) old += "a\n";
    for (int i = 0; i < 30000; ++i) hunks += "@@ -50000,3 +50000,3 @@\n a\n-a\n+c\n a\n";
    EXPECT_NE(refusal({{"f", text_file(old)}}, modify(hunks)).find("placing the hunks takes too long"),
              std::string::npos);
}

TEST(ApplyPatch, AppliesABinaryDeltaToTheFileItWasMadeFor) {
    // Copy 100 bytes, insert "abc", copy 397 from offset 103: as git's own delta of a 500-byte file.
    const std::string patch =
        "diff --git a/big b/big\nindex 1..2 100644\nGIT binary patch\ndelta 14\nVcmeyu{DpZ!3Ugvo^2YRDMgT5Q1+oAD\n\n"
        "delta 14\nVcmeyu{DpZ!3UgG9-p2G^MgT1G1#kcW\n\n";
    std::string old(500, 'x');
    const Tree after = applied({{"big", text_file(old)}}, patch);
    EXPECT_EQ(after.at("big").bytes, old.replace(100, 3, "abc"));
    EXPECT_EQ(refusal({{"big", text_file("short")}}, patch),
              "apply patch: p:4: the binary change does not fit the file (make the patch against the tree that it is "
              "applied to)");
}

TEST(ApplyPatch, SaysWhenTheReaderFailed) {
    const auto patch = parse_patch(modify("@@ -1 +1 @@\n-x\n+y\n"), "p");
    ASSERT_TRUE(patch);
    const TreeReader broken = [](const std::string&) -> Result<std::optional<TreeFile>> {
        return fail("read", "disk");
    };
    const auto writes = apply_patch(*patch, broken);
    ASSERT_FALSE(writes);
    EXPECT_TRUE(writes.error().of_reader);
}

TEST(LinkProblem, ClimbsAtMostToTheRootAndOnlyAtTheBeginning) {
    EXPECT_EQ(link_problem("a/b/l", "../../x"), std::nullopt);
    EXPECT_EQ(link_problem("a/b/l", "../.././x//y"), std::nullopt);
    EXPECT_NE(link_problem("a/b/l", "../../../x"), std::nullopt);
    EXPECT_NE(link_problem("l", ".."), std::nullopt);
    EXPECT_NE(link_problem("a/l", "b/../../.."), std::nullopt);
    EXPECT_NE(link_problem("a/l", "b/../c"), std::nullopt) << "b may be a link itself";
    EXPECT_NE(link_problem("l", ""), std::nullopt);
    EXPECT_NE(link_problem("l", std::string_view("a\0b", 3)), std::nullopt);
}

TEST(PathProblem, NamesTheProblem) {
    EXPECT_EQ(path_problem("a/b.c"), std::nullopt);
    EXPECT_EQ(path_problem(".github/x"), std::nullopt);
    EXPECT_EQ(path_problem(""), "is empty");
    EXPECT_EQ(path_problem("/a"), "is absolute");
    EXPECT_EQ(path_problem("a//b"), "has an empty component");
    EXPECT_EQ(path_problem("a/"), "has an empty component");
    EXPECT_EQ(path_problem("./a"), "has a \".\" component");
    EXPECT_EQ(path_problem("a/.Git"), "is in a .git folder");
    EXPECT_EQ(path_problem(std::string_view("a\0", 2)), "contains a NUL");
    EXPECT_EQ(path_problem(std::string(2000, 'a')), "is longer than 1024 bytes");
    EXPECT_EQ(path_problem(std::string(300, 'a')), "has a component longer than 255 bytes");
}
