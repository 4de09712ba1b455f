// The findings on hosts that are not this one: trees of files.
#include "sandbox/host_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/unit/temp_dir.h"

using namespace assay::sandbox;
using State = Finding::State;
namespace fs = std::filesystem;

namespace {

// A host on which everything is as it should be.
class FakeHost {
 public:
    FakeHost() {
        set("sys/kernel/osrelease", "6.1.0-18-amd64\n");
        set("self/ns/user", "");
        set("sys/user/max_user_namespaces", "10000\n");
        set("sys/kernel/seccomp/actions_avail", "kill_process trap errno user_notif allow\n");
        set("filesystems", "nodev\tproc\nnodev\toverlay\n\text4\n");
        set("self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        set("sys/kernel/pid_max", "4194304\n");
        set("sys/fs/inotify/max_user_instances", "8192\n");
        set("pressure/cpu", "some avg10=0.00\n");
    }
    void set(const std::string& path, const std::string& text) { dir_.write("proc/" + path, text); }
    void remove(const std::string& path) { fs::remove_all(dir_ / ("proc/" + path)); }
    Finding finding(const std::string& name) {
        view.root = dir_.path();
        auto all = check_kernel(view);
        auto at = std::find_if(all.begin(), all.end(), [&](const Finding& each) { return each.name == name; });
        if (at == all.end()) throw std::runtime_error("no finding " + name);
        return *at;
    }

    HostView view;

 private:
    assay::TempDir dir_;
};

}  // namespace

TEST(HostCheck, FindsNothingToComplainAboutOnAGoodHost) {
    FakeHost host;
    host.finding("kernel");
    for (const Finding& each : check_kernel(host.view)) {
        EXPECT_EQ(each.state, State::good) << each.name << ": " << each.found;
        EXPECT_EQ(each.remedy + each.without, "") << each.name;
    }
}

TEST(HostCheck, NamesAKernelThatIsTooOld) {
    FakeHost host;
    host.set("sys/kernel/osrelease", "5.10.0-28-amd64\n");
    EXPECT_EQ(host.finding("kernel").state, State::missing);
    host.set("sys/kernel/osrelease", "5.12.0\n");
    EXPECT_EQ(host.finding("kernel").state, State::good);
}

TEST(HostCheck, NamesTheSettingThatForbidsUserNamespaces) {
    FakeHost host;
    host.set("sys/kernel/apparmor_restrict_unprivileged_userns", "1\n");
    EXPECT_EQ(host.finding("user namespaces").state, State::missing);
    EXPECT_NE(host.finding("user namespaces").remedy.find("sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"),
              std::string::npos);
    host.view.superuser = true;
    EXPECT_EQ(host.finding("user namespaces").state, State::limited) << "root is not held by it";
    host.set("sys/kernel/unprivileged_userns_clone", "0\n");
    EXPECT_EQ(host.finding("user namespaces").remedy, "sysctl -w kernel.unprivileged_userns_clone=1");
    host.set("sys/user/max_user_namespaces", "0\n");
    EXPECT_EQ(host.finding("user namespaces").state, State::missing) << "root neither";
    host.remove("self/ns/user");
    EXPECT_NE(host.finding("user namespaces").remedy.find("CONFIG_USER_NS"), std::string::npos);
}

TEST(HostCheck, TellsCgroupVersionsApart) {
    FakeHost host;
    EXPECT_EQ(host.finding("cgroups").found, "v2");
    host.set("self/mountinfo", "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n");
    EXPECT_EQ(host.finding("cgroups").found, "v1");
    host.set("self/mountinfo", "25 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
    EXPECT_EQ(host.finding("cgroups").state, State::limited);
}

TEST(HostCheck, NamesWhatTheKernelLacks) {
    FakeHost host;
    host.set("sys/kernel/seccomp/actions_avail", "kill_process trap errno allow\n");
    EXPECT_EQ(host.finding("seccomp").state, State::limited);
    host.remove("sys/kernel/seccomp");
    EXPECT_EQ(host.finding("seccomp").state, State::missing);
    host.set("filesystems", "\text4\n");
    EXPECT_EQ(host.finding("overlayfs").remedy, "modprobe overlay");
    host.remove("pressure");
    EXPECT_EQ(host.finding("pressure files").state, State::limited);
}

TEST(HostCheck, ComparesLimitsWithWhatABatchNeeds) {
    FakeHost host;
    EXPECT_EQ(host.finding("open files").found, "no limit");
    host.view.files = 1024;
    host.view.processes = 100;
    host.set("sys/kernel/pid_max", "4096\n");
    host.set("sys/fs/inotify/max_user_instances", "128\n");
    for (const char* name : {"open files", "processes of the user", "process numbers", "inotify instances"}) {
        EXPECT_EQ(host.finding(name).state, State::limited) << name;
        EXPECT_NE(host.finding(name).remedy, "") << name;
        EXPECT_NE(host.finding(name).without, "") << name;
    }
}
