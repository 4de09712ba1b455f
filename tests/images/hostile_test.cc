// Everything that goes wrong while a layer is built: the right word for it, and a store that is as good as before.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "base/tree.h"
#include "tests/images/fixture.h"

using namespace assay;
using namespace assay::images;
using testing::HasSubstr;
using Reason = LayerFailure::Reason;
namespace fs = std::filesystem;

namespace {

// A folder of packages for pip, so that what they do is ours to say and no registry is needed.
class HostileBuild : public RealBuild {
 protected:
    void SetUp() override {
        RealBuild::SetUp();
        char name[] = "/tmp/assay-packages-test-XXXXXX";
        packages_ = ::mkdtemp(name);
        fs::permissions(packages_, fs::perms{0755});
    }
    void TearDown() override {
        (void)remove_tree(packages_);
        RealBuild::TearDown();
    }

    // "evil" 1.0 as source: its own build backend, whose build_wheel() does `deed` first.
    void publish(const std::string& deed) const {
        const std::string source = packages_ + "/evil-1.0";
        fs::create_directories(source);
        ASSERT_TRUE(
            replace_file(source + "/pyproject.toml",
                         "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n"));
        ASSERT_TRUE(replace_file(source + "/PKG-INFO", "Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n"));
        ASSERT_TRUE(replace_file(source + "/backend.py", R"py(
import os, time, zipfile
def build_wheel(directory, settings=None, metadata=None):
    deed()
    name = 'evil-1.0-py3-none-any.whl'
    with zipfile.ZipFile(os.path.join(directory, name), 'w') as wheel:
        wheel.writestr('evil.py', 'answer = 42\n')
        wheel.writestr('evil-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n')
        wheel.writestr('evil-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
        wheel.writestr('evil-1.0.dist-info/RECORD', '')
    return name
def deed():
)py" + deed + "\n"));
        const std::string pack = "tar -C " + packages_ + " -czf " + packages_ + "/evil-1.0.tar.gz evil-1.0";
        ASSERT_EQ(std::system(pack.c_str()), 0);
        (void)remove_tree(source);
    }

    LayerStore::Options local() const {
        auto own = options();
        own.environment["PIP_FIND_LINKS"] = packages_;
        own.environment["PIP_NO_INDEX"] = "1";
        own.believe_failures = std::chrono::seconds(0);  // the next one is asked for at once
        return own;
    }
    static LayerRequest evil() { return python("evil==1.0\n"); }

    void expect_nothing_left() const {
        for (const char* folder : {"building", "trash"}) EXPECT_TRUE(fs::is_empty(path_ + "/" + folder)) << folder;
    }
    // The same key, with the cause gone: it builds, serves, and goes.
    void expect_sound() const {
        expect_nothing_left();
        publish("    pass");
        auto store = open(local());
        {
            auto layer = store.ensure(evil());
            ASSERT_TRUE(layer) << log_of(layer.error());
            const auto ran = run(store, *layer, "python", {"python3", "-c", "import evil; print(evil.answer)"});
            EXPECT_EQ(ran.output, "42\n");
        }
        ASSERT_TRUE(store.store().collect(Bytes{}));
        for (const char* folder : {"building", "trash", "layers", "locks", "failed"})
            EXPECT_TRUE(fs::is_empty(path_ + "/" + folder)) << folder;
    }
    // Builds it with what was published; the reason when there is none.
    std::optional<LayerFailure> build(const LayerStore::Options& how) const {
        auto layer = open(how).ensure(evil());
        if (layer) return std::nullopt;
        return std::move(layer.error());
    }

    std::string packages_;
};

}  // namespace

TEST_F(HostileBuild, AScriptThatForksWithoutEndIsTheSubmissionsFailure) {
    publish("    while True:\n        if os.fork() == 0: time.sleep(3); os._exit(0)");
    auto how = local();
    how.limits.processes = 64;
    const auto failure = build(how);
    ASSERT_TRUE(failure);
    EXPECT_TRUE(failure->of_submission()) << log_of(*failure);
    expect_sound();
}

TEST_F(HostileBuild, AScriptThatKillsEverythingItSeesIsTheSubmissionsFailure) {
    publish("    os.kill(-1, 9)\n    os.kill(os.getppid(), 9)\n    os.kill(os.getpid(), 9)");
    const auto failure = build(local());
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->reason, Reason::install_failed) << log_of(*failure);
    expect_sound();
}

TEST_F(HostileBuild, AScriptThatFillsTheDiskMeetsTheBuildsLimit) {
    publish(
        "    with open('/usr/local/big', 'wb') as big:\n        while True: big.write(bytes(1 << 20)); big.flush(); "
        "time.sleep(0.002)");
    auto how = local();
    how.limits.disk = Bytes{40u << 20};
    const auto failure = build(how);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->reason, Reason::limit_exceeded) << log_of(*failure);
    expect_sound();
}

TEST_F(HostileBuild, AScriptThatWritesElsewhereWritesNowhere) {
    publish(
        R"py(    for path in ('/etc/evil', '/usr/bin/evil', '/usr/lib/evil', '/.assay/evil', '/app/../evil', '/proc/sys/kernel/evil'):
        try: open(path, 'w').write('x'); print('WROTE', path)
        except OSError: pass)py");
    auto store = open(local());
    auto layer = store.ensure(evil());
    ASSERT_TRUE(layer) << log_of(layer.error());
    EXPECT_THAT(read_file(layer->path() + "/build.log").value_or(""), testing::Not(HasSubstr("WROTE")));
    EXPECT_FALSE(fs::exists("/etc/evil") || fs::exists("/usr/bin/evil") || fs::exists("/evil"));
    expect_nothing_left();
}

TEST_F(HostileBuild, AnInstallThatNeverEndsIsEnded) {
    publish("    time.sleep(100000)");
    auto how = local();
    how.limits.wall_time = std::chrono::seconds(12);
    const Instant begin = Clock::now();
    const auto failure = build(how);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->reason, Reason::limit_exceeded) << log_of(*failure);
    EXPECT_LT(Clock::now() - begin, std::chrono::seconds(60));
    expect_sound();
}

TEST_F(HostileBuild, ARegistryThatTakesConnectionsAndSaysNothingIsAFault) {
    const Fd silent(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(silent.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(silent.get(), 16), 0);
    ASSERT_EQ(::getsockname(silent.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    const std::string url = "http://127.0.0.1:" + std::to_string(::ntohs(address.sin_port)) + "/simple";
    auto how = options();
    how.believe_failures = std::chrono::seconds(0);
    how.environment.erase("PIP_NO_INDEX");
    how.environment["PIP_INDEX_URL"] = url;
    how.environment["PIP_RETRIES"] = "0";
    how.environment["PIP_DEFAULT_TIMEOUT"] = "2";
    const auto failure = build(how);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->reason, Reason::registry_unreachable) << log_of(*failure);
    expect_sound();
}

TEST_F(HostileBuild, AFullDiskIsAFaultAndTheNextBuildIsFine) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can mount a small disk; the build's own limit is tested above";
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(::mount("small", path_.c_str(), "tmpfs", 0, "size=12m,mode=0755"), 0);
    // A wheel: nobody's code runs, so that what pip says about the disk is believed.
    const std::string make =
        "cd " + packages_ +
        " && python3 -c \"\nimport zipfile, os\nw = zipfile.ZipFile('evil-1.0-py3-none-any.whl', 'w')\n"
        "w.writestr('evil.py', 'answer = 42\\n')\nw.writestr('evil.bin', os.urandom(24 << 20))\n"
        "w.writestr('evil-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: evil\\nVersion: 1.0\\n')\n"
        "w.writestr('evil-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: "
        "true\\nTag: py3-none-any\\n')\nw.writestr('evil-1.0.dist-info/RECORD', '')\nw.close()\"";
    ASSERT_EQ(std::system(make.c_str()), 0);
    auto how = local();
    how.store.min_free = Bytes{};
    const auto failure = build(how);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->reason, Reason::disk_full) << log_of(*failure);
    expect_nothing_left();
    // Asked before a build begins, too.
    how.store.min_free = Bytes{1u << 30};
    EXPECT_EQ(build(how)->reason, Reason::disk_full);
    ASSERT_EQ(::mount("small", path_.c_str(), "tmpfs", MS_REMOUNT, "size=400m,mode=0755"), 0);
    fs::remove(packages_ + "/evil-1.0-py3-none-any.whl");
    expect_sound();
    ::umount2(path_.c_str(), MNT_DETACH);
}
