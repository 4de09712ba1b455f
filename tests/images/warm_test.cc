// Warm templates: what continues from one cannot be told from a cold start, and what would differ starts cold.
#include <gmock/gmock.h>

#include "images/warm/snapshot.h"
#include "images/warm_template.h"
#include "tests/images/fixture.h"

using namespace assay;
using namespace assay::images;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

constexpr const char* kIsWarm = "'python.snapshot' in open('/proc/self/maps').read()";

class WarmTemplates : public RealBuild {
 protected:
    // The store, a layer with one package, and its template.
    void prepare() {
        store_.emplace(open());
        auto layer = store_->ensure(python("six==1.16.0\n"));
        ASSAY_NEEDS_REGISTRY(layer);
        ASSERT_TRUE(layer) << log_of(layer.error());
        layer_ = *layer;
        recipe_ = *find_recipe("python");
        if (auto why = no_warm_templates(recipe_); !why.empty()) GTEST_SKIP() << why;
        auto warm = store_->ensure_warm(recipe_, layer_);
        ASSERT_TRUE(warm) << log_of(warm.error());
        ASSERT_EQ(warm_refusal(warm->info()), "");
        warm_ = *warm;
    }
    Ran shell(const std::string& script, bool warm) {
        return run(*store_, layer_, "python", {"bash", "-c", script}, warm ? warm_ : Layer());
    }

    std::optional<LayerStore> store_;
    Recipe recipe_;
    Layer layer_;
    Layer warm_;
};

}  // namespace

TEST_F(WarmTemplates, WhatAProgramSeesOfItselfIsAsInAColdStart) {
    prepare();
    if (!warm_) return;
    const std::string script = R"sh(
cat >show.py <<'PY'
import sys, os, signal, threading, random, logging, hashlib, ssl
print(__name__, __file__, sys.argv, sys.orig_argv, sys.executable, sys._base_executable, sys.prefix, sys.path)
print(sys.flags, sys.warnoptions, sys._xoptions, sorted(os.environ.items()))
for stream in (sys.stdin, sys.stdout, sys.stderr):
    print(stream, getattr(stream, 'line_buffering', None), getattr(stream, 'write_through', None),
          getattr(stream, 'errors', None))
print([(n, signal.getsignal(n)) for n in sorted(signal.valid_signals())])
print(threading.main_thread().native_id == os.getpid(), os.getppid(), os.getcwd(), hash('a'))
print(open('/proc/self/cmdline').read().split('\0'), open('/proc/self/comm').read(), os.readlink('/proc/self/exe'))
print(sorted(os.listdir('/proc/self/fd')), dir(), len(os.environb[b'PATH']), hashlib.sha256(b'a').hexdigest())
print(len(ssl.RAND_bytes(4)), sorted(vars(sys.modules['__main__'])))
PY
python3 show.py a 'b c'; echo "status $?"
python show.py; python3.11 -u show.py x; /usr/bin/python3 show.py; exec -a python3 /usr/bin/python3 show.py
)sh";
    const Ran cold = shell(script, false), warm = shell(script, true);
    EXPECT_EQ(cold.output.find("python.snapshot"), std::string::npos);
    EXPECT_EQ(warm.output, cold.output);
    EXPECT_EQ(warm.status, cold.status);
    EXPECT_EQ(shell(std::string("python3 -c \"print(") + kIsWarm + ")\"", true).output, "True\n");
}

TEST_F(WarmTemplates, ExitStatusesSignalsAndTracebacksAreAsInAColdStart) {
    prepare();
    if (!warm_) return;
    const std::string script = R"sh(
exec 2>&1
run() { "$@"; echo "status $?"; }
printf 'def f():\n    return 1 / 0\nf()\n' >fails.py
printf '#!/usr/bin/python3\nimport sys\nprint(sys.argv, open("/proc/self/comm").read())\n' >script; chmod +x script
run python3 -c 'import sys; sys.exit(7)'
run python3 -c 'raise SystemExit("a text")'
run python3 fails.py
run python3 missing.py
run python3 -m missing_module
echo '{"a": 1}' | run python3 -m json.tool
run python3 -c 'import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(9)'
run python3 -c 'import os; os.kill(os.getpid(), 15)'
run python3 -c 'import os; os.abort()'
run ./script 1 2
run python3 -c 'import sys; print(sys.stdin)' <&-
(trap '' INT; run python3 -c 'import signal; print(signal.getsignal(2))')
python3 -c 'import signal; print(signal.getsignal(2), signal.getsignal(3))' & wait
PYTHONUNBUFFERED= run python3 -c 'import sys; print(sys.stdout.write_through)'
mkdir lib; PYTHONPATH=lib:/nowhere run python3 -c 'import sys; print(sys.path)'
run python3 -c 'import atexit; atexit.register(print, "last"); print("first")'
run python3 -c 'import atexit, json
class Finalised:
    def __init__(self, name): self.name = name
    def __del__(self):
        try:
            import json
            print("finalised", json.dumps(self.name))
        except ImportError as error: print("finalised late", self.name, error)
cycle = Finalised("cycle"); cycle.self = cycle; del cycle
kept = Finalised("kept"); threading = Finalised("shadow")
atexit.register(lambda: print("last", json.dumps(1)))'
run python3 -c 'import sys, threading, time
threading.Thread(target=time.sleep, args=(9,), daemon=True).start()
threading.Thread(target=lambda: (time.sleep(0.05), print("joined"))).start()'
run python3 -c 'import gc; gc.disable(); kept = open("kept", "w"); kept.write("buffered")'; cat kept; echo
run python3 -c 'kept = open("kept", "w"); kept.write("buffered too")'; cat kept; echo
run python3 -c 'import json, sys; sys.modules["json"] = None; del sys.modules["re"]; import re; print(re.escape("."))'
run python3 -c 'import subprocess, sys; print(subprocess.run([sys.executable, "-c", "print(5)"], capture_output=True))'
run python3 -c 'import os; pid = os.fork(); print(os.waitpid(pid, 0)[1] if pid else os._exit(3))'
run python3 -c 'import asyncio
async def main():
    child = await asyncio.create_subprocess_exec("sh", "-c", "exit 4")
    return await child.wait()
print(asyncio.run(main()))'
run python3 -c 'import threading
count = []
def work(): count.append(len([bytearray(1000) for i in range(20000)]))
threads = [threading.Thread(target=work) for i in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]; print(count)'
run python3 -c 'print(len([bytes(100000) for i in range(1000)]), len(list(range(3000000))))'
run python3 -c 'import sys
def f(n): return f(n + 1)
f(0)' | tail -2
)sh";
    const Ran cold = shell(script, false), warm = shell(script, true);
    EXPECT_EQ(warm.output, cold.output);
    EXPECT_EQ(warm.status, cold.status);
    EXPECT_THAT(cold.output, HasSubstr("ZeroDivisionError"));
}

TEST_F(WarmTemplates, WhatWouldDifferStartsCold) {
    prepare();
    if (!warm_) return;
    const std::string ask = std::string(" -c \"print(") + kIsWarm + ")\"";
    const struct {
        const char* what;
        std::string command;
        bool warm;
    } cases[] = {
        {"nothing special", "python3" + ask, true},
        {"another variable", "FLASK_APP=x python3" + ask, true},
        {"a hash seed", "PYTHONHASHSEED=1 python3" + ask, false},
        {"a locale", "LC_ALL=C python3" + ask, false},
        {"a home", "HOME=/tmp python3" + ask, false},
        {"a variable read at import", "SSLKEYLOGFILE=/tmp/x PYTHONASYNCIODEBUG=1 python3" + ask, false},
        {"an option", "python3 -O" + ask, false},
        {"isolated", "python3 -I" + ask, false},
        {"stdin", "python3 <<PY\nprint(" + std::string(kIsWarm) + ")\nPY\n", false},
        {"a virtual environment", "python3 -m venv --without-pip v; v/bin/python3" + ask, false},
        {"a file that hides a loaded module", "echo >decimal.py; python3" + ask, false},
        {"a package that hides one", "mkdir -p json; echo >json/__init__.py; python3" + ask, false},
        {"one on PYTHONPATH", "mkdir lib; echo >lib/decimal.py; PYTHONPATH=lib python3" + ask, false},
        {"one in a folder that may come onto the path", "mkdir src; echo >src/decimal.py; python3" + ask, false},
        {"one in a package, where it hides nothing",
         "mkdir app; echo >app/__init__.py; echo >app/decimal.py; python3" + ask, true},
        {"a name that nothing has", "echo >helpers.py; python3" + ask, true},
    };
    for (const auto& each : cases)
        EXPECT_EQ(shell(each.command, true).output, each.warm ? "True\n" : "False\n") << each.what;
}

TEST_F(WarmTemplates, TheTemplateKnowsThePagesThatServersWriteTo) {
    prepare();
    if (!warm_) return;
    const auto index = read_file(warm_.path() + "/tree/python.snapshot");
    ASSERT_TRUE(index);
    const auto* header = reinterpret_cast<const warm::Header*>(index->data());
    ASSERT_EQ(header->magic, warm::kMagic);
    const auto* regions = reinterpret_cast<const warm::Region*>(index->data() + header->regions_offset);
    const auto* runs = reinterpret_cast<const std::uint64_t*>(index->data() + header->hot_runs_offset);
    std::uint64_t pages = 0;
    for (std::uint64_t i = 0; i < header->hot_runs; ++i) {
        const std::uint64_t begin = warm::run_address(runs[i]);
        const std::uint64_t end = begin + warm::run_pages(runs[i]) * warm::kPage;
        EXPECT_LT(begin, end);
        EXPECT_TRUE(std::any_of(regions, regions + header->regions, [&](const warm::Region& region) {
            return begin >= region.address && end <= region.address + region.length;
        })) << i;
        pages += warm::run_pages(runs[i]);
    }
    EXPECT_GT(pages, 300u);
    EXPECT_LT(pages, 4000u);
    // The trial's servers are not this layer's; what the standard library does for them is.
    EXPECT_GT(header->placed_bytes, 100'000u);
    EXPECT_LT(header->placed_bytes, 4'000'000u);
}

TEST_F(WarmTemplates, NoTwoStartsShareTheirRandomNumbers) {
    prepare();
    if (!warm_) return;
    const std::string draw =
        "import random, secrets, uuid, ssl, tempfile, multiprocessing.process as p;"
        "print(random.random(), secrets.token_hex(4), uuid.uuid4(), ssl.RAND_bytes(8).hex(), tempfile.mktemp(),"
        " bytes(p.current_process().authkey).hex())";
    const std::string script = "python3 -c '" + draw + "'";
    const std::string first = shell(script, true).output;
    EXPECT_THAT(first, StartsWith("0."));
    const std::string second = shell(script, true).output;
    for (std::size_t from = 0, at = 0; from < first.size(); from = at + 1) {
        at = std::min(first.find(' ', from), first.size() - 1);
        EXPECT_EQ(second.find(first.substr(from, at - from)), std::string::npos) << first << second;
    }
}

TEST_F(WarmTemplates, ALayerWhoseImportsPrintHasNoneAndThatIsKept) {
    prepare();
    if (!warm_) return;
    recipe_.warm->modules = {"this"};
    auto refused = store_->ensure_warm(recipe_, layer_);
    ASSERT_TRUE(refused) << log_of(refused.error());
    EXPECT_NE(warm_refusal(refused->info()), "");
    auto again = store_->ensure_warm(recipe_, layer_);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->info().built, refused->info().built);
}
