#include "sandbox/bpf.h"

#include <cstring>

namespace assay::sandbox {

std::vector<sock_filter> filter_of_bytes(const std::string& bytes) {
    std::vector<sock_filter> program(bytes.size() / sizeof(sock_filter));
    if (!program.empty()) std::memcpy(program.data(), bytes.data(), program.size() * sizeof(sock_filter));
    return program;
}

std::uint32_t run_filter(const std::vector<sock_filter>& program, const seccomp_data& data) {
    std::uint32_t a = 0;
    for (std::size_t at = 0; at < program.size(); ++at) {
        const sock_filter& step = program[at];
        switch (step.code) {
            case BPF_LD | BPF_W | BPF_ABS:
                if (step.k > sizeof data - sizeof a) return SECCOMP_RET_KILL_PROCESS;
                std::memcpy(&a, reinterpret_cast<const char*>(&data) + step.k, sizeof a);
                break;
            case BPF_ALU | BPF_AND | BPF_K: a &= step.k; break;
            case BPF_JMP | BPF_JA: at += step.k; break;
            case BPF_JMP | BPF_JEQ | BPF_K: at += a == step.k ? step.jt : step.jf; break;
            case BPF_JMP | BPF_JGT | BPF_K: at += a > step.k ? step.jt : step.jf; break;
            case BPF_JMP | BPF_JGE | BPF_K: at += a >= step.k ? step.jt : step.jf; break;
            case BPF_RET | BPF_K: return step.k;
            default: return SECCOMP_RET_KILL_PROCESS;
        }
    }
    return SECCOMP_RET_KILL_PROCESS;
}

}  // namespace assay::sandbox
