// The language between the two halves: datagrams on a SOCK_SEQPACKET socket, our own binary encoding.
//
// One list of fields per type (`fields`) serves both directions, so that encoder and decoder cannot drift apart.
// Both halves are built from one tree and never talk across a machine: integers travel in host order. The decoder
// is bounds-checked all the same: it stops at the first short or oversized field and says so.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/spec.h"

namespace assay::sandbox::wire {

enum class Kind : std::uint32_t {
    hello = 1,      // parent -> launcher, first message
    ready,          // launcher -> parent: the root stands; one descriptor: the stage
    refused,        // launcher -> parent: it does not; the launcher exits
    launch,         // parent -> launcher; descriptors: those of Stdio that `stdio` names
    open_sockets,   // parent -> launcher
    kill,           // parent -> launcher
    look,           // parent -> launcher
    launched,       // launcher -> parent; descriptors: pidfd, sockets
    launch_failed,  // launcher -> parent
    sockets,        // launcher -> parent; descriptors: sockets
    used,           // launcher -> parent: answer to look
    call_refused,   // launcher -> parent: the first of its kind in a sandbox
    main_ended,     // launcher -> parent
    ended           // launcher -> parent
};

// A compiled seccomp program: struct sock_filter[] as bytes.
struct Filter {
    std::string name;
    std::string program;
};

struct Hello {
    RootPlan plan;
    bool cgroups = true;
    std::uint32_t net_pool = 0;
    std::string base_filter;     // for the launcher itself, before the first launch: answers refused calls
    std::string base_reporting;  // the same, which hands them to a listener
    std::vector<std::pair<std::int32_t, std::uint32_t>>
        looked_at;                // call number, and the argument that policies look at
    std::vector<Filter> filters;  // one per policy, over the base; may be empty
};

struct Ready {
    std::uint32_t outer_uid = 0;
    std::uint32_t outer_gid = 0;
};

struct Failure {  // of refused and launch_failed
    std::uint64_t id = 0;
    std::string step;
    std::int32_t code = 0;
    std::string detail;
    bool program = false;
};

struct Launch {
    std::uint64_t id = 0;
    std::uint8_t stdio = 0;  // bit 0 in, 1 out, 2 err: the descriptor travels with the message
    Spec spec;
};

struct SocketCount {  // of open_sockets
    std::uint64_t id = 0;
    std::uint32_t count = 0;
};

struct Name {  // of look, launched, sockets
    std::uint64_t id = 0;
};

struct Kill {
    std::uint64_t id = 0;
    std::string limit;  // the parent's, which was met; empty: on request
};

// A refused call as the kernel counts: names are given by the parent.
struct RefusedCall {
    std::uint32_t arch = 0;   // AUDIT_ARCH_...
    std::int32_t number = 0;  // -1: beyond those that are told apart
    std::int32_t error = 0;
    bool told_apart = false;  // by `argument`
    std::uint64_t argument = 0;
    std::uint64_t count = 0;
};

struct CallRefused {
    std::uint64_t id = 0;
    RefusedCall call;
};

struct Used {
    std::uint64_t id = 0;
    bool known = false;  // false: no such sandbox runs, or without cgroups
    Usage usage;
};

struct End {  // of main_ended, ended
    std::uint64_t id = 0;
    Exit exit;  // without its refused_calls
    std::vector<RefusedCall> refused;
};

// --- fields -----------------------------------------------------------------------------------------------------

template <class A>
void fields(A& a, RootStep& v) {
    a(v.kind, v.source, v.target, v.content, v.size, v.optional);
}
template <class A>
void fields(A& a, RootPlan& v) {
    a(v.image, v.steps, v.stage_size);
}
template <class A>
void fields(A& a, Filter& v) {
    a(v.name, v.program);
}
template <class A>
void fields(A& a, Hello& v) {
    a(v.plan, v.cgroups, v.net_pool, v.base_filter, v.base_reporting, v.looked_at, v.filters);
}
template <class A>
void fields(A& a, Ready& v) {
    a(v.outer_uid, v.outer_gid);
}
template <class A>
void fields(A& a, Failure& v) {
    a(v.id, v.step, v.code, v.detail, v.program);
}
template <class A>
void fields(A& a, Limits& v) {
    a(v.memory, v.processes, v.disk, v.inodes, v.files, v.file_size, v.cpu_time, v.wall_time, v.cpus);
}
template <class A>
void fields(A& a, Bind& v) {
    a(v.source, v.target, v.writable);
}
template <class A>
void fields(A& a, WorkTree& v) {
    a(v.lower);
}
template <class A>
void fields(A& a, Spec& v) {
    a(v.label, v.argv, v.env, v.work_dir, v.home, v.work_tree, v.binds, v.limits, v.net, v.net_of, v.sockets, v.policy,
      v.trace, v.outlive_main);
}
template <class A>
void fields(A& a, Launch& v) {
    a(v.id, v.stdio, v.spec);
}
template <class A>
void fields(A& a, SocketCount& v) {
    a(v.id, v.count);
}
template <class A>
void fields(A& a, Name& v) {
    a(v.id);
}
template <class A>
void fields(A& a, Usage& v) {
    a(v.wall, v.cpu_user, v.cpu_system, v.memory_peak, v.phase_memory_peak, v.processes_peak, v.disk, v.inodes,
      v.throttled_periods, v.throttled, v.stalled_cpu, v.stalled_memory, v.stalled_io);
}
template <class A>
void fields(A& a, Used& v) {
    a(v.id, v.known, v.usage);
}
template <class A>
void fields(A& a, Exit& v) {
    a(v.how, v.code, v.limit, v.limits_hit, v.unenforced, v.refusals_seen, v.usage);
}
template <class A>
void fields(A& a, Kill& v) {
    a(v.id, v.limit);
}
template <class A>
void fields(A& a, RefusedCall& v) {
    a(v.arch, v.number, v.error, v.told_apart, v.argument, v.count);
}
template <class A>
void fields(A& a, CallRefused& v) {
    a(v.id, v.call);
}
template <class A>
void fields(A& a, End& v) {
    a(v.id, v.exit, v.refused);
}

// --- codec ------------------------------------------------------------------------------------------------------

class Encoder {
 public:
    template <class... T>
    void operator()(T&... values) {
        (put(values), ...);
    }
    [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
    void raw(const void* from, std::size_t size) { bytes_.append(static_cast<const char*>(from), size); }
    template <class T>
    void put(T& value) {
        if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
            raw(&value, sizeof value);
        } else {
            fields(*this, value);
        }
    }
    void put(Bytes& value) { put(value.count); }
    template <class Rep, class Period>
    void put(std::chrono::duration<Rep, Period>& value) {
        auto count = static_cast<std::int64_t>(value.count());
        put(count);
    }
    void put(std::string& value) {
        auto size = static_cast<std::uint32_t>(value.size());
        put(size);
        raw(value.data(), value.size());
    }
    template <class A, class B>
    void put(std::pair<A, B>& value) {
        put(value.first);
        put(value.second);
    }
    template <class T>
    void put(std::vector<T>& value) {
        auto size = static_cast<std::uint32_t>(value.size());
        put(size);
        for (T& item : value) put(item);
    }

    std::string bytes_;
};

class Decoder {
 public:
    explicit Decoder(std::string_view bytes) : rest_(bytes) {}
    template <class... T>
    void operator()(T&... values) {
        (get(values), ...);
    }
    // Everything was there and nothing was left over.
    [[nodiscard]] bool complete() const { return ok_ && rest_.empty(); }

 private:
    bool raw(void* to, std::size_t size) {
        if (!ok_ || rest_.size() < size) return ok_ = false;
        rest_.copy(static_cast<char*>(to), size);
        rest_.remove_prefix(size);
        return true;
    }
    template <class T>
    void get(T& value) {
        if constexpr (std::is_same_v<T, bool>) {
            std::uint8_t byte = 0;
            if (raw(&byte, 1)) value = byte != 0;
        } else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
            raw(&value, sizeof value);
        } else {
            fields(*this, value);
        }
    }
    void get(Bytes& value) { get(value.count); }
    template <class Rep, class Period>
    void get(std::chrono::duration<Rep, Period>& value) {
        std::int64_t count = 0;
        get(count);
        value = std::chrono::duration<Rep, Period>(static_cast<Rep>(count));
    }
    void get(std::string& value) {
        std::uint32_t size = 0;
        get(size);
        if (!ok_ || size > rest_.size()) {
            ok_ = false;
            return;
        }
        value.assign(rest_.data(), size);
        rest_.remove_prefix(size);
    }
    template <class A, class B>
    void get(std::pair<A, B>& value) {
        get(value.first);
        get(value.second);
    }
    template <class T>
    void get(std::vector<T>& value) {
        std::uint32_t size = 0;
        get(size);
        value.clear();
        // Each element takes at least one byte: a corrupt count ends here, not in the allocator.
        if (!ok_ || size > rest_.size()) {
            ok_ = false;
            return;
        }
        for (std::uint32_t i = 0; i < size && ok_; ++i) get(value.emplace_back());
    }

    std::string_view rest_;
    bool ok_ = true;
};

template <class T>
std::string encode(const T& value) {
    Encoder encoder;
    encoder(const_cast<T&>(value));  // `fields` is shared with the decoder; an encoder only reads
    return encoder.take();
}

template <class T>
Result<T> decode(std::string_view bytes) {
    T value{};
    Decoder decoder(bytes);
    decoder(value);
    if (!decoder.complete()) return fail("decode message", "truncated, or longer than its fields");
    return value;
}

// --- transport --------------------------------------------------------------------------------------------------

inline constexpr std::size_t kMaxFds = 64;  // beside one message, either way

struct Message {
    Kind kind{};
    std::string body;
    std::vector<Fd> fds;
};

// Sends one message; bodies over 64 KiB travel in a sealed memory file. With `wait` false a full socket gives EAGAIN.
Result<void> send(int socket, Kind kind, std::string_view body, const std::vector<int>& fds, bool wait);
// Takes one message. Errors: EAGAIN (none waits; only with `wait` false), EPIPE (the other half is gone).
Result<Message> receive(int socket, bool wait);

}  // namespace assay::sandbox::wire
