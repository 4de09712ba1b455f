// Many launches, and many sandboxes at once: nothing is left, nothing grows. ASSAY_LAUNCHES=10000 makes it the full
// run.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>

#include "tests/sandbox/rig.h"

using namespace assay;
using namespace assay::sandbox;

namespace {

int launches() {
    const char* wanted = std::getenv("ASSAY_LAUNCHES");
    return wanted == nullptr ? 400 : std::atoi(wanted);
}

std::size_t lines_of(const std::string& path) {
    auto text = read_file(path);
    return text ? static_cast<std::size_t>(std::count(text->begin(), text->end(), '\n')) : 0;
}

// Resident memory, KiB.
long resident(int pid) {
    auto text = read_file("/proc/" + std::to_string(pid) + "/status");
    if (!text) return -1;
    const std::size_t at = text->find("VmRSS:");
    return at == std::string::npos ? -1 : std::atol(text->c_str() + at + 6);
}

struct Standing {
    std::size_t children, cgroups, mounts, mounts_inside;
    int descriptors, own_descriptors;
    long memory, own_memory;
};

Standing look(Rig& rig) {
    const int launcher = rig.launcher().pid();
    const std::string proc = "/proc/" + std::to_string(launcher);
    return {children_of(launcher).size(),
            cgroups_of_launcher(launcher),
            lines_of("/proc/self/mountinfo"),
            lines_of(proc + "/mountinfo"),
            open_descriptors(launcher),
            open_descriptors(::getpid()),
            resident(launcher),
            resident(::getpid())};
}

// A few of each kind: recycled and fresh namespaces, alone and several at once, with children, ended and killed.
void launch_some(Rig& rig, int count) {
    for (int i = 0; i < count; i += 8) {
        std::map<SandboxId, bool> to_kill;
        for (int k = 0; k < 8; ++k) {
            const bool kill = k == 7;
            Spec spec = kill ? shell("sleep 100 & sleep 100") : k == 6 ? shell("true & true") : program({"/bin/true"});
            spec.sockets = 2;
            spec.limits.memory = 64_MiB;
            if (k % 4 == 0) spec.net = Net::fresh;
            auto id = rig.launcher().launch(spec, {});
            ASSERT_TRUE(id);
            to_kill[*id] = kill;
        }
        for (int ended = 0; ended < 8;) {
            Reply reply = rig.next();
            ASSERT_FALSE(std::holds_alternative<LaunchFailed>(reply))
                << std::get<LaunchFailed>(reply).error.to_string();
            auto* launched = std::get_if<Launched>(&reply);
            if (launched != nullptr && to_kill[launched->id]) {
                ASSERT_TRUE(rig.launcher().kill(launched->id));
            }
            if (std::holds_alternative<Ended>(reply)) ++ended;
        }
    }
}

}  // namespace

TEST(Endurance, ManyLaunchesLeaveNothingAndNothingGrows) {
    Rig rig;
    launch_some(rig, 160);  // seats and heap reach their size
    const Standing before = look(rig);
    launch_some(rig, launches());
    // Seats that serve nobody any more end in their own time.
    EXPECT_TRUE(eventually([&] { return look(rig).children <= before.children + 2; }));
    EXPECT_TRUE(eventually([&] { return look(rig).cgroups <= before.cgroups + 6; }));
    const Standing after = look(rig);
    EXPECT_TRUE(inits_of(rig.launcher().pid()).empty());
    EXPECT_EQ(after.mounts, before.mounts);
    EXPECT_EQ(after.mounts_inside, before.mounts_inside);
    EXPECT_LE(after.descriptors, before.descriptors + 40) << "a seat holds some twenty";
    EXPECT_EQ(after.own_descriptors, before.own_descriptors);
    EXPECT_LE(after.memory, before.memory + 512);
    EXPECT_LE(after.own_memory, before.own_memory + 2048);
}

TEST(Endurance, TwoHundredAndFiftySixAtOnceRunAndAnswer) {
    constexpr std::size_t kMany = 256;
    Rig rig;
    Spec spec = program({"/probe", "serve"});
    spec.sockets = 1;
    spec.limits.memory = 32_MiB;
    spec.limits.processes = 8;
    for (std::size_t i = 0; i < kMany; ++i) ASSERT_TRUE(rig.launcher().launch(spec, {}));
    std::vector<Launched> all;
    while (all.size() < kMany) all.push_back(rig.expect<Launched>());
    EXPECT_EQ(inits_of(rig.launcher().pid()).size(), kMany);

    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(8080);
    ::inet_pton(AF_INET, kServiceAddress, &address.sin_addr);
    std::size_t answers = 0;
    for (Launched& one : all) {
        // Not yet listening is possible: a refused connection takes another socket.
        const bool answered = eventually([&] {
            if (one.sockets.empty()) {
                EXPECT_TRUE(rig.launcher().open_sockets(one.id, 1));
                one.sockets = rig.expect<Sockets>().sockets;
            }
            Fd socket = std::move(one.sockets.back());
            one.sockets.clear();
            ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
            pollfd ready{socket.get(), POLLIN, 0};
            char text[8] = {};
            return ::poll(&ready, 1, 20'000) == 1 && ::recv(socket.get(), text, sizeof text, 0) == 5 &&
                   std::memcmp(text, "hello", 5) == 0;
        });
        answers += answered ? 1 : 0;
    }
    EXPECT_EQ(answers, kMany);
    for (const Launched& one : all) ASSERT_TRUE(rig.launcher().kill(one.id));
    for (std::size_t ended = 0; ended < kMany; ++ended) EXPECT_EQ(rig.expect<Ended>().exit.how, Exit::How::killed);
    EXPECT_TRUE(inits_of(rig.launcher().pid()).empty());
}
