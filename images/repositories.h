// Source trees of feature tasks: a commit of a repository, from mirrors on this machine. Nothing is ever fetched.
//
//   <path>/<commit>/        the files of that commit, complete: it appeared by one rename, after everything was on disk
//   <path>/.making/         being checked out, by who holds the lock
//   <path>/.lock            flock, exclusive while a tree is made
//
// A commit's name is the digest of its content, so what is there stays right for ever; a folder may be removed when no
// assay runs. Thread-safe and safe for any number of processes. Blocks on git and on the disk.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace assay::images {

class Repositories {
 public:
    struct Options {
        std::string mirrors;                    // folder of repositories, bare or not; empty: none
        std::string path;                       // where trees are kept; made when missing
        std::string git = "/usr/bin/git";       // the program
        Millis timeout{std::int64_t{300'000}};  // of one git command
    };
    explicit Repositories(Options options) : options_(std::move(options)) {}

    // The folder with the files of `commit` (a name that git can resolve: a hash, a tag). `url` is a folder, relative
    // to `beside`, or an address whose mirror is looked for (see mirror_names). Submodules stay empty.
    [[nodiscard]] Result<std::string> tree_of(const std::string& url, const std::string& commit,
                                              const std::string& beside) const;

 private:
    [[nodiscard]] Result<std::string> find(const std::string& url, const std::string& beside) const;
    [[nodiscard]] Result<void> make(const std::string& repository, const std::string& hash) const;
    [[nodiscard]] Result<std::string> git(std::vector<std::string> arguments, const std::string& index = {}) const;

    Options options_;
};

// Where the mirror of an address is looked for, below the folder of mirrors, in this order:
// "https://host/group/name.git" -> host/group/name.git, host/group/name, group/name.git, group/name, name.git, name.
// Empty for what is no address. Pure.
std::vector<std::string> mirror_names(const std::string& url);

}  // namespace assay::images
