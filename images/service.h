// A service beside a server (PostgreSQL, Redis), as data: the [service] table of a recipe.
//
// A service is prepared once: `prepare` runs in a sandbox, and what it leaves in its working directory is kept in the
// store. For every submission `command` then runs over a private copy of that (an overlay), in a sandbox of its own
// that shares only the network namespace with the server. Both run in an image whose root shows the host's /usr.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace assay::images {

class RecipeReader;

struct Service {
    std::uint16_t port = 0;               // on sandbox::kServiceAddress; never 0
    std::string prepare;                  // for /bin/sh
    std::vector<std::string> command;     // its main process; argv[0] is an absolute path
    std::vector<std::string> statements;  // more arguments of `command`, to log what it is asked; may be empty
    // Ready when this was logged, and `hello`, sent to the port, is answered by what begins with `answer`. Without them
    // its word is enough: of one that ends when it cannot listen.
    std::string ready;
    std::string hello;
    std::string answer;
    Bytes memory;                      // limits of its sandbox; 0 = none
    Bytes disk;                        // never 0; a part of `memory`, as it is a tmpfs
    std::uint32_t processes = 0;       // 0 = no limit
    Bytes usual_memory;                // what one takes for a small database: for admission
    std::vector<std::string> drivers;  // packages that talk to it: a manifest that names one wants the service
    std::vector<std::pair<std::string, std::string>> server_env;  // of the servers beside it
};

Result<Service> read_service(const RecipeReader& reader);

// Whether a requirements.txt or package.json among these asks for one of the service's drivers.
// `manifests`: file name -> bytes, as in setup.h.
bool names_driver(const Service& service, const std::map<std::string, std::string>& manifests);

}  // namespace assay::images
