#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "tests/containment/check.h"

namespace assay::containment {

std::string fact(const Facts& facts, const char* key) {
    const auto at = facts.find(key);
    return at == facts.end() ? std::string() : at->second;
}

Answer granted(std::string detail) { return {true, std::move(detail)}; }
Answer refused(std::string detail) { return {false, std::move(detail)}; }

Answer outcome(long result) {
    if (result >= 0) return granted();
    return refused(::strerrorname_np(errno));
}

Answer reached(long result) {
    if (result >= 0) return granted();
    const char* name = ::strerrorname_np(errno);
    switch (errno) {
        case EPERM:
        case EACCES:
        case ENOSYS:
        case EAFNOSUPPORT:
        case ESOCKTNOSUPPORT:
        case EPROTONOSUPPORT: return refused(name);
        default: return granted(name);
    }
}

Answer can_open(const std::string& path, int flags) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
    const Answer answer = outcome(fd);
    if (fd >= 0) ::close(fd);
    return answer;
}

Answer found(bool there, std::string what) { return there ? granted(std::move(what)) : refused("not there"); }

std::string read_text(const std::string& path, std::size_t most) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return {};
    std::string text(most, '\0');
    std::size_t size = 0;
    for (ssize_t got = 1; got > 0 && size < most; size += static_cast<std::size_t>(got > 0 ? got : 0))
        got = ::read(fd, text.data() + size, most - size);
    ::close(fd);
    text.resize(size);
    return text;
}

std::vector<Check> all_checks() {
    std::vector<Check> all;
    for (const auto& table : {file_checks(), process_checks(), kernel_checks(), network_checks(), information_checks(),
                              resource_checks(), neighbour_checks()})
        all.insert(all.end(), table.begin(), table.end());
    return all;
}

}  // namespace assay::containment
