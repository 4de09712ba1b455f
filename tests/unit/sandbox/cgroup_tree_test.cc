#include "sandbox/launcher/cgroup_tree.h"

#include <gtest/gtest.h>

using namespace assay::sandbox;

TEST(FindCgroupMounts, UnifiedInAUserSession) {
    auto mounts = find_cgroup_mounts(
        "23 30 0:21 / /proc rw,nosuid - proc proc rw\n"
        "35 24 0:30 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
        "0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope\n");
    ASSERT_EQ(mounts.size(), 1u);
    EXPECT_TRUE(mounts[0].unified);
    EXPECT_EQ(mounts[0].mount, "/sys/fs/cgroup");
    EXPECT_EQ(mounts[0].own, "/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope");
}

TEST(FindCgroupMounts, OneTreeAControllerWithTheUnifiedOneBeside) {
    auto mounts = find_cgroup_mounts(
        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
        "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "36 31 0:33 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices\n"
        "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
        "9:name=systemd:/x\n4:memory:/session/17\n2:cpu,cpuacct:/\n0::/\n");
    ASSERT_EQ(mounts.size(), 3u) << "trees without a controller of use are left alone";
    EXPECT_EQ(mounts[0].offers, kCpu | kCpuTime);
    EXPECT_EQ(mounts[0].own, "");
    EXPECT_EQ(mounts[1].offers, kMemory);
    EXPECT_EQ(mounts[1].own, "/session/17");
    EXPECT_TRUE(mounts[2].unified);
}

TEST(FindCgroupMounts, InAContainerThePathBeginsAtTheMountsRoot) {
    auto mounts = find_cgroup_mounts(
        "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
        "41 31 0:38 /../../other /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
        "4:memory:/docker/abc/inner\n0::/../..\n");
    ASSERT_EQ(mounts.size(), 2u);
    EXPECT_EQ(mounts[0].own, "/inner");
    EXPECT_EQ(mounts[1].own, "") << "above the namespace's root there is nothing to go to";
}

TEST(FindCgroupMounts, MakesNothingOfWhatItDoesNotUnderstand) {
    EXPECT_TRUE(find_cgroup_mounts("", "").empty());
    EXPECT_TRUE(find_cgroup_mounts("garbage\n - cgroup2\n1 2 3 4 5 6 - cgroup2\n", "0::/\n").empty());
}
