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
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <initializer_list>

#include "images/warm/snapshot.h"

namespace warm = assay::images::warm;

extern "C" {
extern char** environ;
extern void* __curbrk;  // where glibc believes the break to be
extern const ptrdiff_t __rseq_offset __attribute__((weak));
extern const unsigned int __rseq_size __attribute__((weak));

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
constexpr int kRefused = 3;
constexpr std::size_t kMaxNames = 256;
constexpr std::size_t kMaxRegions = 1024;

asm(".section .rodata\n"
    "assay_warm_python: .incbin \"" ASSAY_WARM_PYTHON
    "\"\n"
    ".byte 0\n"
    ".text\n");
extern "C" const char assay_warm_python[];

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
    std::uint64_t stack_pointer = 0;
    warm::Region regions[kMaxRegions];
    std::size_t region_count = 0;
};
Template made;
alignas(64) char config_bytes[8192];  // a PyConfig; 3.11's has about 400 bytes
alignas(16) char index_bytes[warm::kIndexSize];

[[noreturn]] void refuse(const char* why) {
    fprintf(stderr, "no template: %s\n", why);
    fflush(stderr);
    _exit(kRefused);
}

// --- what the snapshot holds ----------------------------------------------------------------------------------------

bool zeros(const char* page) {
    const auto* words = reinterpret_cast<const std::uint64_t*>(page);
    for (std::size_t i = 0; i < warm::kPage / 8; ++i)
        if (words[i] != 0) return false;
    return true;
}

bool write_all(int file, const char* bytes, std::size_t size, std::uint64_t offset) {
    while (size > 0) {
        ssize_t done = pwrite(file, bytes, size, static_cast<off_t>(offset));
        if (done <= 0) return false;
        bytes += done, offset += static_cast<std::uint64_t>(done), size -= static_cast<std::size_t>(done);
    }
    return true;
}

// The pages of one region that are not all zeros, in runs.
bool write_region(int file, const warm::Region& region) {
    const char* start = reinterpret_cast<const char*>(region.address);
    std::size_t at = 0;
    while (at < region.length) {
        while (at < region.length && zeros(start + at)) at += warm::kPage;
        std::size_t from = at;
        while (at < region.length && !zeros(start + at)) at += warm::kPage;
        if (at > from && !write_all(file, start + from, at - from, region.offset + from)) return false;
    }
    return true;
}

struct Line {
    std::uint64_t start, end;
    int prot;
    bool shared;
    const char* name;
};

bool parse_line(char* text, Line& line) {
    char perms[8] = {};
    int name_at = 0;
    unsigned long long offset = 0;
    unsigned long inode = 0;
    char device[16];
    if (sscanf(text, "%lx-%lx %7s %llx %15s %lu %n", &line.start, &line.end, perms, &offset, device, &inode, &name_at) <
        6)
        return false;
    line.prot =
        (perms[0] == 'r' ? PROT_READ : 0) | (perms[1] == 'w' ? PROT_WRITE : 0) | (perms[2] == 'x' ? PROT_EXEC : 0);
    line.shared = perms[3] == 's';
    line.name = text + name_at;
    return true;
}

void add_kernel_map(warm::Header& header, const Line& line) {
    if (header.kernel_maps_count == warm::kMaxKernelMaps) refuse("the kernel maps more than is known");
    header.kernel_maps[header.kernel_maps_count++] = {
        static_cast<std::int64_t>(line.start) - static_cast<std::int64_t>(header.vdso), line.end - line.start};
    if (line.start == header.vdso) header.vdso_length = line.end - line.start;
}

void add_region(const Line& line, bool stack) {
    if (made.region_count > 0 && !stack) {
        warm::Region& last = made.regions[made.region_count - 1];
        bool joins = last.stack == 0 && last.address + last.length == line.start &&
                     last.prot == static_cast<std::uint32_t>(line.prot) && line.prot != PROT_NONE && last.offset != 0;
        if (joins) {
            last.length += line.end - line.start;
            return;
        }
    }
    if (made.region_count == kMaxRegions) refuse("too many mappings");
    // Memory that may not be read is not saved, only kept from others. The place in the file comes later.
    std::uint64_t offset = line.prot == PROT_NONE ? 0 : 1;
    made.regions[made.region_count++] = {line.start, line.end - line.start, offset,
                                         static_cast<std::uint32_t>(line.prot), stack ? 1u : 0u};
}

void read_maps(warm::Header& header) {
    static char text[256 << 10];
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    std::size_t size = 0;
    ssize_t got = 0;
    while (file >= 0 && (got = read(file, text + size, sizeof text - 1 - size)) > 0) size += static_cast<size_t>(got);
    if (file < 0 || got < 0 || size == sizeof text - 1) refuse("/proc/self/maps cannot be read");
    close(file);
    text[size] = 0;
    char* rest = nullptr;
    for (char* row = strtok_r(text, "\n", &rest); row != nullptr; row = strtok_r(nullptr, "\n", &rest)) {
        Line line{};
        if (!parse_line(row, line)) refuse("/proc/self/maps is not as expected");
        if (strncmp(line.name, "[vsyscall]", 10) == 0) continue;
        if (strncmp(line.name, "[vvar", 5) == 0 || strncmp(line.name, "[vdso]", 6) == 0) {
            add_kernel_map(header, line);
            continue;
        }
        if (line.shared && (line.prot & PROT_WRITE) != 0) refuse("a module shares writable memory");
        add_region(line, strncmp(line.name, "[stack]", 7) == 0);
    }
}

// glibc's struct pthread has no public layout: its robust list is the head that points to itself, with the offset of
// mutexes' owners after it; tid stands 16 bytes before (tid, then the list's previous pointer).
void find_thread(warm::Header& header) {
    auto self = reinterpret_cast<std::uint64_t>(pthread_self());
    header.fs_base = self;
    void* head = nullptr;
    size_t size = 0;
    if (syscall(SYS_get_robust_list, 0, &head, &size) != 0 || size != 24) refuse("no robust list");
    header.robust_list = reinterpret_cast<std::uint64_t>(head);
    header.tid_address = header.robust_list - 16;
    if (header.robust_list < self || header.robust_list > self + 4096 ||
        *reinterpret_cast<int*>(header.tid_address) != static_cast<int>(syscall(SYS_gettid)))
        refuse("this C library keeps its thread id elsewhere");
    if (&__rseq_size != nullptr && __rseq_size > 0) {
        header.rseq = self + static_cast<std::uint64_t>(__rseq_offset);
        header.rseq_length = __rseq_size < 32 ? 32 : __rseq_size;  // the first size that the kernel knew
    }
}

std::size_t put(std::size_t at, const char* text) {
    std::size_t size = strlen(text) + 1;
    if (at + size > sizeof index_bytes) refuse("the index is too large");
    memcpy(index_bytes + at, text, size);
    return at + size;
}

bool start_variable(const char* entry) {
    for (const char* prefix : {"PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "GLIBC_", "GCONV_", "TZ"})
        if (strncmp(entry, prefix, strlen(prefix)) == 0) return true;
    return false;
}

std::size_t put_variable(std::size_t at, const char* name) {
    if (strcmp(name, "PATH") == 0 || strcmp(name, "PYTHONUNBUFFERED") == 0 || strcmp(name, "PYTHONPATH") == 0)
        return at;
    static char rule[32768];
    const char* value = getenv(name);
    int size =
        value == nullptr ? snprintf(rule, sizeof rule, "%s", name) : snprintf(rule, sizeof rule, "%s=%s", name, value);
    if (size >= static_cast<int>(sizeof rule)) refuse("a variable is too long");
    return put(at, rule);
}

void put_rules(warm::Header& header, std::size_t& at) {
    header.env_rules = at;
    for (char** entry = environ; *entry != nullptr; ++entry)
        if (start_variable(*entry) && strncmp(*entry, "PYTHONUNBUFFERED=", 17) != 0 &&
            strncmp(*entry, "PYTHONPATH=", 11) != 0)
            at = put(at, *entry);
    for (std::size_t i = 0; i < made.variable_count; ++i) at = put_variable(at, made.variables[i]);
    for (ssize_t i = 0; i < PyList_Size(made.read); ++i)
        at = put_variable(at, PyUnicode_AsUTF8(PyList_GetItem(made.read, i)));
    at = put(at, "");
    header.interpreters = at;
    char* rest = nullptr;
    for (char* name = strtok_r(made.names, " ", &rest); name != nullptr; name = strtok_r(nullptr, " ", &rest))
        at = put(at, name);
    at = put(at, "");
}

int write_snapshot() {
    auto& header = *reinterpret_cast<warm::Header*>(index_bytes);
    header.magic = warm::kMagic;
    header.stack_pointer = made.stack_pointer;
    header.resume = reinterpret_cast<std::uint64_t>(assay_warm_resume);
    header.handover = reinterpret_cast<std::uint64_t>(&made.handover);
    header.vdso = getauxval(AT_SYSINFO_EHDR);
    find_thread(header);
    std::size_t at = sizeof header;
    put_rules(header, at);
    int file = open(made.out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) refuse("the snapshot's file cannot be written");
    made.region_count = 0;
    read_maps(header);
    if (header.vdso == 0 || header.vdso_length == 0) refuse("no vDSO");
    header.vdso_hash = warm::hash_words(reinterpret_cast<const std::uint64_t*>(header.vdso), header.vdso_length / 8);
    std::uint64_t offset = warm::kIndexSize;
    for (std::size_t i = 0; i < made.region_count; ++i) {
        warm::Region& region = made.regions[i];
        if (region.offset == 0) continue;
        region.offset = offset;
        offset += region.length;
        if (!write_region(file, region)) return errno == 0 ? EIO : errno;
    }
    at = (at + 15) & ~std::size_t{15};
    header.regions = made.region_count;
    header.regions_offset = at;
    if (at + made.region_count * sizeof(warm::Region) > sizeof index_bytes) refuse("the index is too large");
    memcpy(index_bytes + at, made.regions, made.region_count * sizeof(warm::Region));
    if (ftruncate(file, static_cast<off_t>(offset)) != 0) return errno;
    if (!write_all(file, index_bytes, sizeof index_bytes, 0)) return errno == 0 ? EIO : errno;
    return fsync(file) == 0 && close(file) == 0 ? 0 : errno;
}

// --- making one
// -------------------------------------------------------------------------------------------------------

std::size_t entries(const char* folder) {
    DIR* open_folder = opendir(folder);
    if (open_folder == nullptr) refuse("/proc cannot be read");
    std::size_t count = 0;
    while (readdir(open_folder) != nullptr) ++count;
    closedir(open_folder);
    return count;
}

void take(const char* name, char* to, std::size_t size) {
    const char* value = getenv(name);
    if (value == nullptr || strlen(value) >= size) refuse(name);
    strcpy(to, value);
    unsetenv(name);
}

PyObject* function(const char* name) { return PyDict_GetItemString(made.space, name); }

void prepare() {
    char name[] = "python3";
    char* argv[] = {name, nullptr};
    PyConfig_InitPythonConfig(config_bytes);
    if (PyConfig_SetBytesArgv(config_bytes, 1, argv).type != 0) refuse("the interpreter does not take arguments");
    if (Py_InitializeFromConfig(config_bytes).type != 0) refuse("the interpreter does not start");
    made.space = PyDict_New();
    PyDict_SetItemString(made.space, "__builtins__", PyEval_GetBuiltins());
    PyObject* code = Py_CompileString(assay_warm_python, "<assay warm template>", kFileInput);
    if (code == nullptr || PyEval_EvalCode(code, made.space, made.space) == nullptr) {
        PyErr_Print();
        refuse("template.py does not run");
    }
    std::size_t files = entries("/proc/self/fd");
    made.recording = true;
    made.read = PyObject_CallFunction(function("prepare"), "s", made.modules);
    made.recording = false;
    if (made.read == nullptr) {
        PyErr_Print();
        _exit(kRefused);
    }
    if (entries("/proc/self/fd") != files) refuse("a module keeps a file open when it is imported");
    if (entries("/proc/self/task") != 3) refuse("a module starts a thread when it is imported");
}

// --- continuing from one
// ------------------------------------------------------------------------------------------------

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

int template_main(int, char**, char**) {
    if (_PyConfig_FromDict == nullptr || _PyConfig_AsDict == nullptr || _Py_GetConfig == nullptr ||
        Py_RunMain == nullptr)
        refuse("this interpreter is not one whose start can be continued (Python 3.11)");
    prepare();
    int written = assay_warm_freeze(&made.stack_pointer, write_snapshot);
    if (written == 2) return run();
    if (written == 0) _exit(0);
    fprintf(stderr, "the snapshot cannot be written: %s\n", strerror(written));
    fflush(stderr);
    _exit(1);
}

}  // namespace

// What C code reads of the environment while modules are imported.
extern "C" char* getenv(const char* name) {
    using Getenv = char* (*)(const char*);
    static auto real = reinterpret_cast<Getenv>(dlsym(RTLD_NEXT, "getenv"));
    if (made.recording) {
        bool known = false;
        for (std::size_t i = 0; i < made.variable_count && !known; ++i) known = strcmp(made.variables[i], name) == 0;
        if (!known && made.variable_count == kMaxNames) refuse("too many variables are read");
        if (!known) made.variables[made.variable_count++] = strdup(name);
    }
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
