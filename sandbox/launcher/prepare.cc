#include "sandbox/launcher/prepare.h"

#include <sys/mount.h>

#include <algorithm>
#include <cerrno>
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

}  // namespace

Bytes disk_limit(const Limits& limits) { return limits.disk.count == 0 ? Bytes{kDefaultDisk} : limits.disk; }

void Prepared::mount(Step step, const char* source, const char* target, const char* type, unsigned long flags,
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

void Prepared::directory(const char* path, mode_t mode) {
    Op op;
    op.kind = Op::Kind::directory;
    op.step = Step::make_directory;
    op.target = path;
    op.mode = mode;
    ops_.push_back(op);
}

Result<void> Prepared::plan_mounts(const Spec& spec) {
    // One bounded tmpfs holds everything that the sandbox can write: one size, one inode count, freed as a whole.
    const std::uint64_t disk = disk_limit(spec.limits).count;
    const std::uint32_t inodes = spec.limits.inodes == 0 ? kDefaultInodes : spec.limits.inodes;
    mount(Step::mount_private, "tmpfs", kPrivate, "tmpfs", MS_NOSUID | MS_NODEV,
          keep("mode=0755,uid=1000,gid=1000,size=" + std::to_string(disk) + ",nr_inodes=" + std::to_string(inodes)));
    const std::string base = kPrivate;
    const char* upper = keep(base + "/upper");
    const char* tmp = keep(base + "/tmp");
    const char* home = keep(base + "/home");
    const char* shm = keep(base + "/shm");
    directory(upper, 0755);
    directory(tmp, 01777);
    directory(home, 0755);
    directory(shm, 01777);

    const char* work_dir = keep(spec.work_dir);
    if (spec.work_tree.lower.empty()) {
        mount(Step::mount_work_tree, upper, work_dir, nullptr, MS_BIND, nullptr);
    } else {
        directory(keep(base + "/work"), 0755);
        std::string options = "userxattr,upperdir=" + base + "/upper,workdir=" + base + "/work,lowerdir=";
        for (std::size_t i = 0; i < spec.work_tree.lower.size(); ++i)
            options += (i == 0 ? "" : ":") + escape_lower(spec.work_tree.lower[i]);
        if (options.size() > kMountOptions)
            return fail_errno(E2BIG, "mount work tree", "paths of the lower directories are longer than one page");
        mount(Step::mount_work_tree, "overlay", work_dir, "overlay", MS_NOSUID | MS_NODEV, keep(std::move(options)));
    }
    mount(Step::mount_scratch, tmp, "/tmp", nullptr, MS_BIND, nullptr);
    mount(Step::mount_scratch, home, keep(spec.home), nullptr, MS_BIND, nullptr);
    mount(Step::mount_scratch, shm, "/dev/shm", nullptr, MS_BIND, nullptr);

    for (const Bind& bind : spec.binds) {
        const char* target = keep(bind.target);
        // In the image a mount point must be there; in what the sandbox writes it is made.
        if (below(bind.target, spec.work_dir) || below(bind.target, spec.home) || below(bind.target, "/tmp")) {
            directory(target, 0755);
            ops_.back().kind = Op::Kind::directory_maybe;
        }
        mount(Step::mount_bind, keep(bind.source), target, nullptr, MS_BIND | MS_REC, nullptr);
        if (bind.writable) continue;
        Op protect;
        protect.kind = Op::Kind::protect;
        protect.step = Step::protect_bind;
        protect.target = target;
        ops_.push_back(protect);
    }

    mount(Step::mount_proc, "proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
    // Last: all that came before may come from below it.
    mount(Step::hide_assay, kEmpty, kHiddenRoot, nullptr, MS_BIND, nullptr);
    return {};
}

void Prepared::plan_program(const Spec& spec) {
    for (const std::string& argument : spec.argv) argv_.push_back(const_cast<char*>(keep(argument)));
    shell_argv_ = {const_cast<char*>("/bin/sh"), argv_[0]};
    shell_argv_.insert(shell_argv_.end(), argv_.begin() + 1, argv_.end());
    argv_.push_back(nullptr);
    shell_argv_.push_back(nullptr);
    for (const auto& [name, value] : spec.env) envp_.push_back(const_cast<char*>(keep(name + "=" + value)));
    envp_.push_back(nullptr);

    const std::string& program = spec.argv[0];
    if (program.find('/') != std::string::npos) {
        programs_.push_back(argv_[0]);
    } else {
        std::string_view path = search_path(spec);
        while (!path.empty()) {
            std::string_view folder = path.substr(0, path.find(':'));
            path.remove_prefix(std::min(path.size(), folder.size() + 1));
            if (!folder.empty()) programs_.push_back(keep(std::string(folder) + "/" + program));
        }
    }
    programs_.push_back(nullptr);
}

void Prepared::plan_limits(const Limits& limits, bool count_processes) {
    limits_.push_back({RLIMIT_CORE, {0, 0}});
    if (limits.files != 0) limits_.push_back({RLIMIT_NOFILE, at_most(RLIMIT_NOFILE, limits.files)});
    if (limits.file_size.count != 0) limits_.push_back({RLIMIT_FSIZE, at_most(RLIMIT_FSIZE, limits.file_size.count)});
    // Counted per user namespace: init and what runs in this sandbox, nothing else of the same outer user.
    if (limits.processes != 0 && count_processes)
        limits_.push_back({RLIMIT_NPROC, at_most(RLIMIT_NPROC, limits.processes + 1)});
    if (limits.cpu_time.count() > 0) {  // per process: the floor under the launcher's own accounting
        auto seconds = static_cast<rlim_t>(limits.cpu_time.count());
        rlimit value = at_most(RLIMIT_CPU, seconds + 1);
        value.rlim_cur = std::min(seconds, value.rlim_max);
        limits_.push_back({RLIMIT_CPU, value});
    }
}

Result<void> Prepared::fill(const Spec& spec, const std::string& filter, bool count_processes) {
    ASSAY_CHECK(plan_mounts(spec));
    plan_program(spec);
    plan_limits(spec.limits, count_processes);
    plan.ops = ops_.data();
    plan.op_count = static_cast<unsigned>(ops_.size());
    plan.limits = limits_.data();
    plan.limit_count = static_cast<unsigned>(limits_.size());
    plan.programs = programs_.data();
    plan.argv = argv_.data();
    plan.shell_argv = shell_argv_.data();
    plan.envp = envp_.data();
    plan.work_dir = keep(spec.work_dir);
    plan.outlive_main = spec.outlive_main;
    plan.filter.len = static_cast<unsigned short>(filter.size() / sizeof(sock_filter));
    plan.filter.filter = reinterpret_cast<sock_filter*>(const_cast<char*>(filter.data()));
    return {};
}

std::string Prepared::describe(Step step, std::uint32_t op, const Spec& spec) const {
    switch (step) {
        case Step::exec: return spec.argv[0];
        case Step::enter_work_dir: return spec.work_dir;
        case Step::make_directory:
        case Step::mount_work_tree:
        case Step::mount_scratch:
        case Step::mount_bind:
        case Step::protect_bind: {
            if (op >= ops_.size()) return {};
            const Op& failed = ops_[op];
            std::string text = failed.target;
            if (failed.step == Step::mount_bind) text = std::string(failed.source) + " at " + text;
            return text;
        }
        default: return {};
    }
}

}  // namespace assay::sandbox
