// Threads and processes that ask for the same at once; processes that die while they build.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>

#include <thread>

#include "tests/images/fixture.h"

using namespace assay;
using namespace assay::images;

namespace {

// Runs `body` in a process of its own and gives its exit status, or minus the signal that ended it.
template <typename Body>
pid_t start_process(const Body& body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    return child;
}

int wait_for(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

constexpr int kUnreachable = 77;

}  // namespace

TEST_F(RealBuild, TwoProcessesWithTwoThreadsEachBuildALayerOnce) {
    const auto ask = [this] {
        auto store = LayerStore::open(options());
        if (!store) return 1;
        std::atomic<int> failed{0};
        {
            std::jthread other([&] {
                if (!store->ensure(python("six==1.16.0"))) failed = 2;
            });
            auto layer = store->ensure(python("six==1.16.0"));
            if (!layer) failed = layer.error().reason == LayerFailure::Reason::registry_unreachable ? kUnreachable : 3;
        }
        return failed.load();
    };
    const pid_t first = start_process(ask), second = start_process(ask);
    const int status = wait_for(first);
    const int other = wait_for(second);
    if (status == kUnreachable || other == kUnreachable) GTEST_SKIP() << "the registry cannot be reached from here";
    EXPECT_EQ(status, 0);
    EXPECT_EQ(other, 0);
    // Every build commits: a second one would have had to replace the first.
    auto store = open();
    ASSERT_EQ(store.store().list().size(), 1u);
    EXPECT_TRUE(std::filesystem::is_empty(path_ + "/building"));
    EXPECT_TRUE(std::filesystem::is_empty(path_ + "/trash"));
    EXPECT_TRUE(std::filesystem::is_empty(path_ + "/failed"));
}

TEST_F(RealBuild, AKilledBuilderLeavesNothingBehind) {
    const pid_t child = start_process([this] {
        auto store = LayerStore::open(options());
        if (store) (void)store->ensure(python("numpy==2.3.0\npandas==2.3.0\nscipy==1.15.3\n"));
        return 0;
    });
    // Until the installer has begun.
    const Instant begin = Clock::now();
    std::string building;
    while (building.empty() && Clock::now() - begin < std::chrono::seconds(20)) {
        std::error_code ignored;
        for (const auto& entry : std::filesystem::directory_iterator(path_ + "/building", ignored))
            if (std::filesystem::exists(entry.path() / "tmp", ignored)) building = entry.path();
        std::this_thread::sleep_for(Millis(10));
    }
    std::this_thread::sleep_for(Millis(300));
    ::kill(child, SIGKILL);
    const int status = wait_for(child);
    if (status == 0 || building.empty()) GTEST_SKIP() << "the build ended before it could be killed";
    EXPECT_EQ(status, -SIGKILL);
    ASSERT_TRUE(std::filesystem::exists(building));

    // Its launcher ends its sandboxes by itself; then nobody has the directory mounted any more.
    const auto mounted = [&] {
        for (const auto& process : std::filesystem::directory_iterator("/proc")) {
            std::ifstream mounts(process.path() / "mountinfo");
            const std::string text((std::istreambuf_iterator<char>(mounts)), {});
            if (text.find(building) != std::string::npos) return true;
        }
        return false;
    };
    while (mounted() && Clock::now() - begin < std::chrono::seconds(30)) std::this_thread::sleep_for(Millis(20));
    EXPECT_FALSE(mounted());

    auto store = open();
    for (const char* folder : {"building", "trash", "layers", "locks"})
        EXPECT_TRUE(std::filesystem::is_empty(path_ + "/" + folder)) << folder;
}
