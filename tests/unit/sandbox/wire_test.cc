#include "sandbox/wire.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

using namespace assay;
using namespace assay::sandbox;

namespace {

wire::Launch full_launch() {
    wire::Launch launch;
    launch.id = 0x1122334455667788;
    launch.stdio = 5;
    Spec& spec = launch.spec;
    spec.label = "label";
    spec.argv = {"a", "", std::string("b\0c", 3)};
    spec.env = {{"K", "V"}, {"EMPTY", ""}};
    spec.work_dir = "/work";
    spec.home = "/home/x";
    spec.work_tree.lower = {"/l1", "/l2"};
    spec.binds = {{"/s", "/t", true}, {"/u", "/v", false}};
    spec.limits = {1_GiB, 7, 3_MiB, 11, 13, 17_KiB, std::chrono::seconds(19), std::chrono::seconds(23), 1.5};
    spec.net = Net::shared;
    spec.net_of = 29;
    spec.sockets = 31;
    spec.policy = "builder";
    spec.outlive_main = false;
    return launch;
}

struct Pair {
    Fd a;
    Fd b;
};

Pair make_pair() {
    int raw[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, raw), 0);
    return {Fd(raw[0]), Fd(raw[1])};
}

}  // namespace

TEST(Wire, ALaunchComesBackFieldByField) {
    auto decoded = wire::decode<wire::Launch>(wire::encode(full_launch()));
    ASSERT_TRUE(decoded);
    // Encoded again it must be the same bytes: no field is lost or altered on the way.
    EXPECT_EQ(wire::encode(*decoded), wire::encode(full_launch()));
    EXPECT_EQ(decoded->id, 0x1122334455667788u);
    EXPECT_EQ(decoded->spec.argv[2], std::string("b\0c", 3));
    EXPECT_EQ(decoded->spec.env[1].first, "EMPTY");
    EXPECT_TRUE(decoded->spec.binds[0].writable);
    EXPECT_EQ(decoded->spec.limits.wall_time, std::chrono::seconds(23));
    EXPECT_EQ(decoded->spec.limits.cpus, 1.5);
    EXPECT_EQ(decoded->spec.net, Net::shared);
    EXPECT_FALSE(decoded->spec.outlive_main);
}

TEST(Wire, AnExitComesBackFieldByField) {
    wire::End end;
    end.id = 3;
    end.exit = {Exit::How::limit, 5, "memory", {"memory", "disk"}, {"cpus"}, {}, false, {}};
    end.exit.usage = {Micros(1), Micros(2), Micros(3), 4_KiB,      5_KiB,      6,          7_MiB,
                      8,         {},        9,         Micros(10), Micros(11), Micros(12), Micros(13)};
    end.refused = {{0xc000003e, 41, 97, true, 40, 14}, {0, -1, 0, false, 0, 15}};
    auto decoded = wire::decode<wire::End>(wire::encode(end));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->exit.how, Exit::How::limit);
    EXPECT_EQ(decoded->exit.limits_hit, (std::vector<std::string>{"memory", "disk"}));
    EXPECT_EQ(decoded->exit.unenforced, std::vector<std::string>{"cpus"});
    EXPECT_EQ(decoded->exit.usage.disk, 7_MiB);
    EXPECT_EQ(decoded->exit.usage.stalled_io, Micros(13));
    EXPECT_FALSE(decoded->exit.refusals_seen);
    ASSERT_EQ(decoded->refused.size(), 2u);
    EXPECT_EQ(decoded->refused[0].error, 97);
    EXPECT_EQ(decoded->refused[0].argument, 40u);
    EXPECT_EQ(decoded->refused[1].count, 15u);
    EXPECT_EQ(wire::encode(*decoded), wire::encode(end));
}

TEST(Wire, EveryTruncationIsAnError) {
    const std::string bytes = wire::encode(full_launch());
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(wire::decode<wire::Launch>(std::string_view(bytes).substr(0, size))) << size;
    EXPECT_FALSE(wire::decode<wire::Launch>(bytes + "x")) << "what is left over is an error as well";
}

TEST(Wire, ACountThatTheMessageCannotHoldIsAnErrorNotAnAllocation) {
    std::string bytes = wire::encode(wire::Ready{});
    bytes = std::string(8, '\0') + "\xff\xff\xff\xff";  // Failure: id, then a step of four gigabytes
    EXPECT_FALSE(wire::decode<wire::Failure>(bytes));
    WorkTree tree;
    wire::Decoder decoder("\xff\xff\xff\x7f");
    decoder(tree);
    EXPECT_FALSE(decoder.complete());
    EXPECT_TRUE(tree.lower.empty());
}

TEST(Wire, DescriptorsTravelBesideTheMessage) {
    Pair pair = make_pair();
    auto pipe = make_pipe();
    ASSERT_TRUE(wire::send(pair.a.get(), wire::Kind::launched, "body", {pipe->write.get()}, true));
    pipe->write.reset();
    auto message = wire::receive(pair.b.get(), true);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->kind, wire::Kind::launched);
    EXPECT_EQ(message->body, "body");
    ASSERT_EQ(message->fds.size(), 1u);
    EXPECT_EQ(::fcntl(message->fds[0].get(), F_GETFD), FD_CLOEXEC);
    ASSERT_TRUE(write_all(message->fds[0].get(), "through"));
    message->fds.clear();
    EXPECT_EQ(*read_all(pipe->read.get()), "through");
}

TEST(Wire, BodiesLargerThanADatagramArriveWhole) {
    Pair pair = make_pair();
    auto pipe = make_pipe();
    std::string large(3'000'000, 'x');
    large[2'999'999] = 'y';
    ASSERT_TRUE(wire::send(pair.a.get(), wire::Kind::hello, large, {pipe->read.get()}, true));
    auto message = wire::receive(pair.b.get(), true);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->body, large);
    EXPECT_EQ(message->fds.size(), 1u) << "the file that carried the body is not handed on";
}

TEST(Wire, TellsAnEmptySocketFromAClosedOne) {
    Pair pair = make_pair();
    EXPECT_EQ(wire::receive(pair.b.get(), false).error().code, EAGAIN);
    pair.a.reset();
    EXPECT_EQ(wire::receive(pair.b.get(), false).error().code, EPIPE);
    EXPECT_FALSE(wire::send(pair.b.get(), wire::Kind::kill, "", {}, false)) << "an error, not a signal";
}
