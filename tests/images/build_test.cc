// Layers built for real: what is in them, that servers find it, and whose fault it is when there is none.
#include <gmock/gmock.h>
#include <unistd.h>

#include <thread>

#include "tests/images/fixture.h"

using namespace assay;
using namespace assay::images;
using testing::Contains;
using testing::HasSubstr;
using Reason = LayerFailure::Reason;

TEST_F(RealBuild, PythonFindsPackagesAndTheirScriptsWithoutBeingTold) {
    auto store = open();
    auto layer = store.ensure(python("wheel==0.45.1\nsix==1.16.0\n"));
    ASSAY_NEEDS_REGISTRY(layer);
    ASSERT_TRUE(layer) << log_of(layer.error());
    EXPECT_THAT(layer->info().contents, Contains("six 1.16.0"));

    auto ran = run(store, *layer, "python",
                   {"python", "-c", "import six, sys; print(six.__file__, sys.flags.hash_randomization)"});
    EXPECT_EQ(ran.status, 0) << ran.output;
    EXPECT_THAT(ran.output, HasSubstr("/usr/local/lib/python3"));
    EXPECT_THAT(ran.output, HasSubstr(" 0\n"));
    ran = run(store, *layer, "python", {"wheel", "version"});  // a console script, by PATH
    EXPECT_EQ(ran.status, 0) << ran.output;
    EXPECT_THAT(ran.output, HasSubstr("0.45.1"));
    ran = run(store, *layer, "python", {"pip", "install", "-r", "/dev/stdin"});
    EXPECT_EQ(ran.status, 0) << ran.output;
    // Compiled when it was built, not by every server anew.
    ran = run(store, *layer, "python", {"python3", "-c", "import six; print(six.__cached__)"});
    EXPECT_EQ(::access((layer->path() + "/tree" + ran.output.substr(10, ran.output.size() - 11)).c_str(), R_OK), 0)
        << ran.output;
    ran = run(store, *layer, "python", {"sh", "-c", "touch /usr/local/x; ls /.assay; id -u"});
    EXPECT_THAT(ran.output, HasSubstr("Read-only file system"));
    EXPECT_THAT(ran.output, HasSubstr("1000\n"));
}

TEST_F(RealBuild, PythonDoesNotSeeWhatTheHostHasInstalledForItself) {
    auto store = open();
    const auto ran =
        run(store, Layer(), "python",
            {"python3", "-c",
             "import sys, os\nfor p in sys.path:\n  if os.path.isdir(p) and 'packages' in p: print(os.listdir(p))"});
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(ran.output, "['pip']\n");
}

TEST_F(RealBuild, NodeFindsItsModulesUnderTheWorkTree) {
    auto store = open();
    auto layer = store.ensure(node(R"({"name": "x", "type": "module", "dependencies": {"is-number": "7.0.0"}})"));
    ASSAY_NEEDS_REGISTRY(layer);
    ASSERT_TRUE(layer) << log_of(layer.error());
    EXPECT_THAT(layer->info().contents, Contains("is-number 7.0.0"));
    auto ran = run(store, *layer, "node", {"node", "-e", "console.log(require('is-number')('5'), process.cwd())"});
    EXPECT_EQ(ran.output, "true /app\n");
    // Only what was installed is there: the package.json is the submission's own.
    ran = run(store, *layer, "node", {"sh", "-c", "ls -A; touch own node_modules/more && echo writable"});
    EXPECT_EQ(ran.output, "node_modules\nwritable\n");
    EXPECT_FALSE(std::filesystem::exists(layer->path() + "/tree/node_modules/more"));
}

TEST_F(RealBuild, ASecondRequestForTheSameIsAnsweredFromTheStore) {
    std::string key;
    {
        auto store = open();
        auto layer = store.ensure(python("six==1.16.0"));
        ASSAY_NEEDS_REGISTRY(layer);
        ASSERT_TRUE(layer) << log_of(layer.error());
        key = layer->info().key;
    }
    auto offline = options();
    offline.offline = true;
    auto store = open(offline);
    auto again = store.ensure(python("# the same\nsix==1.16.0\n"));
    ASSERT_TRUE(again) << log_of(again.error());
    EXPECT_EQ(again->info().key, key);
    auto other = store.ensure(python("six==1.15.0"));
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().reason, Reason::offline);
    EXPECT_FALSE(other.error().of_submission());
}

TEST_F(RealBuild, APackageThatDoesNotExistIsTheSubmissionsFailure) {
    auto store = open();
    const auto request = python("six==1.16.0\nassay-tests-no-such-package==1.0\n");
    auto layer = store.ensure(request);
    ASSAY_NEEDS_REGISTRY(layer);
    ASSERT_FALSE(layer);
    EXPECT_EQ(layer.error().reason, Reason::package_not_found) << log_of(layer.error());
    EXPECT_TRUE(layer.error().of_submission());
    EXPECT_THAT(layer.error().what, HasSubstr("requirements.txt:2: "));
    EXPECT_FALSE(layer.error().last_lines.empty());
    EXPECT_TRUE(std::filesystem::exists(layer.error().log));
    EXPECT_TRUE(std::filesystem::is_empty(path_ + "/building"));
    // Believed for a while: asked again, nothing is built, and the log still is there.
    auto unable = options();
    unable.launcher.program = "/nonexistent";
    auto again = open(unable).ensure(request);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().reason, Reason::package_not_found);
    EXPECT_EQ(again.error().log, layer.error().log);

    layer = store.ensure(node(R"({"dependencies": {"assay-tests-no-such-package": "1.0.0"}})"));
    ASSERT_FALSE(layer);
    EXPECT_EQ(layer.error().reason, Reason::package_not_found) << log_of(layer.error());
    EXPECT_THAT(layer.error().what, HasSubstr("package.json:1: "));
}

TEST_F(RealBuild, TellsTheOtherFailuresOfASubmissionApart) {
    auto store = open();
    auto layer = store.ensure(python("six==99.0"));
    ASSAY_NEEDS_REGISTRY(layer);
    EXPECT_EQ(layer.error().reason, Reason::version_not_found) << log_of(layer.error());
    layer = store.ensure(python("six=1.0"));
    EXPECT_EQ(layer.error().reason, Reason::invalid_manifest) << log_of(layer.error());
    layer = store.ensure(node(R"({"dependencies": {"is-number": "99.0.0"}})"));
    EXPECT_EQ(layer.error().reason, Reason::version_not_found) << log_of(layer.error());
    layer = store.ensure(node(R"({"dependencies": {"is-number": "7.0.0"}})", "npm ci"));  // without a lock
    EXPECT_EQ(layer.error().reason, Reason::invalid_manifest) << log_of(layer.error());
    layer = store.ensure(node("{"));
    EXPECT_EQ(layer.error().reason, Reason::invalid_manifest);
    EXPECT_TRUE(layer.error().log.empty());  // no build was needed to see it
}

TEST_F(RealBuild, ReachesNoHostThatIsNotOnTheList) {
    auto store = open();
    auto layer = store.ensure(python("https://files.invalid/assay-1.0-py3-none-any.whl"));
    ASSERT_FALSE(layer);
    EXPECT_EQ(layer.error().reason, Reason::egress_refused) << log_of(layer.error());
    EXPECT_THAT(layer.error().what, HasSubstr("files.invalid:443"));
    EXPECT_THAT(read_file(layer.error().log).value_or(""), HasSubstr("refused"));
    layer = store.ensure(node(R"({"dependencies": {"x": "https://files.invalid/x.tgz"}})"));
    ASSERT_FALSE(layer);
    EXPECT_EQ(layer.error().reason, Reason::egress_refused) << log_of(layer.error());
}

TEST_F(RealBuild, ARegistryThatIsNotThereIsAFaultAndNotBelieved) {
    auto unreachable = options();
    unreachable.environment["PIP_INDEX_URL"] = "http://127.0.0.1:9/simple";
    unreachable.environment["PIP_RETRIES"] = "0";
    auto store = open(unreachable);
    for (int i = 0; i < 2; ++i) {
        auto layer = store.ensure(python("six==1.16.0"));
        ASSERT_FALSE(layer);
        EXPECT_EQ(layer.error().reason, Reason::registry_unreachable) << log_of(layer.error());
        EXPECT_TRUE(layer.error().retryable());
        EXPECT_THAT(layer.error().what, HasSubstr("127.0.0.1:9"));
    }
    auto elsewhere = options();
    elsewhere.environment["npm_config_registry"] = "http://127.0.0.1:9/";
    elsewhere.environment["npm_config_fetch_retries"] = "0";
    auto layer = open(elsewhere).ensure(node(R"({"dependencies": {"is-number": "7.0.0"}})"));
    ASSERT_FALSE(layer);
    EXPECT_EQ(layer.error().reason, Reason::registry_unreachable) << log_of(layer.error());
}

TEST_F(RealBuild, BuildsFromSourceWhatHasNoWheel) {
    auto store = open();
    auto layer = store.ensure(python("docopt==0.6.2"));
    ASSAY_NEEDS_REGISTRY(layer);
    ASSERT_TRUE(layer) << log_of(layer.error());
    EXPECT_EQ(run(store, *layer, "python", {"python3", "-c", "import docopt; print(docopt.__version__)"}).output,
              "0.6.2\n");
}

TEST_F(RealBuild, RunsInstallScriptsOnceForAllWhoUseThePackage) {
    auto store = open();
    auto layer = store.ensure(node(R"({"dependencies": {"bufferutil": "4.0.9", "is-number": "7.0.0"}})"));
    ASSAY_NEEDS_REGISTRY(layer);
    ASSERT_TRUE(layer) << log_of(layer.error());
    const auto ran =
        run(store, *layer, "node", {"node", "-p", "typeof require('bufferutil').mask + require('is-number')('5')"});
    EXPECT_EQ(ran.output, "functiontrue\n");
    ASSERT_EQ(store.store().list().size(), 2u);  // the one asked for, and one of the package with scripts
    auto other = store.ensure(node(R"({"dependencies": {"bufferutil": "4.0.9"}})"));
    ASSERT_TRUE(other) << log_of(other.error());
    EXPECT_EQ(store.store().list().size(), 2u);
    EXPECT_THAT(read_file(layer->path() + "/build.log").value_or(""),
                HasSubstr("taken from layer " + other->info().key));
}

TEST_F(RealBuild, EndsABuildThatWritesTooMuch) {
    auto small = options();
    small.limits.disk = Bytes{100'000};
    auto store = open(small);
    auto layer = store.ensure(python("Django==5.2.1"));
    ASSAY_NEEDS_REGISTRY(layer);
    ASSERT_FALSE(layer);
    EXPECT_EQ(layer.error().reason, Reason::limit_exceeded) << log_of(layer.error());
    EXPECT_TRUE(std::filesystem::is_empty(path_ + "/building"));
}

TEST_F(RealBuild, CanBeStopped) {
    std::stop_source stop;
    auto store = open();
    std::jthread later([&] {
        std::this_thread::sleep_for(Millis(300));
        stop.request_stop();
    });
    const Instant begin = Clock::now();
    auto layer = store.ensure(python("numpy==2.3.0\npandas==2.3.0\nscipy==1.15.3\n"), stop.get_token());
    ASSERT_FALSE(layer);
    EXPECT_EQ(layer.error().reason, Reason::stopped) << log_of(layer.error());
    EXPECT_LT(Clock::now() - begin, std::chrono::seconds(10));
    EXPECT_TRUE(std::filesystem::is_empty(path_ + "/building"));
}

TEST_F(RealBuild, NeedsNoBuilderForNothing) {
    auto unable = options();
    unable.launcher.program = "/nonexistent";
    auto store = open(unable);
    for (const auto& request :
         {python(""), python("# nothing\n"), node(R"({"name": "x"})"), LayerRequest{"host", {}, {}}}) {
        auto layer = store.ensure(request);
        ASSERT_TRUE(layer);
        EXPECT_FALSE(*layer);
    }
    auto layer = store.ensure(python("six"));
    ASSERT_FALSE(layer);
    EXPECT_EQ(layer.error().reason, Reason::sandbox_failed);
    EXPECT_EQ(store.ensure({"perl", {}, {}}).error().reason, Reason::internal);
}
