#include "images/command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/process.hpp>
#include <future>

namespace assay::images {

namespace bp = boost::process;

Result<std::string> ask_host(const std::vector<std::string>& argv, const std::map<std::string, std::string>& env,
                             Millis timeout) {
    const std::string step = fmt::format("run {}", argv.front());
    try {
        boost::asio::io_context io;
        std::future<std::string> out, err;
        bp::environment environment;
        for (const auto& [name, value] : env) environment[name] = value;
        bp::child child(bp::exe = argv.front(), bp::args = std::vector<std::string>(argv.begin() + 1, argv.end()),
                        environment, bp::start_dir = "/", bp::std_in<bp::null, bp::std_out> out, bp::std_err > err, io);
        io.run_for(timeout);  // until both ends are closed
        if (!io.stopped()) {
            child.terminate();
            return fail(step, fmt::format("no answer within {}", format_duration(timeout)));
        }
        std::error_code waited;
        child.wait(waited);
        std::string printed = out.get();
        if (!waited && child.exit_code() == 0) return printed;
        std::string message = err.get();
        while (!message.empty() && message.back() == '\n') message.pop_back();
        message.erase(0, message.rfind('\n') + 1);
        return fail(step, fmt::format("exit status {}: {}", child.exit_code(), message));
    } catch (const std::exception& error) {
        return fail(step, error.what());
    }
}

}  // namespace assay::images
