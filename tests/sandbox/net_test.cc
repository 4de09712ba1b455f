// The network inside: lo with two addresses, reached from outside through sockets made inside.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstring>

#include "tests/sandbox/rig.h"

using namespace assay;
using namespace assay::sandbox;

namespace {

// Serves every connection one line; `address` as Python writes it.
Spec server(const std::string& address, int port, const char* more = "") {
    Spec spec = program({"python3", "-c",
                         "import socket,sys\n"
                         "s=socket.socket()\n" +
                             std::string(more) + "\ns.bind(('" + address + "'," + std::to_string(port) +
                             "))\ns.listen()\nprint('up',flush=True)\n"
                             "while True:\n c,_=s.accept()\n c.sendall(b'hello')\n c.close()\n"});
    spec.sockets = 3;
    return spec;
}

// Launches it and waits until it listens.
Launched serve(Rig& rig, Spec spec) {
    auto out = make_pipe();
    auto id = rig.launcher().launch(spec, {-1, out->write.get(), -1});
    EXPECT_TRUE(id);
    out->write.reset();
    auto launched = rig.expect<Launched>();
    char line[16];
    EXPECT_EQ(::read(out->read.get(), line, sizeof line), 3) << "the server did not come up";
    return launched;
}

// What a server at `address` says to a connection of `socket`; the errno's text when there is none.
std::string ask(const Fd& socket, const char* address, int port) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    ::inet_pton(AF_INET, address, &to.sin_addr);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS)
        return std::strerror(errno);
    pollfd ready{socket.get(), POLLIN, 0};
    if (::poll(&ready, 1, 5000) != 1) return "nothing";
    char text[64];
    ssize_t got = ::recv(socket.get(), text, sizeof text, 0);
    if (got < 0) return std::strerror(errno);
    return std::string(text, static_cast<std::size_t>(got));
}

}  // namespace

TEST(Net, ASocketMadeInsideReachesTheServer) {
    Rig rig;
    Launched launched = serve(rig, server("0.0.0.0", 8080));
    ASSERT_EQ(launched.sockets.size(), 3u);
    EXPECT_EQ(ask(launched.sockets[0], kServiceAddress, 8080), "hello");
    EXPECT_EQ(ask(launched.sockets[1], "127.0.0.1", 8080), "hello");
    EXPECT_EQ(ask(launched.sockets[2], kServiceAddress, 8081), "Connection refused");
    launched.sockets.clear();
    rig.stop(launched.id);
}

TEST(Net, AServerBoundToLoopbackAloneIsRefusedAtTheServiceAddress) {
    Rig rig;
    Launched launched = serve(rig, server("127.0.0.1", 8080));
    EXPECT_EQ(ask(launched.sockets[0], kServiceAddress, 8080), "Connection refused");
    EXPECT_EQ(ask(launched.sockets[1], "127.0.0.1", 8080), "hello");
    launched.sockets.clear();
    rig.stop(launched.id);
}

TEST(Net, LowPortsMayBeBound) {
    Rig rig;
    Launched launched = serve(rig, server("0.0.0.0", 80));
    EXPECT_EQ(ask(launched.sockets[0], kServiceAddress, 80), "hello");
    launched.sockets.clear();
    rig.stop(launched.id);
}

TEST(Net, MoreSocketsCanBeAskedFor) {
    Rig rig;
    Launched launched = serve(rig, server("0.0.0.0", 8080));
    ASSERT_TRUE(rig.launcher().open_sockets(launched.id, 5));
    auto more = rig.expect<Sockets>();
    EXPECT_EQ(more.id, launched.id);
    ASSERT_EQ(more.sockets.size(), 5u);
    EXPECT_EQ(ask(more.sockets[4], kServiceAddress, 8080), "hello");
    more.sockets.clear();
    launched.sockets.clear();
    rig.stop(launched.id);
}

TEST(Net, ThereIsNothingButLoopback) {
    Rig rig;
    Outcome outcome = rig.run(program({"python3", "-c",
                                       "import socket\nprint(sorted(n for _,n in socket.if_nameindex()))\n"
                                       "try: socket.create_connection(('8.8.8.8',53),1)\n"
                                       "except OSError as e: print(e)\n"
                                       "print(socket.gethostbyname('conduit'),socket.gethostbyname('localhost'))\n"}));
    EXPECT_EQ(outcome.out, "['lo']\n[Errno 101] Network is unreachable\n10.0.2.1 127.0.0.1\n") << outcome.err;
}

TEST(Net, TwoSandboxesCanShareOneNetwork) {
    Rig rig;
    Launched database = serve(rig, server("127.0.0.1", 5432));
    Spec client = program(
        {"python3", "-c", "import socket\nprint(socket.create_connection(('127.0.0.1',5432),5).recv(9).decode())"});
    client.net = Net::shared;
    client.net_of = database.id;
    EXPECT_EQ(rig.run(client).out, "hello\n");
    client.net = Net::recycled;
    EXPECT_EQ(rig.run(client).out, "") << "another sandbox does not see it";
    database.sockets.clear();
    rig.stop(database.id);
}

// The trap: TIME_WAIT sockets of an earlier sandbox hold the port against one that does not set SO_REUSEADDR.
TEST(Net, ARecycledNamespaceNeverHoldsThePortOfAnEarlierSandbox) {
    Rig rig;
    for (int round = 0; round < 6; ++round) {
        Launched launched = serve(rig, server("0.0.0.0", 8080));
        EXPECT_EQ(ask(launched.sockets[0], kServiceAddress, 8080),
                  "hello");  // the server closes first: TIME_WAIT is its
        launched.sockets.clear();
        rig.stop(launched.id);
    }
}

// The kernel lets go of a closed socket a moment later than close() returns, so on a loaded machine the very next
// launch may get another namespace: what counts is that many launches get along with few of them.
constexpr std::size_t kFew = 3;

static std::string net_of_a_launch(Rig& rig) { return rig.run(shell("readlink /proc/self/ns/net")).out; }

TEST(Net, NamespacesAreUsedAgainUnlessAFreshOneIsAskedFor) {
    Rig rig;
    std::set<std::string> recycled, fresh;
    for (int launch = 0; launch < 12; ++launch) recycled.insert(net_of_a_launch(rig));
    EXPECT_LE(recycled.size(), kFew);
    Spec spec = shell("readlink /proc/self/ns/net");
    spec.net = Net::fresh;
    for (int launch = 0; launch < 4; ++launch) {
        const std::string net = rig.run(spec).out;
        EXPECT_FALSE(recycled.contains(net));
        fresh.insert(net);
    }
    EXPECT_FALSE(fresh.contains(net_of_a_launch(rig)));
}

// It belongs to the sandbox's user namespace, where nobody but the seat has a capability.
TEST(Net, NothingOfAFreshOneCanBeChangedFromInside) {
    Rig rig;
    Spec spec = program({"python3", "-c",
                         "import fcntl,os,socket,struct\n"
                         "tried=0\n"
                         "for folder,_,names in os.walk('/proc/sys/net'):\n"
                         " for name in names:\n"
                         "  tried+=1\n"
                         "  try: os.open(folder+'/'+name,os.O_WRONLY); print('open',folder,name)\n"
                         "  except OSError: pass\n"
                         "s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\n"
                         "address=b'lo:2'.ljust(16,b'\\0')+struct.pack('=HH4s8x',2,0,bytes((10,0,0,9)))+bytes(8)\n"
                         "try: fcntl.ioctl(s,0x8916,address); print('address')\n"
                         "except OSError: pass\n"
                         "n=socket.socket(socket.AF_NETLINK,socket.SOCK_RAW,0)\n"
                         "down=struct.pack('=IHHII',32,16,5,1,0)+struct.pack('=BxHiII',0,0,1,0,1)\n"
                         "n.send(down); print('link',struct.unpack('=i',n.recv(4096)[16:20])[0])\n"
                         "print(tried>100)\n"});
    spec.net = Net::fresh;
    for (int launch = 0; launch < 2; ++launch) {
        Outcome outcome = rig.run(spec);
        EXPECT_EQ(outcome.out, "link -1\nTrue\n") << outcome.err;
    }
}

// Of a seat that is kept: nothing of the first is found in the second's.
TEST(Net, FreshOnesOfOneSeatAreEachNew) {
    Rig rig;
    for (int round = 0; round < 4; ++round) {
        Spec spec = server("0.0.0.0", 8080);
        spec.net = Net::fresh;
        Launched launched = serve(rig, spec);
        ASSERT_EQ(launched.sockets.size(), 3u);
        EXPECT_EQ(ask(launched.sockets[0], kServiceAddress, 8080), "hello");
        ASSERT_TRUE(rig.launcher().open_sockets(launched.id, 1));
        EXPECT_EQ(ask(rig.expect<Sockets>().sockets.at(0), "127.0.0.1", 8080), "hello");
        rig.stop(launched.id);  // with sockets of ours still open in it
        Spec look = shell("tail -n +2 /proc/net/tcp | wc -l; grep lo: /proc/net/dev");
        look.net = Net::fresh;
        const std::string seen = rig.run(look).out;
        EXPECT_EQ(seen.find("0\n"), 0u) << seen;
        EXPECT_NE(seen.find("lo:       0       0 "), std::string::npos) << seen;
    }
}

TEST(Net, ConnectionsThatTheServerClosedDoNotCostTheNamespace) {
    Rig rig;
    std::set<std::string> nets;
    for (int round = 0; round < 8; ++round) {
        nets.insert(net_of_a_launch(rig));
        Launched launched = serve(rig, server("0.0.0.0", 8080));
        for (const Fd& socket : launched.sockets) EXPECT_EQ(ask(socket, kServiceAddress, 8080), "hello");
        launched.sockets.clear();  // the server closed first: TIME_WAIT is on its side
        rig.stop(launched.id);
    }
    EXPECT_LE(nets.size(), kFew);
}

TEST(Net, SocketsThatTheParentStillHoldsKeepANamespaceFromReuse) {
    Rig rig;
    Launched first = serve(rig, server("0.0.0.0", 8080));
    rig.stop(first.id);
    Launched second = serve(rig, server("0.0.0.0", 8080));
    EXPECT_EQ(ask(first.sockets[0], kServiceAddress, 8080), "Connection refused") << "it would reach the second server";
    second.sockets.clear();
    rig.stop(second.id);
}
