// What the host has that a sandboxed program must not reach: secrets, services, processes, names. Made for the test,
// gone with it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/fd.h"
#include "tests/containment/check.h"

namespace assay::containment {

class Host {
 public:
    Host();
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;
    ~Host();

    [[nodiscard]] const Facts& outside() const { return outside_; }
    [[nodiscard]] Facts inside() const;  // the same things, by the names that a sandbox would use
    [[nodiscard]] int folder() const { return folder_fd_.get(); }  // holds "secret"

 private:
    void make_files();
    void make_sockets();
    void make_victim();

    std::string folder_;
    Fd folder_fd_;
    Fd inherited_;  // open across exec, as a careless caller's would be
    std::vector<Fd> listeners_;
    pid_t victim_ = -1;
    Facts outside_;
};

// Cgroups that belong to `uid`, and `pid` in them: what a delegated session has. Root only. Gone with the object.
class DelegatedCgroups {
 public:
    DelegatedCgroups(uid_t uid, pid_t pid);
    DelegatedCgroups(const DelegatedCgroups&) = delete;
    DelegatedCgroups& operator=(const DelegatedCgroups&) = delete;
    ~DelegatedCgroups();

 private:
    std::vector<std::string> folders_;  // in the order in which they go
};

struct Ran {
    std::string out;
    int status = 0;
};
// The probe on the bare host, start to end.
Ran run_probe(const std::vector<std::string>& arguments, int in);

// `probe linger` on the bare host: what it leaves is there until this goes.
class Traces {
 public:
    Traces();
    Traces(const Traces&) = delete;
    Traces& operator=(const Traces&) = delete;
    ~Traces();
    [[nodiscard]] bool ready() const { return daemon_ > 0; }

 private:
    pid_t probe_ = -1;
    pid_t daemon_ = -1;
};

std::string probe_path();

}  // namespace assay::containment
