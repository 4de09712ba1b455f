#include "tools/serve/listen.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>

#include "tests/unit/temp_dir.h"

using namespace assay;
using namespace assay::serve;

namespace {

// A socket as a program leaves it that was killed.
void leave_socket(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

mode_t mode(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

}  // namespace

TEST(ReadAddress, TakesUnixSocketsHostsAndPorts) {
    EXPECT_EQ(read_address("unix:/run/a.sock")->path, "/run/a.sock");
    EXPECT_EQ(read_address("127.0.0.1:8080")->host, "127.0.0.1");
    EXPECT_EQ(read_address("localhost:0")->port, "0");
    EXPECT_EQ(read_address("[::1]:80")->host, "::1");
    for (const char* wrong : {"", "unix:", "8080", ":8080", "host:", "host:http", "host:70000", "::1:80", "host:-1"})
        EXPECT_FALSE(read_address(wrong)) << wrong;
    EXPECT_FALSE(read_address("unix:/" + std::string(120, 'a'))) << "a socket's path is short";
}

TEST(Listener, IsItsUsersAlone) {
    const TempDir dir;
    const std::string path = dir / "a/b/s.sock";
    {
        auto listener = Listener::open({path, {}, {}});
        ASSERT_TRUE(listener) << listener.error().to_string();
        EXPECT_EQ(listener->name(), "unix:" + path);
        EXPECT_FALSE(listener->network());
        EXPECT_EQ(mode(path), 0600u);
        EXPECT_EQ(mode(dir / "a/b"), 0700u);
        EXPECT_EQ(mode(dir / "a"), 0700u);
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Listener, ReplacesADeadOneAndNamesALiveOne) {
    const TempDir dir;
    const std::string path = dir / "s.sock";
    leave_socket(path);
    auto first = Listener::open({path, {}, {}});
    ASSERT_TRUE(first) << first.error().to_string();
    const auto second = Listener::open({path, {}, {}});
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().detail.find(path), std::string::npos);
    EXPECT_TRUE(std::filesystem::exists(path)) << "who failed takes nothing with it";
    const auto file = Listener::open({dir.write("file", "text"), {}, {}});
    EXPECT_FALSE(file);
    EXPECT_TRUE(std::filesystem::exists(dir / "file"));
}

TEST(Listener, SaysWhichPortItGot) {
    auto listener = Listener::open(*read_address("127.0.0.1:0"));
    ASSERT_TRUE(listener) << listener.error().to_string();
    EXPECT_TRUE(listener->network());
    EXPECT_TRUE(listener->name().starts_with("http://127.0.0.1:"));
    EXPECT_FALSE(listener->name().ends_with(":0"));
    EXPECT_FALSE(Listener::open(*read_address(listener->name().substr(7)))) << "it is taken";
}
