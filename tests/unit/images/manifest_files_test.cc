#include "images/manifest_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/fd.h"
#include "tests/unit/temp_dir.h"

using namespace assay;
using namespace assay::images;

TEST(WithIncludes, ReadsWhatRequirementsIncludeInsideTheTreeAndNothingElse) {
    const TempDir dir;
    dir.write("source/dev/more.txt", "-r requirements.txt\n-r dev/last.txt\n");  // in a circle
    dir.write("source/dev/last.txt", "six\n");
    dir.write("outside.txt", "secret\n");
    const Fd source(::open((dir / "source").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const std::string requirements =
        "-r dev/more.txt\n-c ../outside.txt\n-r " + (dir / "outside.txt") + "\n-r missing.txt\n";
    const auto manifests = with_includes({{"requirements.txt", requirements}}, source.get());
    ASSERT_EQ(manifests.size(), 3u);
    EXPECT_EQ(manifests.at("requirements.txt"), requirements);
    EXPECT_EQ(manifests.at("dev/last.txt"), "six\n");
}

TEST(WithIncludes, AChainWithoutEndEnds) {
    const TempDir dir;
    for (int file = 0; file < 200; ++file)
        dir.write(std::to_string(file) + ".txt", "-r " + std::to_string(file + 1) + ".txt\n");
    const Fd source(::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    EXPECT_LE(with_includes({{"requirements.txt", "-r 0.txt\n"}}, source.get()).size(), 64u);
}
