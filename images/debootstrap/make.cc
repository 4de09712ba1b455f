#include "images/debootstrap/make.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "base/tree.h"
#include "images/catalog.h"
#include "images/command.h"
#include "images/names.h"
#include "images/oci/import.h"

namespace assay::images {
namespace {

constexpr const char* kProgram = "/usr/bin/mmdebstrap";
constexpr const char* kApt = "/usr/bin/apt-get";
constexpr const char* kStep = "make Debian system";

// What nobody reads in there.
constexpr const char* kLeftOut[] = {"/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*"};

Result<std::vector<std::string>> sources(const std::string& suite, const std::map<std::string, std::string>& env) {
    ASSAY_TRY(const std::string targets, ask_host({kApt, "indextargets", "--format",
                                                   "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"},
                                                  env, Millis(60'000)));
    auto lines = sources_for(suite, targets);
    if (lines.empty())
        return fail(kStep, fmt::format("the host's apt sources have no suite '{}'", suite),
                    "add it below /etc/apt/sources.list.d, then apt-get update");
    return lines;
}

// Everything but the archive and its log is gone afterwards: mmdebstrap works in a folder of its own below TMPDIR.
Result<void> make_archive(const DebootstrapOrder& order, const std::string& directory) {
    const Bootstrap& bootstrap = *order.recipe.bootstrap;
    if (::access(kProgram, X_OK) != 0)
        return fail(kStep, fmt::format("{} is not there", kProgram), "apt-get install mmdebstrap uidmap");
    auto env = order.environment;
    env["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
    env["LC_ALL"] = "C.UTF-8";
    ASSAY_TRY(const auto lines, sources(bootstrap.suite, env));
    std::vector<std::string> command{kProgram, ::geteuid() == 0 ? "--mode=root" : "--mode=unshare", "--variant=minbase",
                                     "--format=tar", "--logfile=" + directory + "/build.log"};
    if (!bootstrap.packages.empty()) command.push_back(fmt::format("--include={}", fmt::join(bootstrap.packages, ",")));
    for (const char* path : kLeftOut) command.push_back(fmt::format("--dpkgopt=path-exclude={}", path));
    command.insert(command.end(), {bootstrap.suite, directory + "/system.tar"});
    command.insert(command.end(), lines.begin(), lines.end());
    auto made = ask_host(command, env, order.patience);
    if (made) return {};
    const std::string log = read_file(directory + "/build.log", 64u << 20).value_or("");
    std::string last;  // the first of its errors says most
    std::istringstream all(log);
    for (std::string line; std::getline(all, line) && !last.starts_with("E:");)
        if (!line.empty()) last = line;
    Error error = made.error();
    error.step = kStep;
    if (!last.empty()) error.detail += ": " + last;
    return tl::unexpected(std::move(error));
}

}  // namespace

std::vector<std::string> sources_for(const std::string& suite, const std::string& targets) {
    std::set<std::string> lines;
    std::istringstream all(targets);
    for (std::string line; std::getline(all, line);) {
        std::istringstream words(line);
        std::string uri, release, component, more;
        if (!(words >> uri >> release >> component) || words >> more) continue;
        if (release == suite || release == suite + "-updates" || release == suite + "-security")
            lines.insert(fmt::format("deb {} {} {}", uri, release, component));
    }
    return {lines.begin(), lines.end()};
}

Result<Layer> ensure_debootstrap(Store& store, const DebootstrapOrder& order) {
    const Instant begin = Clock::now();
    ASSAY_TRY(const Recipe house, find_recipe("host"));
    ASSAY_TRY(auto claimed, store.claim(bootstrap_key(*order.recipe.bootstrap, house)));
    if (auto* layer = std::get_if<Layer>(&claimed)) {
        ASSAY_CHECK(name_image(store.path(), order.recipe.name, layer->info().key));
        return std::move(*layer);
    }
    auto building = std::move(std::get<Building>(claimed));
    ASSAY_CHECK(store.check_space());
    ASSAY_CHECK(make_archive(order, building.path()));
    const std::string archive = building.path() + "/system.tar";
    {
        Fd file(::open(archive.c_str(), O_RDONLY | O_CLOEXEC));
        if (!file) return fail_errno(errno, kStep, archive);
        ASSAY_TRY(Fd root, make_directory_at(AT_FDCWD, building.path() + "/tree"));
        // The same road as a foreign image takes: no devices, no set-user bits, everything ours.
        oci::TreeUnpacker unpacker(std::move(root), {}, oci::TreeUnpacker::Whiteouts::keep);
        oci::BlobStream stream(std::move(file), Bytes{16ull << 30});
        ASSAY_CHECK(unpacker.add(stream));
    }
    ::unlink(archive.c_str());
    oci::ImageOrder image;
    image.name = order.recipe.name;
    image.origin =
        fmt::format("Debian {}: {}", order.recipe.bootstrap->suite, fmt::join(order.recipe.bootstrap->packages, ", "));
    return oci::publish_image(store, std::move(building), image, begin);
}

}  // namespace assay::images
