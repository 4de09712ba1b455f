// An imported image in use: its own Python builds a layer and runs with it.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "images/oci/import.h"
#include "images/smoke.h"
#include "tests/images/fixture.h"

using namespace assay;
using namespace assay::images;
using testing::HasSubstr;

namespace {

// What docker save would give of a container with this host's Python: only it, pip, a shell and their libraries.
void write_saved_image(const std::string& folder) {
    const std::string script = R"sh(set -e
cd ')sh" + folder + R"sh('
python=$(readlink -f /usr/bin/python3); version=$(basename "$python")
libraries=$(ldd "$python" /bin/dash /usr/lib/$version/lib-dynload/*.so 2>/dev/null | grep -o '/[^ :)]*' | sort -u | grep '\.so' |
  while read -r path; do real=$(readlink -f "$(dirname "$path")")/$(basename "$path"); echo "${real#/}"; done)
tar -C / --dereference --hard-dereference --exclude=__pycache__ --exclude=test -cf layer.tar usr/bin/dash usr/bin/env "${python#/}" usr/bin/pip3 usr/lib/$version usr/lib/python3/dist-packages/pip $libraries
mkdir -p top/usr/bin top/app top/proc
ln -s usr/bin top/bin; ln -s usr/lib top/lib; ln -s usr/lib64 top/lib64
ln -s dash top/usr/bin/sh; ln -s "$version" top/usr/bin/python3
tar -C top -rf layer.tar bin lib lib64 usr/bin/sh usr/bin/python3 app proc
)sh";
    ASSERT_EQ(std::system(("sh -c '" +
                           [](std::string text) {
                               for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 4)
                                   text.replace(at, 1, "'\\''");
                               return text;
                           }(script) +
                           "'")
                              .c_str()),
              0);
    const auto layer = read_file(folder + "/layer.tar");
    ASSERT_TRUE(layer);
    const std::string config =
        nlohmann::json{{"os", "linux"},
                       {"config", {{"Env", {"PATH=/usr/bin:/bin", "MARK=imported"}}}},
                       {"rootfs", {{"type", "layers"}, {"diff_ids", {"sha256:" + sha256(*layer)}}}}}
            .dump();
    ASSERT_TRUE(replace_file(folder + "/" + sha256(config) + ".json", config));
    ASSERT_TRUE(replace_file(folder + "/manifest.json", nlohmann::json::array({{{"Config", sha256(config) + ".json"},
                                                                                {"RepoTags", {"own-python:1"}},
                                                                                {"Layers", {"layer.tar"}}}})
                                                            .dump()));
}

}  // namespace

TEST_F(RealBuild, AnImportedImageRunsWithLayersOfItsOwnPython) {
    char name[] = "/tmp/assay-saved-test-XXXXXX";
    const std::string folder = ::mkdtemp(name);
    write_saved_image(folder);
    auto store = open();
    oci::ImportOrder order;
    order.from = folder;
    auto imported = oci::import_image(store.store(), order);
    (void)remove_tree(folder);
    ASSERT_TRUE(imported) << imported.error().to_string();
    ASSERT_EQ(imported->name, "own-python-1");

    const auto image = find_image("own-python-1", store.store());
    ASSERT_TRUE(image) << image.error().to_string();
    const auto smoke = run_smoke(*image, options().launcher);
    ASSERT_TRUE(smoke) << smoke.error().to_string();
    EXPECT_TRUE(smoke->passed) << smoke->said;
    EXPECT_THAT(smoke->said, HasSubstr("python 3"));

    // The house's users and nothing of the host; nothing can be written; the image's own environment.
    auto ran = run(store, Layer(), "own-python-1",
                   {"sh", "-c",
                    "echo $MARK; python3 -c 'import os; print(os.getuid(), os.listdir(\"/home\"), "
                    "os.path.exists(\"/usr/share\"), open(\"/etc/hosts\").read().split()[-1])'; "
                    "echo x > /usr/bin/x"});
    EXPECT_THAT(ran.output, HasSubstr("imported\n1000 ['user'] False redis\n"));
    EXPECT_THAT(ran.output, HasSubstr("Read-only file system"));

    auto layer = store.ensure({"own-python-1", {{"requirements.txt", "six==1.16.0\nwheel==0.45.1\n"}}, {}});
    ASSAY_NEEDS_REGISTRY(layer);
    ASSERT_TRUE(layer) << log_of(layer.error());
    EXPECT_EQ(layer->info().kind, "python-user");
    ran = run(store, *layer, "own-python-1", {"python3", "-c", "import six; print(six.__file__)"});
    EXPECT_THAT(ran.output, HasSubstr("/opt/assay/layer/lib/python3")) << ran.output;
    ran = run(store, *layer, "own-python-1", {"wheel", "version"});  // a console script, by PATH
    EXPECT_THAT(ran.output, HasSubstr("0.45.1"));

    // What the image has not is said.
    auto refused = store.ensure({"own-python-1", {{"package.json", R"({"dependencies": {"x": "1"}})"}}, {}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, LayerFailure::Reason::tool_missing);
    EXPECT_THAT(refused.error().what, HasSubstr("no npm"));
}
