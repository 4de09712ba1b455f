// Makes a warm template of the interpreter that it is loaded into (LD_PRELOAD), and continues a process from one.
//
// Loaded before the interpreter's main, it puts a main of its own there (by __libc_start_main), which initialises the
// interpreter as `python3` without arguments would be, has template.py import the layer's modules, and writes the
// process's memory to a file: every mapping, and the few addresses that the restorer needs (snapshot.h). The file
// holds the moment inside freeze(); who restores it returns from freeze() a second time, in another process, reads
// that process's arguments and environment, and goes on into the interpreter's own main loop (Py_RunMain).
//
// Environment, while a template is made: ASSAY_WARM_OUT (the file), ASSAY_WARM_MODULES (names, by spaces),
// ASSAY_WARM_NAMES (paths by which programs execute the interpreter, by spaces). Exit status: 0 made, 3 refused (stderr
// says why), 1 another failure.
//
// One thread, no library but libc and what the interpreter exports (3.11; where one of those is missing, the symbol is
// null and there is no template).
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <initializer_list>

#include "images/warm/placement.h"
#include "images/warm/profile.h"
#include "images/warm/snapshot.h"
#include "images/warm/writer.h"

namespace warm = assay::images::warm;

extern "C" {
extern char** environ;
extern void* __curbrk;  // where glibc believes the break to be

// The interpreter's own, as declared by cpython/initconfig.h and friends of 3.11.
struct PyObject;
struct PyStatus {
    int type;
    const char* function;
    const char* message;
    int exit_code;
};
#define WEAK __attribute__((weak))
WEAK void PyConfig_InitPythonConfig(void* config);
WEAK PyStatus PyConfig_SetBytesArgv(void* config, ssize_t argc, char* const* argv);
WEAK PyStatus Py_InitializeFromConfig(const void* config);
WEAK const void* _Py_GetConfig();
WEAK PyObject* _PyConfig_AsDict(const void* config);
WEAK int _PyConfig_FromDict(void* config, PyObject* dict);
extern WEAK int Py_UnbufferedStdioFlag;
WEAK int Py_RunMain();
WEAK PyObject* PyDict_New();
WEAK int PyDict_SetItemString(PyObject* dict, const char* key, PyObject* value);
WEAK PyObject* PyDict_GetItemString(PyObject* dict, const char* key);
WEAK PyObject* PyEval_GetBuiltins();
WEAK PyObject* PyEval_EvalCode(PyObject* code, PyObject* globals, PyObject* locals);
WEAK PyObject* Py_CompileString(const char* text, const char* name, int start);
WEAK PyObject* PyObject_CallFunction(PyObject* callable, const char* format, ...);
WEAK PyObject* PyList_New(ssize_t size);
WEAK int PyList_Append(PyObject* list, PyObject* item);
WEAK ssize_t PyList_Size(PyObject* list);
WEAK PyObject* PyList_GetItem(PyObject* list, ssize_t index);
WEAK PyObject* PyUnicode_DecodeFSDefault(const char* text);
WEAK const char* PyUnicode_AsUTF8(PyObject* text);
WEAK PyObject* PyBytes_FromString(const char* text);
WEAK PyObject* PyLong_FromLong(long value);
WEAK int PyObject_IsTrue(PyObject* object);
WEAK void PyErr_Print();
WEAK void Py_DecRef(PyObject* object);
}

namespace {

constexpr int kFileInput = 257;  // Py_file_input
constexpr std::size_t kMaxNames = 256;
constexpr unsigned kTrialSeconds = 20;

asm(".section .rodata\n"
    "assay_warm_python: .incbin \"" ASSAY_WARM_PYTHON
    "\"\n"
    ".byte 0\n"
    "assay_warm_trial: .incbin \"" ASSAY_WARM_TRIAL
    "\"\n"
    ".byte 0\n"
    ".text\n");
extern "C" const char assay_warm_python[];
extern "C" const char assay_warm_trial[];

// --- returning twice ---------------------------------------------------------------------------------------------

// Saves the callee's registers and the rounding modes on the stack, their place in *stack_pointer, calls write().
// Returns 0 in the process that wrote, its error, or 2 in one that was restored.
extern "C" int assay_warm_freeze(std::uint64_t* stack_pointer, int (*write)());
extern "C" char assay_warm_resume[];
asm(".globl assay_warm_freeze\n"
    ".globl assay_warm_resume\n"
    "assay_warm_freeze:\n\t"
    "push %rbp\n\t"
    "push %rbx\n\t"
    "push %r12\n\t"
    "push %r13\n\t"
    "push %r14\n\t"
    "push %r15\n\t"
    "sub $8, %rsp\n\t"
    "stmxcsr (%rsp)\n\t"
    "fnstcw 4(%rsp)\n\t"
    "mov %rsp, (%rdi)\n\t"
    "call *%rsi\n\t"
    "jmp 1f\n"
    "assay_warm_resume:\n\t"
    "mov $2, %eax\n"
    "1:\n\t"
    "ldmxcsr (%rsp)\n\t"
    "fldcw 4(%rsp)\n\t"
    "add $8, %rsp\n\t"
    "pop %r15\n\t"
    "pop %r14\n\t"
    "pop %r13\n\t"
    "pop %r12\n\t"
    "pop %rbx\n\t"
    "pop %rbp\n\t"
    "ret\n");

// Where the template keeps what outlives its main's stack frame.
struct Template {
    warm::Handover handover;
    char out[512];
    char modules[32768];
    char names[2048];
    const char* variables[kMaxNames];  // read by C code during imports
    std::size_t variable_count = 0;
    bool recording = false;
    bool seeded = false;  // an OpenSSL library drew from the kernel
    PyObject* space = nullptr;
    PyObject* read = nullptr;  // names that template.py recorded
    std::uint64_t placed_bytes = 0;
    std::uint64_t stack_pointer = 0;
    warm::Order order;
};
Template made;
alignas(64) char config_bytes[8192];  // a PyConfig; 3.11's has about 400 bytes

// --- making one ------------------------------------------------------------------------------------------------------

std::size_t entries(const char* folder) {
    DIR* open_folder = opendir(folder);
    if (open_folder == nullptr) warm::refuse("/proc cannot be read");
    std::size_t count = 0;
    while (readdir(open_folder) != nullptr) ++count;
    closedir(open_folder);
    return count;
}

void take(const char* name, char* to, std::size_t size) {
    const char* value = getenv(name);
    if (value == nullptr || strlen(value) >= size) warm::refuse(name);
    strcpy(to, value);
    unsetenv(name);
}

void note_variable(const char* name) {
    for (std::size_t i = 0; i < made.variable_count; ++i)
        if (strcmp(made.variables[i], name) == 0) return;
    if (made.variable_count == kMaxNames) warm::refuse("too many variables are read");
    made.variables[made.variable_count++] = strdup(name);
}

PyObject* function(const char* name) { return PyDict_GetItemString(made.space, name); }

void prepare() {
    char name[] = "python3";
    char* argv[] = {name, nullptr};
    PyConfig_InitPythonConfig(config_bytes);
    if (PyConfig_SetBytesArgv(config_bytes, 1, argv).type != 0) warm::refuse("the interpreter does not take arguments");
    if (Py_InitializeFromConfig(config_bytes).type != 0) warm::refuse("the interpreter does not start");
    made.space = PyDict_New();
    PyDict_SetItemString(made.space, "__builtins__", PyEval_GetBuiltins());
    PyObject* code = Py_CompileString(assay_warm_python, "<assay warm template>", kFileInput);
    if (code == nullptr || PyEval_EvalCode(code, made.space, made.space) == nullptr) {
        PyErr_Print();
        warm::refuse("template.py does not run");
    }
    std::size_t files = entries("/proc/self/fd");
    made.recording = true;
    made.read = PyObject_CallFunction(function("prepare"), "s", made.modules);
    made.recording = false;
    if (made.read == nullptr) {
        PyErr_Print();
        _exit(warm::kRefused);
    }
    if (entries("/proc/self/fd") != files) warm::refuse("a module keeps a file open when it is imported");
    if (entries("/proc/self/task") != 3) warm::refuse("a module starts a thread when it is imported");
}

// --- continuing from one
// -----------------------------------------------------------------------------------------------

[[noreturn]] void start_cold() {
    execve(warm::kInterpreterPath, made.handover.argv, made.handover.envp);
    _exit(127);
}

// The generators of OpenSSL libraries that were seeded before the snapshot.
int reseed(struct dl_phdr_info* info, size_t, void*) {
    if (info->dlpi_name == nullptr || strstr(info->dlpi_name, "libcrypto") == nullptr) return 0;
    void* library = dlopen(info->dlpi_name, RTLD_NOLOAD | RTLD_LAZY);
    if (library == nullptr) return 0;
    auto poll = reinterpret_cast<int (*)()>(dlsym(library, "RAND_poll"));
    if (poll != nullptr) poll();
    dlclose(library);
    return 0;
}

PyObject* ignored_signals() {
    PyObject* list = PyList_New(0);
    for (int number = 1; number < NSIG; ++number) {
        struct sigaction action {};
        if (sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN)
            PyList_Append(list, PyLong_FromLong(number));
    }
    return list;
}

// Of C's streams, as the interpreter sets them at its start.
void set_buffers(bool buffered) {
    Py_UnbufferedStdioFlag = buffered ? 0 : 1;
    for (FILE* stream : {stdin, stdout, stderr}) {
        const int mode = !buffered || stream == stderr ? _IONBF : isatty(fileno(stream)) ? _IOLBF : _IOFBF;
        setvbuf(stream, nullptr, mode, BUFSIZ);
    }
}

int run() {
    const warm::Handover& from = made.handover;
    environ = from.envp;
    __curbrk = reinterpret_cast<void*>(syscall(SYS_brk, 0));
    program_invocation_name = from.argv[0];
    PyObject* argv = PyList_New(0);
    for (long i = 0; i < from.argc; ++i) PyList_Append(argv, PyUnicode_DecodeFSDefault(from.argv[i]));
    PyObject* variables = PyList_New(0);
    for (char** entry = from.envp; *entry != nullptr; ++entry) PyList_Append(variables, PyBytes_FromString(*entry));
    PyObject* config = _PyConfig_AsDict(_Py_GetConfig());
    PyObject* fits = PyObject_CallFunction(function("restored"), "OOO", argv, variables, config);
    if (fits == nullptr || PyObject_IsTrue(fits) != 1) start_cold();
    // In place: the interpreter's own setter would look for its library anew, which costs a millisecond.
    if (_PyConfig_FromDict(const_cast<void*>(_Py_GetConfig()), config) != 0) start_cold();
    set_buffers(PyObject_IsTrue(PyDict_GetItemString(config, "buffered_stdio")) == 1);
    PyObject* done = PyObject_CallFunction(function("finish"), "OO", config, ignored_signals());
    if (done == nullptr) start_cold();
    if (made.seeded) dl_iterate_phdr(reseed, nullptr);
    return Py_RunMain();
}

// How trial.py goes about it: an object too many costs its bytes, a page too many a page.
char kQuick[] = "quick", kThorough[] = "thorough";

// A fork that tries out, in another process's place, what servers begin with; it stands still then. -1: it did not get
// so far. `before`: what it does first, false: not possible.
pid_t start_trial(char* how, bool (*before)()) {
    const pid_t child = fork();
    if (child == 0) {
        const int nowhere = open("/dev/null", O_RDWR);
        for (int fd : {0, 1, 2}) dup2(nowhere, fd);
        if (nowhere > 2) close(nowhere);
        alarm(kTrialSeconds);
        if (before != nullptr && !before()) _exit(1);
        static char name[] = "python3", option[] = "-c";
        static char* argv[] = {name, option, const_cast<char*>(assay_warm_trial), how, nullptr};
        made.handover = {4, argv, environ};
        _exit(run());
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, WUNTRACED) != child) return -1;
    return WIFSTOPPED(status) ? child : -1;
}

void end_trial(pid_t child) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
}

// The pages that the fork has written to by then are those that the restorer had better copy at once.
void note_hot_pages() {
    const pid_t trial = start_trial(kQuick, nullptr);
    if (trial < 0) return;
    warm::write_hot_pages(made.order, trial);
    end_trial(trial);
}

// An interpreter that goes the same way first, to see which objects its trial writes to. Null: nothing is known, and
// the template is as good, only slower to continue from.
warm::Profile* learn() {
    void* shared = mmap(nullptr, sizeof(warm::Profile), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return nullptr;
    auto* profile = static_cast<warm::Profile*>(shared);
    const pid_t child = fork();
    if (child == 0) {
        const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
        for (int fd : {1, 2}) dup2(nowhere, fd);  // what is wrong with a module is said by the one that counts
        alarm(2 * kTrialSeconds);
        if (!warm::begin_profile(*profile)) _exit(1);
        prepare();
        const pid_t trial = start_trial(kThorough, warm::begin_trial);
        if (trial < 0) _exit(1);
        const int error = warm::end_profile(trial);
        end_trial(trial);
        _exit(error == 0 ? 0 : 1);
    }
    int status = 0;
    if (child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return profile;
    munmap(shared, sizeof(warm::Profile));
    return nullptr;
}

int write() {
    for (ssize_t i = 0; i < PyList_Size(made.read); ++i) note_variable(PyUnicode_AsUTF8(PyList_GetItem(made.read, i)));
    made.order = {made.out,
                  made.stack_pointer,
                  reinterpret_cast<std::uint64_t>(assay_warm_resume),
                  reinterpret_cast<std::uint64_t>(&made.handover),
                  made.placed_bytes,
                  made.variables,
                  made.variable_count,
                  made.names};
    return warm::write_snapshot(made.order);
}

int template_main(int, char**, char**) {
    if (_PyConfig_FromDict == nullptr || _PyConfig_AsDict == nullptr || _Py_GetConfig == nullptr ||
        Py_RunMain == nullptr)
        warm::refuse("this interpreter is not one whose start can be continued (Python 3.11)");
    warm::Profile* profile = learn();
    if (profile != nullptr) warm::begin_placement(*profile);
    prepare();
    made.placed_bytes = warm::end_placement().bytes;
    if (profile != nullptr) munmap(profile, sizeof *profile);
    int written = assay_warm_freeze(&made.stack_pointer, write);
    if (written == 2) return run();
    if (written == 0) {
        note_hot_pages();
        _exit(0);
    }
    fprintf(stderr, "the snapshot cannot be written: %s\n", strerror(written));
    fflush(stderr);
    _exit(1);
}

}  // namespace

// What C code reads of the environment while modules are imported.
extern "C" char* getenv(const char* name) {
    using Getenv = char* (*)(const char*);
    static auto real = reinterpret_cast<Getenv>(dlsym(RTLD_NEXT, "getenv"));
    if (made.recording) note_variable(name);
    return real(name);
}

// Who seeds a generator while modules are imported: all who continue from the snapshot would have the same.
void note_seed(const void* caller) {
    Dl_info from{};
    if (dladdr(caller, &from) != 0 && from.dli_fname != nullptr && strstr(from.dli_fname, "libcrypto") != nullptr)
        made.seeded = true;
}

extern "C" int getentropy(void* bytes, size_t size) {
    using Getentropy = int (*)(void*, size_t);
    static auto real = reinterpret_cast<Getentropy>(dlsym(RTLD_NEXT, "getentropy"));
    note_seed(__builtin_return_address(0));
    return real(bytes, size);
}

extern "C" ssize_t getrandom(void* bytes, size_t size, unsigned flags) {
    using Getrandom = ssize_t (*)(void*, size_t, unsigned);
    static auto real = reinterpret_cast<Getrandom>(dlsym(RTLD_NEXT, "getrandom"));
    note_seed(__builtin_return_address(0));
    return real(bytes, size, flags);
}

using Main = int (*)(int, char**, char**);
extern "C" int __libc_start_main(Main, int argc, char** argv, void (*init)(), void (*fini)(), void (*rtld_fini)(),
                                 void* stack_end) {
    using Start = int (*)(Main, int, char**, void (*)(), void (*)(), void (*)(), void*);
    auto start = reinterpret_cast<Start>(dlsym(RTLD_NEXT, "__libc_start_main"));
    take("ASSAY_WARM_OUT", made.out, sizeof made.out);
    take("ASSAY_WARM_MODULES", made.modules, sizeof made.modules);
    take("ASSAY_WARM_NAMES", made.names, sizeof made.names);
    unsetenv("LD_PRELOAD");
    return start(template_main, argc, argv, init, fini, rtld_fini, stack_end);
}
