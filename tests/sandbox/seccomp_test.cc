// Every refusal of the policy, seen from inside; and, where this host lets it, that the same call behaves differently
// outside, so that the refusal is the policy's and not the host's.

#include "tests/sandbox/rig.h"

using namespace assay;
using namespace assay::sandbox;

namespace {

struct Refusal {
    const char* probe;
    const char* inside;
};

const Refusal kRefusals[] = {{"unshare-user", "EPERM"},
                             {"unshare-mount", "EPERM"},
                             {"clone-user", "EPERM"},
                             {"clone3", "ENOSYS"},
                             {"mount", "EPERM"},
                             {"fsopen", "EPERM"},
                             {"open-tree", "EPERM"},
                             {"chroot", "EPERM"},
                             {"setns", "EPERM"},
                             {"keyctl", "EPERM"},
                             {"add-key", "EPERM"},
                             {"io-uring", "ENOSYS"},
                             {"bpf", "EPERM"},
                             {"perf", "EPERM"},
                             {"userfaultfd", "EPERM"},
                             {"ptrace", "EPERM"},
                             {"vm-read", "EPERM"},
                             {"kcmp", "EPERM"},
                             {"pidfd-getfd", "EPERM"},
                             {"personality-set", "ENOSYS"},
                             {"tiocsti", "EPERM"},
                             {"tiocsti-high", "ENOSYS"},
                             {"socket-netlink-other", "ENOSYS"},
                             {"socket-alg", "EAFNOSUPPORT"},
                             {"socket-vsock", "EAFNOSUPPORT"},
                             {"socket-packet", "EAFNOSUPPORT"},
                             {"mknod", "EPERM"},
                             {"sethostname", "EPERM"},
                             {"int80-getpid", "ENOSYS"},
                             {"x32-getpid", "ENOSYS"},
                             {"aio", "ENOSYS"},
                             {"raise-capability", "ENOSYS"},
                             {"set-mm", "ENOSYS"}};

std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const Refusal& refusal : kRefusals) all.emplace_back(refusal.probe);
    return all;
}

}  // namespace

TEST(Seccomp, RefusesWhatThePolicyRefuses) {
    Rig rig;
    auto argv = names();
    argv.insert(argv.begin(), "/probe");
    for (const char* policy : {"server", "builder"}) {
        Spec spec = program(argv);
        spec.policy = policy;
        auto inside = probe_results(rig.run(spec).out);
        for (const Refusal& refusal : kRefusals) EXPECT_EQ(inside[refusal.probe], refusal.inside) << refusal.probe;
    }
}

TEST(Seccomp, TheRefusalsAreThePolicysAndNotTheHosts) {
    // Calls that any user of this kernel may make; what a host's configuration may forbid is not among them.
    auto outside = probe_results(probe_outside(
        {"clone3", "keyctl", "ptrace", "vm-read", "kcmp", "pidfd-getfd", "personality-set", "socket-netlink-other"}));
    for (const auto& [name, result] : outside) EXPECT_EQ(result, "0") << name << " is refused outside as well";
    EXPECT_EQ(outside.size(), 8u);
}

TEST(Seccomp, AllowsWhatServersNeed) {
    Rig rig;
    auto results = probe_results(rig.run(program({"/probe", "clone-plain", "personality-ask", "socket-inet",
                                                  "socket-unix", "socket-netlink-route", "prlimit-self", "mkfifo"}))
                                     .out);
    EXPECT_EQ(results.size(), 7u);
    for (const auto& [name, result] : results) EXPECT_EQ(result, "0") << name;
}

TEST(Seccomp, PythonRunsWithThreadsProcessesAndAnEventLoop) {
    Rig rig;
    Outcome outcome = rig.run(program({"python3", "-c",
                                       "import asyncio,subprocess,threading,sqlite3,multiprocessing,socket,tempfile\n"
                                       "t=threading.Thread(target=lambda:None); t.start(); t.join()\n"
                                       "assert subprocess.run(['echo','x'],capture_output=True).stdout==b'x\\n'\n"
                                       "with multiprocessing.Pool(2) as p: assert p.map(abs,[-1])==[1]\n"
                                       "async def main():\n"
                                       " s=await asyncio.start_server(lambda r,w:w.close(),'127.0.0.1',0)\n"
                                       " p=await asyncio.create_subprocess_exec('true'); assert await p.wait()==0\n"
                                       " r,w=await asyncio.open_connection(*s.sockets[0].getsockname())\n"
                                       " assert await r.read()==b''\n"
                                       "asyncio.run(main())\n"
                                       "d=sqlite3.connect('/app/db'); d.execute('create table t(x)'); d.commit()\n"
                                       "print('fine')\n"}));
    EXPECT_EQ(outcome.out, "fine\n") << outcome.err;
}

TEST(Seccomp, NodeRunsWithWorkersProcessesAndAServer) {
    if (::access("/usr/bin/node", X_OK) != 0) GTEST_SKIP() << "no node on this host";
    Rig rig;
    Outcome outcome = rig.run(program(
        {"node", "-e",
         "const {Worker}=require('worker_threads');const {execFileSync}=require('child_process');"
         "const http=require('http');"
         "if(String(execFileSync('echo',['x']))!=='x\\n')throw 1;"
         "require('fs').copyFileSync('/etc/passwd','/tmp/p');require('crypto').randomBytes(8);"
         "const w=new Worker('require(\"worker_threads\").parentPort.postMessage(1)',{eval:true});"
         "w.on('message',()=>{const s=http.createServer((q,r)=>r.end('y')).listen(0,()=>{"
         "http.get({port:s.address().port},r=>{r.on('data',d=>{console.log('fine',String(d));process.exit(0)})})"
         "})})"}));
    EXPECT_EQ(outcome.out, "fine y\n") << outcome.err;
}

TEST(Seccomp, PostgreSqlStartsAndAnswers) {
    std::string found = "ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1";
    std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(found.c_str(), "re"), ::pclose);
    char folder[256] = {};
    if (!pipe || std::fgets(folder, sizeof folder, pipe.get()) == nullptr) GTEST_SKIP() << "no PostgreSQL on this host";
    std::string bin(folder);
    bin.pop_back();
    Rig rig;
    Spec spec =
        shell("set -e; B=" + bin +
              "; $B/initdb -D /app/db -U user --no-sync >/app/log 2>&1 || { cat /app/log; exit 1; }; "
              "$B/pg_ctl -D /app/db -w -o '-k /tmp -h 127.0.0.1' -l /app/log start >/dev/null || { cat /app/log; "
              "exit 1; }; $B/psql -h 127.0.0.1 -U user -Atc 'select 6*7' postgres; "
              "$B/pg_ctl -D /app/db -m fast stop >/dev/null");
    spec.limits.disk = 256_MiB;
    spec.outlive_main = false;
    Outcome outcome = rig.run(spec);
    EXPECT_EQ(outcome.out, "42\n") << outcome.err;
}
