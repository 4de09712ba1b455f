#include "sandbox/launcher/prepare.h"

#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "sandbox/launcher/layout.h"

namespace assay::sandbox {
namespace {

constexpr std::uint64_t kDefaultDisk = std::uint64_t{64} << 20;
constexpr std::uint32_t kDefaultInodes = 65536;
constexpr std::size_t kMountOptions = 4095;  // the kernel takes one page, with its end

// overlayfs splits its options at ',' and its lower directories at ':'; a backslash keeps either.
std::string escape_lower(const std::string& path) {
    std::string escaped;
    for (char c : path) {
        if (c == ':' || c == ',' || c == '\\') escaped += '\\';
        escaped += c;
    }
    return escaped;
}

std::string_view search_path(const Spec& spec) {
    for (const auto& [name, value] : spec.env)
        if (name == "PATH") return value;
    return "/usr/local/bin:/usr/bin:/bin";
}

bool below(const std::string& path, const std::string& folder) {
    return path.size() > folder.size() && path.compare(0, folder.size(), folder) == 0 && path[folder.size()] == '/';
}

rlimit at_most(int which, rlim_t wanted) {
    rlimit now{};
    ::getrlimit(static_cast<__rlimit_resource>(which), &now);
    rlim_t value = std::min(wanted, now.rlim_max);  // an ordinary user cannot raise the hard limit
    return {value, value};
}

class Planner {
 public:
    Planner(const Spec& spec, Arena& arena) : spec_(spec), arena_(arena), plan_(arena.board().plan) {}

    Result<void> mounts();
    void program();
    void limits(bool count_processes);

 private:
    void mount(Step step, const char* source, const char* target, const char* type, unsigned long flags,
               const char* data) {
        Op op;
        op.kind = Op::Kind::mount;
        op.step = step;
        op.source = source;
        op.target = target;
        op.type = type;
        op.flags = flags;
        op.data = data;
        ops_.push_back(op);
    }
    void other(Op::Kind kind, Step step, const char* target, mode_t mode = 0) {
        Op op;
        op.kind = kind;
        op.step = step;
        op.target = target;
        op.mode = mode;
        ops_.push_back(op);
    }
    void work_tree(const char* upper);
    void bind(const Bind& bind);

    const Spec& spec_;
    Arena& arena_;
    Plan& plan_;
    std::vector<Op> ops_;
};

void Planner::work_tree(const char* upper) {
    const char* target = arena_.text(spec_.work_dir);
    if (spec_.work_tree.lower.empty()) {
        mount(Step::mount_work_tree, upper, target, nullptr, MS_BIND, nullptr);
        return;
    }
    const char* work = arena_.text({kPrivate, "/work"});
    other(Op::Kind::directory, Step::make_directory, work, 0755);
    std::string options = std::string("userxattr,upperdir=") + upper + ",workdir=" + work + ",lowerdir=";
    for (std::size_t i = 0; i < spec_.work_tree.lower.size(); ++i)
        options += (i == 0 ? "" : ":") + escape_lower(spec_.work_tree.lower[i]);
    mount(Step::mount_work_tree, "overlay", target, "overlay", MS_NOSUID | MS_NODEV, arena_.text(options));
}

void Planner::bind(const Bind& bind) {
    const char* target = arena_.text(bind.target);
    // In the image a mount point must be there; in what the sandbox writes it is made.
    if (below(bind.target, spec_.work_dir) || below(bind.target, spec_.home) || below(bind.target, "/tmp")) {
        // The submission's own files are there already: a link of theirs must not lead the mount elsewhere.
        other(Op::Kind::directory_maybe, Step::make_directory, target, 0755);
        other(Op::Kind::no_links, Step::mount_bind, target);
        ops_.back().source = arena_.text(bind.source);  // for the message
    }
    mount(Step::mount_bind, arena_.text(bind.source), target, nullptr, MS_BIND | MS_REC, nullptr);
    if (!bind.writable) other(Op::Kind::protect, Step::protect_bind, target);
}

Result<void> Planner::mounts() {
    // One bounded tmpfs holds everything that the sandbox can write: one size, one inode count, freed as a whole.
    const std::string id = std::to_string(kInnerId);
    mount(Step::mount_private, "tmpfs", kPrivate, "tmpfs", MS_NOSUID | MS_NODEV,
          arena_.text({"mode=0755,uid=", id, ",gid=", id, ",size=", std::to_string(disk_limit(spec_.limits).count),
                       ",nr_inodes=", std::to_string(inode_limit(spec_.limits))}));
    const char* upper = arena_.text({kPrivate, "/upper"});
    const char* tmp = arena_.text({kPrivate, "/tmp"});
    const char* home = arena_.text({kPrivate, "/home"});
    const char* shm = arena_.text({kPrivate, "/shm"});
    other(Op::Kind::directory, Step::make_directory, upper, 0755);
    other(Op::Kind::directory, Step::make_directory, tmp, 01777);
    other(Op::Kind::directory, Step::make_directory, home, 0755);
    other(Op::Kind::directory, Step::make_directory, shm, 01777);
    work_tree(upper);
    mount(Step::mount_scratch, tmp, "/tmp", nullptr, MS_BIND, nullptr);
    mount(Step::mount_scratch, home, arena_.text(spec_.home), nullptr, MS_BIND, nullptr);
    mount(Step::mount_scratch, shm, "/dev/shm", nullptr, MS_BIND, nullptr);
    for (const Bind& one : spec_.binds) bind(one);
    mount(Step::mount_proc, "proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
    // An ordinary user's keys are those of the sandbox's user: /proc/keys would tell their names. Root's are not.
    static const bool keys_show = ::geteuid() != 0 && ::access((std::string(kHostProc) + "/keys").c_str(), F_OK) == 0;
    if (keys_show) mount(Step::mount_proc, "/dev/null", "/proc/keys", nullptr, MS_BIND, nullptr);
    // Last: all that came before may come from below it.
    mount(Step::hide_assay, kEmpty, kHiddenRoot, nullptr, MS_BIND, nullptr);

    for (const Op& op : ops_)
        if (op.data != nullptr && std::strlen(op.data) > kMountOptions)
            return fail_errno(E2BIG, step_name(op.step), "paths of the lower directories are longer than one page");
    plan_.ops = arena_.list(ops_);
    plan_.op_count = static_cast<unsigned>(ops_.size());
    return {};
}

void Planner::program() {
    std::vector<char*> argv;
    std::vector<char*> envp;
    for (const std::string& argument : spec_.argv) argv.push_back(const_cast<char*>(arena_.text(argument)));
    for (const auto& [name, value] : spec_.env) envp.push_back(const_cast<char*>(arena_.text({name, "=", value})));
    argv.push_back(nullptr);
    envp.push_back(nullptr);
    std::vector<const char*> programs;
    const std::string& program = spec_.argv[0];
    if (program.find('/') != std::string::npos) {
        programs.push_back(argv[0]);
    } else {
        std::string_view path = search_path(spec_);
        while (!path.empty()) {
            std::string_view folder = path.substr(0, path.find(':'));
            path.remove_prefix(std::min(path.size(), folder.size() + 1));
            if (!folder.empty()) programs.push_back(arena_.text({folder, "/", program}));
        }
    }
    programs.push_back(nullptr);
    plan_.programs = arena_.list(programs);
    plan_.argv = arena_.list(argv);
    argv.insert(argv.begin(), const_cast<char*>("/bin/sh"));
    plan_.shell_argv = arena_.list(argv);
    plan_.envp = arena_.list(envp);
    plan_.work_dir = arena_.text(spec_.work_dir);
}

void Planner::limits(bool count_processes) {
    const Limits& limits = spec_.limits;
    std::vector<ResourceLimit> list;  // what is the same for all stands in main.cc
    if (limits.files != 0) list.push_back({RLIMIT_NOFILE, at_most(RLIMIT_NOFILE, limits.files)});
    if (limits.file_size.count != 0) list.push_back({RLIMIT_FSIZE, at_most(RLIMIT_FSIZE, limits.file_size.count)});
    // Counted per user namespace: the seat, init and what runs in this sandbox, nothing else of the same outer user.
    if (limits.processes != 0 && count_processes)
        list.push_back({RLIMIT_NPROC, at_most(RLIMIT_NPROC, limits.processes + 2)});
    if (limits.cpu_time.count() > 0) {  // per process: the floor under the launcher's own accounting
        auto seconds = static_cast<rlim_t>(limits.cpu_time.count());
        rlimit value = at_most(RLIMIT_CPU, seconds + 1);
        value.rlim_cur = std::min(seconds, value.rlim_max);
        list.push_back({RLIMIT_CPU, value});
    }
    plan_.limits = arena_.list(list);
    plan_.limit_count = static_cast<unsigned>(list.size());
}

}  // namespace

Bytes disk_limit(const Limits& limits) { return limits.disk.count == 0 ? Bytes{kDefaultDisk} : limits.disk; }

std::uint32_t inode_limit(const Limits& limits) { return limits.inodes == 0 ? kDefaultInodes : limits.inodes; }

Result<void> prepare(const Spec& spec, const std::string& filter, bool count_processes, Arena& arena) {
    arena.clear();
    Planner planner(spec, arena);
    ASSAY_CHECK(planner.mounts());
    planner.program();
    planner.limits(count_processes);
    Plan& plan = arena.board().plan;
    plan.outlive_main = spec.outlive_main;
    // Into the arena as everything else: the seat has given the launcher's heap back.
    std::vector<sock_filter> program(filter.size() / sizeof(sock_filter));
    std::memcpy(program.data(), filter.data(), program.size() * sizeof(sock_filter));
    plan.filter.len = static_cast<unsigned short>(program.size());
    plan.filter.filter = arena.list(program);
    if (arena.full()) return fail_errno(E2BIG, "launch", "arguments, environment and paths are larger than 4 MiB");
    return {};
}

std::string describe_step(const Plan& plan, const Report& report, const Spec& spec) {
    switch (report.step) {
        case Step::exec: return spec.argv[0];
        case Step::enter_work_dir: return spec.work_dir;
        case Step::make_directory:
        case Step::mount_work_tree:
        case Step::mount_scratch:
        case Step::mount_bind:
        case Step::protect_bind: {
            if (report.op >= plan.op_count) return {};
            const Op& failed = plan.ops[report.op];
            std::string text = failed.target;
            if (failed.step == Step::mount_bind) text = std::string(failed.source) + " at " + text;
            return text;
        }
        default: return {};
    }
}

}  // namespace assay::sandbox
