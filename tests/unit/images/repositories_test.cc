#include "images/repositories.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/fd.h"
#include "base/tree.h"
#include "images/command.h"
#include "tests/unit/temp_dir.h"

using namespace assay;
using namespace assay::images;
using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

class RepositoriesTest : public testing::Test {
 protected:
    void SetUp() override {
        if (::access("/usr/bin/git", X_OK) != 0) GTEST_SKIP() << "git is not installed";
        fs::create_directories(path_ + "/mirrors/group/app");
        git({"init", "-q", "-b", "main"});
        write("run.sh", "one\n");
        write("src/a.js", "a\n");
        fs::create_symlink("src/a.js", repository() + "/link");
        fs::permissions(repository() + "/run.sh", fs::perms::owner_all);
        first_ = commit();
        write("run.sh", "two\n");
        second_ = commit();
    }

    std::string repository() const { return path_ + "/mirrors/group/app"; }
    void write(const std::string& file, const std::string& text) const {
        fs::create_directories((fs::path(repository()) / file).parent_path());
        std::ofstream(repository() + "/" + file) << text;
    }
    std::string git(std::vector<std::string> arguments) const {
        std::vector<std::string> argv{"/usr/bin/git",         "-C", repository(),          "-c", "user.name=n", "-c",
                                      "user.email=e@invalid", "-c", "commit.gpgsign=false"};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        auto answer = ask_host(argv, {{"PATH", "/usr/bin:/bin"}, {"HOME", path_}}, Millis(60'000));
        EXPECT_TRUE(answer) << answer.error().to_string();
        return answer ? answer->substr(0, answer->find('\n')) : "";
    }
    std::string commit() const {
        git({"add", "-A"});
        git({"commit", "-q", "-m", "m"});
        return git({"rev-parse", "HEAD"});
    }
    Repositories repositories() const {
        Repositories::Options options;
        options.mirrors = path_ + "/mirrors";
        options.path = path_ + "/cache";
        return Repositories(options);
    }

    TempDir dir_;
    const std::string& path_ = dir_.path();
    std::string first_, second_;
};

}  // namespace

TEST(MirrorNames, GoFromTheWholeAddressToTheBareName) {
    EXPECT_THAT(mirror_names("https://host.invalid/group/app.git"),
                ElementsAre("host.invalid/group/app.git", "host.invalid/group/app", "group/app.git", "group/app",
                            "app.git", "app"));
    EXPECT_EQ(mirror_names("git@host.invalid:group/app"), mirror_names("https://host.invalid/group/app.git"));
    EXPECT_EQ(mirror_names("ssh://git@host.invalid:2222/group/app.git/"),
              mirror_names("https://host.invalid/group/app"));
}

TEST(MirrorNames, AFolderIsNoAddressAndNoAddressLeadsOutOfTheMirrors) {
    EXPECT_THAT(mirror_names("../app"), ElementsAre());
    EXPECT_THAT(mirror_names("/srv/app"), ElementsAre());
    EXPECT_THAT(mirror_names("file:///srv/app"), ElementsAre());
    EXPECT_THAT(mirror_names("https://host.invalid/../../etc"), ElementsAre());
}

TEST_F(RepositoriesTest, GivesTheFilesOfEachCommit) {
    const auto sources = repositories();
    auto tree = sources.tree_of("https://host.invalid/group/app.git", first_, "/");
    ASSERT_TRUE(tree) << tree.error().to_string();
    EXPECT_EQ(read_file(*tree + "/run.sh").value_or(""), "one\n");
    EXPECT_EQ(::access((*tree + "/run.sh").c_str(), X_OK), 0);
    EXPECT_EQ(fs::read_symlink(*tree + "/link"), "src/a.js");
    EXPECT_FALSE(fs::exists(*tree + "/.git"));
    auto later = sources.tree_of("../mirrors/group/app", "main", path_ + "/tasks");
    ASSERT_TRUE(later) << later.error().to_string();
    EXPECT_EQ(read_file(*later + "/run.sh").value_or(""), "two\n");
    EXPECT_EQ(fs::path(*later).filename(), second_);
}

TEST_F(RepositoriesTest, ATreeThatIsThereNeedsItsMirrorOnlyForTheName) {
    const auto sources = repositories();
    auto tree = sources.tree_of("https://host.invalid/group/app.git", first_, "/");
    ASSERT_TRUE(tree);
    std::ofstream(*tree + "/mark") << "kept";
    EXPECT_EQ(sources.tree_of("https://host.invalid/group/app.git", first_, "/").value_or(""), *tree);
    EXPECT_TRUE(fs::exists(*tree + "/mark"));
}

TEST_F(RepositoriesTest, WhatAProcessLeftInTheMiddleIsReplaced) {
    fs::create_directories(path_ + "/cache/.making/tree");
    std::ofstream(path_ + "/cache/.making/tree/half") << "x";
    auto tree = repositories().tree_of("https://host.invalid/group/app.git", first_, "/");
    ASSERT_TRUE(tree) << tree.error().to_string();
    EXPECT_FALSE(fs::exists(*tree + "/half"));
    EXPECT_FALSE(fs::exists(path_ + "/cache/.making"));
}

TEST_F(RepositoriesTest, SaysHowToGetWhatIsMissing) {
    const auto sources = repositories();
    auto missing = sources.tree_of("https://host.invalid/group/other.git", first_, "/");
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().to_string(), HasSubstr("git clone --mirror https://host.invalid/group/other.git"));
    missing = sources.tree_of("https://host.invalid/group/app.git", "0123456789012345678901234567890123456789", "/");
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().to_string(), HasSubstr("remote update"));
    missing = sources.tree_of("https://host.invalid/group/app.git", "--upload-pack=/bin/sh", "/");
    ASSERT_FALSE(missing);
    missing = sources.tree_of("nowhere", first_, path_);
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().to_string(), HasSubstr("no such folder"));
}
