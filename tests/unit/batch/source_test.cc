#include "harness/batch/source.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <map>
#include <memory>

#include "base/fd.h"
#include "tests/unit/temp_dir.h"

using namespace assay;
using namespace assay::batch;

namespace fs = std::filesystem;

namespace {

class Materialise : public testing::Test {
 protected:
    Materialise() {
        auto made = std::make_shared<Task>();
        made->name = "t";
        made->setup_cmds = {"chmod +x run.sh"};
        task = made;
        fs::create_directories(dir / "in");
    }

    tl::expected<SourceTree, SourceError> make(Source::Kind kind, const std::string& path,
                                               const SourceLimits& limits = {}) {
        fs::remove_all(out());
        fs::create_directories(out());
        Fd folder(::open(out().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        Submission submission;
        submission.id = "s";
        submission.task = task;
        submission.source = {kind, path, {}, inline_files};
        submission.base = base;
        return materialise(submission, folder.get(), {}, limits);
    }

    // Rejected, and with this text; faults are ours and would be wrong here.
    std::string rejection(Source::Kind kind, const std::string& path, const SourceLimits& limits = {}) {
        auto made = make(kind, path, limits);
        EXPECT_FALSE(made);
        if (made) return "";
        EXPECT_FALSE(made.error().fault) << made.error().error.to_string();
        std::string text = made.error().error.to_string();
        for (auto at = text.find(dir.path()); at != std::string::npos; at = text.find(dir.path()))
            text.erase(at, dir.path().size() + 1);
        return text;
    }

    // Path -> "MODE bytes", "-> target" for links; folders are left out.
    std::map<std::string, std::string> tree() {
        std::map<std::string, std::string> all;
        for (const auto& entry : fs::recursive_directory_iterator(out())) {
            const std::string path = entry.path().lexically_relative(out()).string();
            struct stat info {};
            ::lstat(entry.path().c_str(), &info);
            if (S_ISLNK(info.st_mode)) all[path] = "-> " + fs::read_symlink(entry.path()).string();
            if (S_ISREG(info.st_mode))
                all[path] = ((info.st_mode & 0111) != 0 ? "755 " : "644 ") + *read_file(entry.path().string());
            EXPECT_TRUE(S_ISLNK(info.st_mode) || (info.st_mode & 0022) == 0) << path << " is writable for others";
        }
        return all;
    }

    [[nodiscard]] std::string in() const { return dir / "in"; }
    [[nodiscard]] std::string out() const { return dir / "out"; }

    TempDir dir;
    std::shared_ptr<const Task> task;
    std::shared_ptr<const std::vector<InlineFile>> inline_files;
    std::string base;
};

using Tree = std::map<std::string, std::string>;

struct Entry {
    std::string path;
    std::string bytes;
    mode_t type = AE_IFREG;
    mode_t mode = 0644;
    std::string link = {};
    bool hard = false;
};

std::string write_tar(const std::string& file, const std::vector<Entry>& entries, bool gzip = false) {
    archive* writer = archive_write_new();
    archive_write_set_format_pax_restricted(writer);
    if (gzip) archive_write_add_filter_gzip(writer);
    EXPECT_EQ(archive_write_open_filename(writer, file.c_str()), ARCHIVE_OK);
    for (const Entry& each : entries) {
        archive_entry* entry = archive_entry_new();
        archive_entry_set_pathname(entry, each.path.c_str());
        archive_entry_set_filetype(entry, each.type);
        archive_entry_set_perm(entry, each.mode);
        archive_entry_set_size(entry, static_cast<la_int64_t>(each.bytes.size()));
        if (each.hard)
            archive_entry_set_hardlink(entry, each.link.c_str());
        else if (each.type == AE_IFLNK)
            archive_entry_set_symlink(entry, each.link.c_str());
        // A warning: without a UTF-8 locale the name is stored as the bytes that it is.
        EXPECT_GE(archive_write_header(writer, entry), ARCHIVE_WARN) << archive_error_string(writer);
        archive_write_data(writer, each.bytes.data(), each.bytes.size());
        archive_entry_free(entry);
    }
    archive_write_close(writer);
    archive_write_free(writer);
    return file;
}

constexpr auto kDir = Source::Kind::dir;
constexpr auto kTar = Source::Kind::tar;
constexpr auto kPatch = Source::Kind::patch;

}  // namespace

// --- folders -------------------------------------------------------------------------------------------------------

TEST_F(Materialise, CopiesAFolderWithModesAndInnerLinks) {
    dir.write("in/run.sh", "#!/bin/sh\n");
    dir.write("in/bin/tool", "x");
    fs::permissions(dir / "in/bin/tool", fs::perms(0777));
    dir.write("in/.env", "PORT=1\n");
    dir.write("in/secret", "s");
    fs::permissions(dir / "in/secret", fs::perms(0600));
    dir.write("in/requirements.txt", "flask\n");
    dir.write("in/package.json", "{}");
    fs::create_symlink("../run.sh", dir / "in/bin/link");
    fs::create_directories(dir / "in/empty");
    const auto made = make(kDir, in());
    ASSERT_TRUE(made) << made.error().error.to_string();
    EXPECT_EQ(tree(), (Tree{{".env", "644 PORT=1\n"},
                            {"bin/link", "-> ../run.sh"},
                            {"bin/tool", "755 x"},
                            {"package.json", "644 {}"},
                            {"requirements.txt", "644 flask\n"},
                            {"run.sh", "755 #!/bin/sh\n"},
                            {"secret", "644 s"}}));
    EXPECT_TRUE(fs::is_directory(dir / "out/empty"));
    EXPECT_EQ(made->files, 7u);
    EXPECT_EQ(made->bytes.count, 7u + 1 + 1 + 6 + 2 + 10);
    EXPECT_TRUE(made->has_run_sh);
    EXPECT_EQ(made->manifests, (Manifests{{"requirements.txt", "flask\n"}, {"package.json", "{}"}}));
    EXPECT_FALSE(made->added.tree) << "the task has no constraints";
}

TEST_F(Materialise, LeavesOutWhatIsNoSource) {
    for (const char* path : {".git/config", "sub/.git", "node_modules/a/i.js", "sub/node_modules/i.js", "task.json"})
        dir.write("in/" + std::string(path), "x");
    for (const char* path : {"sub/task.json", ".gitignore", "node_modules.txt"})
        dir.write("in/" + std::string(path), "x");
    ASSERT_TRUE(make(kDir, in()));
    EXPECT_EQ(tree(), (Tree{{".gitignore", "644 x"}, {"node_modules.txt", "644 x"}, {"sub/task.json", "644 x"}}));
}

TEST_F(Materialise, MakesRunShExecutableOnlyWhereTheTaskAsksForIt) {
    dir.write("in/run.sh", "x");
    ASSERT_TRUE(make(kDir, in()));
    EXPECT_EQ(tree().at("run.sh"), "755 x");
    auto other = std::make_shared<Task>();
    other->setup_cmds = {"npm install"};
    task = other;
    ASSERT_TRUE(make(kDir, in()));
    EXPECT_EQ(tree().at("run.sh"), "644 x");
}

TEST_F(Materialise, ReadsTheAddedLinesOfATaskWithConstraints) {
    auto constrained = std::make_shared<Task>();
    constrained->constraints.database = verify::Database::sqlite;
    task = constrained;
    dir.write("in/db.py", "import sqlite3\n");
    const auto made = make(kDir, in());
    ASSERT_TRUE(made && made->added.tree);
    EXPECT_TRUE(verify::judge_paper(made->added, constrained->constraints).at(0).holds);
}

TEST_F(Materialise, RejectsLinksOutAndSpecialFiles) {
    const std::string remedy = " (link to something inside the submission, by a relative path)";
    fs::create_symlink("/etc/passwd", dir / "in/l");
    EXPECT_EQ(rejection(kDir, in()),
              "read source: the symbolic link \"l\" points to the absolute path /etc/passwd" + remedy);
    fs::remove(dir / "in/l");
    fs::create_directories(dir / "in/a");
    fs::create_symlink("../../x", dir / "in/a/l");
    EXPECT_EQ(rejection(kDir, in()), "read source: the symbolic link \"a/l\" points outside, to ../../x" + remedy);
    fs::remove(dir / "in/a/l");
    ASSERT_EQ(::mkfifo((dir / "in/a/pipe").c_str(), 0600), 0);
    EXPECT_EQ(rejection(kDir, in()),
              "read source: \"a/pipe\" is neither a file, a folder nor a symbolic link (remove "
              "sockets, pipes and devices from the source)");
}

TEST_F(Materialise, KeepsItsLimits) {
    dir.write("in/a", "12345");
    dir.write("in/b/c", "12345");
    SourceLimits limits;
    limits.total = {9};
    EXPECT_EQ(rejection(kDir, in(), limits),
              "read source: the source is larger than 9 B (leave out what can be installed or built)");
    limits = {};
    limits.file = {4};
    EXPECT_EQ(rejection(kDir, in(), limits), "read source: \"a\" is larger than 4 B (leave it out)");
    limits = {};
    limits.files = 2;
    EXPECT_EQ(rejection(kDir, in(), limits),
              "read source: \"b/c\" is one file or folder more than the 2 allowed (leave out "
              "what can be installed or built)");
    limits = {};
    limits.depth = 2;
    dir.write("in/1/2/f", "x");
    EXPECT_TRUE(make(kDir, in(), limits));
    dir.write("in/1/2/3/f", "x");
    EXPECT_EQ(rejection(kDir, in(), limits), "read source: \"1/2/3\" has more than 2 nested folders (nest less)");
}

TEST_F(Materialise, TakesAMissingFolderAsAFault) {
    const auto made = make(kDir, dir / "none");
    ASSERT_FALSE(made);
    EXPECT_TRUE(made.error().fault);
}

TEST_F(Materialise, GivesEverythingToTheOwner) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    dir.write("in/a/run.sh", "x");
    fs::create_symlink("a", dir / "in/l");
    fs::create_directories(out());
    Fd folder(::open(out().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    Submission submission;
    submission.task = task;
    submission.source = {kDir, in()};
    ASSERT_TRUE(materialise(submission, folder.get(), {12345, 23456}));
    for (const char* path : {"a", "a/run.sh", "l"}) {
        struct stat info {};
        ASSERT_EQ(::lstat((out() + "/" + path).c_str(), &info), 0);
        EXPECT_EQ(info.st_uid, 12345u) << path;
        EXPECT_EQ(info.st_gid, 23456u) << path;
    }
}

// --- tar -----------------------------------------------------------------------------------------------------------

TEST_F(Materialise, UnpacksATar) {
    for (const bool gzip : {false, true}) {
        const std::string file = write_tar(dir / "a.tar",
                                           {{"./", "", AE_IFDIR, 0755},
                                            {"./run.sh", "x"},
                                            {"src//deep/a.py", "y", AE_IFREG, 0700},
                                            {"src/l", "", AE_IFLNK, 0777, "deep/a.py"},
                                            {"\xC3\xBC.txt", "z"},
                                            {"folder/", "", AE_IFDIR, 0700},
                                            {"node_modules/x/i.js", "no"},
                                            {".git/config", "no"},
                                            {"task.json", "no"},
                                            {"run.sh", "again"}},
                                           gzip);
        const auto made = make(kTar, file);
        ASSERT_TRUE(made) << made.error().error.to_string();
        EXPECT_EQ(tree(), (Tree{{"run.sh", "755 again"},
                                {"src/deep/a.py", "755 y"},
                                {"src/l", "-> deep/a.py"},
                                {"\xC3\xBC.txt", "644 z"}}));
        EXPECT_TRUE(fs::is_directory(dir / "out/folder"));
    }
}

TEST_F(Materialise, RejectsATarThatLeavesTheTree) {
    const std::string remedy = " (a source may only have files inside itself)";
    EXPECT_EQ(rejection(kTar, write_tar(dir / "a.tar", {{"../x", "x"}})),
              "read source: the path \"../x\" has a \"..\" component" + remedy);
    EXPECT_EQ(rejection(kTar, write_tar(dir / "a.tar", {{"a/../../x", "x"}})),
              "read source: the path \"a/../../x\" has a \"..\" component" + remedy);
    EXPECT_EQ(rejection(kTar, write_tar(dir / "a.tar", {{"/tmp/x", "x"}})),
              "read source: the path \"/tmp/x\" is absolute" + remedy);
    EXPECT_NE(rejection(kTar, write_tar(dir / "a.tar", {{"l", "", AE_IFLNK, 0777, "/etc"}})).find("absolute path"),
              std::string::npos);
    EXPECT_EQ(rejection(kTar, write_tar(dir / "a.tar", {{"d/x", "x"}, {"l", "", AE_IFLNK, 0777, "d"}, {"l/y", "y"}})),
              "read source: \"l\" goes through a file or a symbolic link (a path may only go through folders)");
    EXPECT_EQ(rejection(kTar, write_tar(dir / "a.tar", {{"f", "x"}, {"f/y", "y"}})),
              "read source: \"f\" goes through a file or a symbolic link (a path may only go through folders)");
    EXPECT_EQ(rejection(kTar, write_tar(dir / "a.tar", {{"f/y", "y"}, {"f", "x"}})),
              "read source: \"f\" is a file and a folder (remove one of them)");
    EXPECT_EQ(rejection(kTar, write_tar(dir / "a.tar", {{"a", "x"}, {"b", "", AE_IFREG, 0644, "/etc/passwd", true}})),
              "read source: a.tar: \"b\" is a hard link to \"/etc/passwd\" (make the archive with --hard-dereference)");
    EXPECT_EQ(rejection(kTar, write_tar(dir / "a.tar", {{"dev", "", AE_IFCHR, 0644}})),
              "read source: a.tar: \"dev\" is neither a file, a folder nor a symbolic link (remove sockets, pipes and "
              "devices from the source)");
}

TEST_F(Materialise, RejectsWhatIsNoTarAndBoundsWhatOneUnpacksTo) {
    EXPECT_NE(rejection(kTar, dir.write("a.tar", "hello")).find("a.tar: "), std::string::npos);
    const std::string file = write_tar(dir / "zeros.tar.gz", {{"zeros", std::string(10'000'000, '\0')}}, true);
    EXPECT_LT(fs::file_size(file), 100'000u);
    SourceLimits limits;
    limits.total = {1'000'000};
    EXPECT_EQ(rejection(kTar, file, limits),
              "read source: the source is larger than 977 KiB (leave out what can be installed or built)");
    const auto cut = *read_file(write_tar(dir / "b.tar", {{"a", std::string(5000, 'x')}}));
    EXPECT_NE(rejection(kTar, dir.write("cut.tar", cut.substr(0, 3000))).find("cut.tar: \"a\": "), std::string::npos);
    const auto missing = make(kTar, dir / "none.tar");
    ASSERT_FALSE(missing);
    EXPECT_TRUE(missing.error().fault);
}

// --- patches -------------------------------------------------------------------------------------------------------

namespace {
const std::string kGood =
    "diff --git a/run.sh b/run.sh\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/run.sh\n@@ -0,0 +1 @@\n+x\n"
    "diff --git a/s/t.py b/s/t.py\nnew file mode 100755\nindex 0..1\n--- /dev/null\n+++ b/s/t.py\n@@ -0,0 +1 @@\n+y\n"
    "diff --git a/l b/l\nnew file mode 120000\nindex 0..1\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+s/t.py\n"
    "\\ No newline at end of file\n";
}  // namespace

TEST_F(Materialise, WritesFilesOfTheEntryByTheRulesOfATar) {
    auto files = std::make_shared<std::vector<InlineFile>>();
    *files = {{"./run.sh", "exit", false},     {"a//b/c", "x", true},      {".git/config", "no", false},
              {"node_modules/x", "no", false}, {"task.json", "no", false}, {"a/task.json", "yes", false}};
    inline_files = files;
    const auto made = make(Source::Kind::files, "b.jsonl:1 (its files)");
    ASSERT_TRUE(made) << made.error().error.to_string();
    EXPECT_TRUE(made->has_run_sh);
    EXPECT_EQ(tree(), (std::map<std::string, std::string>{
                          {"run.sh", "755 exit"}, {"a/b/c", "755 x"}, {"a/task.json", "644 yes"}}));
}

TEST_F(Materialise, RejectsFilesThatLeaveTheTree) {
    for (const char* path : {"../x", "/etc/x", "a/../../x", "a/", "", "."}) {
        inline_files = std::make_shared<std::vector<InlineFile>>(std::vector<InlineFile>{{path, "x", false}});
        EXPECT_NE(rejection(Source::Kind::files, "b.jsonl:1 (its files)"), "") << path;
        EXPECT_FALSE(fs::exists(dir / "x"));
    }
    inline_files =
        std::make_shared<std::vector<InlineFile>>(std::vector<InlineFile>{{"a", "x", false}, {"a/b", "x", false}});
    EXPECT_NE(rejection(Source::Kind::files, "b.jsonl:1 (its files)"), "") << "a file and a folder";
    SourceLimits small;
    small.file = {3};
    inline_files = std::make_shared<std::vector<InlineFile>>(std::vector<InlineFile>{{"a", "long", false}});
    EXPECT_NE(rejection(Source::Kind::files, "b.jsonl:1 (its files)", small), "");
}

TEST_F(Materialise, AppliesAPatchToAnEmptyTree) {
    const auto made = make(kPatch, dir.write("a.patch", kGood));
    ASSERT_TRUE(made) << made.error().error.to_string();
    EXPECT_EQ(tree(), (Tree{{"run.sh", "755 x\n"}, {"s/t.py", "755 y\n"}, {"l", "-> s/t.py"}}));
    ASSERT_TRUE(made->added.patch);
    EXPECT_EQ(*made->added.patch, kGood);
}

TEST_F(Materialise, AppliesAPatchAfterTheTasksOwn) {
    auto feature = std::make_shared<Task>();
    feature->where = "task.json:1";
    feature->base_patch = kGood;
    task = feature;
    const std::string change =
        "diff --git a/s/t.py b/s/t.py\nindex 1..2 100755\n--- a/s/t.py\n+++ b/s/t.py\n@@ -1 +1,2 @@\n"
        " y\n+z\n";
    ASSERT_TRUE(make(kPatch, dir.write("a.patch", change)));
    EXPECT_EQ(tree().at("s/t.py"), "755 y\nz\n");
    feature->base_patch = "no patch";
    const auto broken = make(kPatch, dir / "a.patch");
    ASSERT_FALSE(broken);
    EXPECT_TRUE(broken.error().fault) << "a broken task says nothing about the submission";
}

TEST_F(Materialise, AppliesAPatchToItsBase) {
    dir.write("base/run.sh", "old\n");
    dir.write("base/gone/deep/x", "x\n");
    dir.write("base/kept", "k\n");
    dir.write("base/file", "becomes a folder\n");
    dir.write("base/folder/f", "becomes a file\n");
    fs::create_symlink("kept", dir / "base/link");
    fs::permissions(dir / "base/run.sh", fs::perms::owner_all);
    base = dir / "base";
    const std::string change =
        "diff --git a/run.sh b/run.sh\nindex 1..2 100755\n--- a/run.sh\n+++ b/run.sh\n@@ -1 +1 @@\n-old\n+new\n"
        "diff --git a/gone/deep/x b/gone/deep/x\ndeleted file mode 100644\nindex 1..0\n--- a/gone/deep/x\n"
        "+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
        "diff --git a/link b/link\ndeleted file mode 120000\nindex 1..0\n--- a/link\n+++ /dev/null\n@@ -1 +0,0 @@\n"
        "-kept\n\\ No newline at end of file\n"
        "diff --git a/file b/file\ndeleted file mode 100644\nindex 1..0\n--- a/file\n+++ /dev/null\n@@ -1 +0,0 @@\n"
        "-becomes a folder\n"
        "diff --git a/file/in b/file/in\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/file/in\n"
        "@@ -0,0 +1 @@\n+in\n"
        "diff --git a/folder/f b/folder/f\ndeleted file mode 100644\nindex 1..0\n--- a/folder/f\n+++ /dev/null\n"
        "@@ -1 +0,0 @@\n-becomes a file\n"
        "diff --git a/folder b/folder\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/folder\n"
        "@@ -0,0 +1 @@\n+flat\n";
    const auto made = make(kPatch, dir.write("a.patch", change));
    ASSERT_TRUE(made) << made.error().error.to_string();
    EXPECT_EQ(tree(),
              (std::map<std::string, std::string>{
                  {"run.sh", "755 new\n"}, {"kept", "644 k\n"}, {"file/in", "644 in\n"}, {"folder", "644 flat\n"}}));
    EXPECT_FALSE(fs::exists(fs::path(out()) / "gone")) << "folders that became empty go, as git does it";

    const std::string other =
        "diff --git a/kept b/kept\nindex 1..2 100644\n--- a/kept\n+++ b/kept\n@@ -1 +1 @@\n-other\n+new\n";
    EXPECT_NE(rejection(kPatch, dir.write("b.patch", other)).find("b.patch:5: the lines that this hunk changes"),
              std::string::npos);
    base = dir / "nowhere";
    const auto lost = make(kPatch, dir / "a.patch");
    ASSERT_FALSE(lost);
    EXPECT_TRUE(lost.error().fault) << "the base is the operator's";
}

TEST_F(Materialise, RejectsAPatchThatDoesNotApply) {
    EXPECT_EQ(rejection(kPatch, dir.write("a.patch",
                                          "diff --git a/x b/x\nindex 1..2\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n")),
              "apply patch: a.patch:1: \"x\" does not exist (make the patch against the tree that it is applied to)");
    EXPECT_EQ(rejection(kPatch, dir.write("a.patch", kGood.substr(0, kGood.size() - 40))).substr(0, 23),
              "read patch: a.patch:20:");
    EXPECT_EQ(rejection(kPatch, dir.write("a.patch", "")),
              "read source: a.patch: the patch is empty (a submission must have at least run.sh and its manifest)");
    SourceLimits limits;
    limits.patch = {10};
    EXPECT_EQ(rejection(kPatch, dir.write("a.patch", kGood), limits),
              "read source: a.patch: a patch of 333 B (a patch may have 10 B)");
    EXPECT_EQ(rejection(Source::Kind::none, dir / "run_1"),
              "read source: run_1: the run has no *.patch (there is nothing to evaluate)");
}
