#include "harness/batch/shard.h"

#include <array>
#include <charconv>
#include <optional>

namespace assay::batch {

namespace {

constexpr std::uint32_t kMostShards = 100'000;

std::optional<std::uint32_t> number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

Result<Shard> checked(std::optional<std::uint32_t> index, std::optional<std::uint32_t> count, const std::string& from) {
    if (!index || !count || *index < 1 || *index > *count || *count > kMostShards)
        return fail("read --shard", from, "give I/N with I from 1 to N, or auto");
    return Shard{*index, *count};
}

// Names of the variables, and of the one that says which index is the first.
struct ArrayJob {
    const char* index;
    const char* count;
    const char* first;
    std::uint32_t first_without;
};
constexpr std::array<ArrayJob, 3> kArrayJobs = {{
    {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN", 0},
    {"JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", "", 0},
    {"CI_NODE_INDEX", "CI_NODE_TOTAL", "", 1},
}};

}  // namespace

bool Shard::holds(std::string_view id) const {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return hash % count + 1 == index;
}

std::string Shard::text() const { return std::to_string(index) + "/" + std::to_string(count); }

Result<Shard> read_shard(const std::string& text, const std::map<std::string, std::string>& environment) {
    if (text != "auto") {
        const auto slash = text.find('/');
        if (slash == std::string::npos) return checked({}, {}, text);
        return checked(number(text.substr(0, slash)), number(text.substr(slash + 1)), text);
    }
    const auto value = [&](const char* name) {
        const auto found = environment.find(name);
        return found == environment.end() ? std::nullopt : number(found->second);
    };
    for (const ArrayJob& job : kArrayJobs) {
        const auto index = value(job.index), count = value(job.count);
        if (!index || !count) continue;
        const std::uint32_t first = value(job.first).value_or(job.first_without);
        // Below the first the difference wraps, and is refused as too large.
        return checked(*index - first + 1, count, std::string(job.index) + " and " + job.count);
    }
    return fail("read --shard", "auto: no array job's variables in the environment",
                "give I/N, or set JOB_COMPLETION_INDEX (from 0) and JOB_COMPLETIONS");
}

}  // namespace assay::batch
