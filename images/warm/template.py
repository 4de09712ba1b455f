# The part of a warm template that is Python: which modules it holds, and what has to be put right when a process
# continues from it. Executed by template.cc in a namespace of its own, never in __main__.
#
# Only modules that every interpreter has loaded at its start are imported here: a program that looks at sys.modules
# finds what its imports brought, and what the template holds.

import io
import os
import posix
import site
import sys

import _signal
import atexit
import gc

CONSOLE_ARGUMENTS = ("--app-dir", "--chdir", "--pythonpath", "--reload-dir")
SUFFIXES = (".py", ".pyc", ".so")
MAX_FOLDERS = 400
MAX_DEPTH = 4

startup = {name.partition(".")[0] for name in sys.modules}
state = {}
held = {}


class Refused(Exception):
    """This layer has no template; the text says why."""


def recorded(names):
    """Makes os.environ note what is read of it. Returns the function that ends this."""
    cls = type(os.environ)
    read, walk = cls.__getitem__, cls.__iter__

    def getitem(self, key):
        names.add(key)
        return read(self, key)

    def iterate(self):
        names.add("*")
        return walk(self)

    cls.__getitem__, cls.__iter__ = getitem, iterate

    def end():
        cls.__getitem__, cls.__iter__ = read, walk

    return end


def handlers():
    return [_signal.getsignal(n) for n in range(1, _signal.NSIG) if n not in (32, 33)]


def shadowable(names):
    """Top-level names of modules that a file in front of them on sys.path would replace."""
    found = set()
    for name in names:
        spec = getattr(sys.modules.get(name), "__spec__", None)
        if spec is not None and spec.origin not in ("built-in", "frozen"):
            found.add(name)
    return found


def prepare(modules):
    """Imports what is there of `modules`; returns the names of the variables that decided anything."""
    names = set()
    environment = dict(os.environ._data)
    before = handlers()
    path = list(sys.path)
    # The one module of the standard library that copies the environment when it is imported; renew() does it again.
    __import__("wsgiref.handlers")
    missing = []
    end = recorded(names)
    try:
        for module in modules.split():
            try:
                __import__(module)
            except Exception as error:  # whatever a package raises that lacks one of its parts
                missing.append(f"{module}: {type(error).__name__}")
    finally:
        end()
    if "*" in names:
        raise Refused("a module reads the whole environment when it is imported")
    if os.environ._data != environment:
        raise Refused("a module changes the environment when it is imported")
    if handlers() != before:
        raise Refused("a module handles signals when it is imported")
    if sys.path != path:
        raise Refused("a module changes sys.path when it is imported")
    if sys.gettrace() is not None or sys.getprofile() is not None:
        raise Refused("a module traces the interpreter when it is imported")
    loaded = {name.partition(".")[0] for name in sys.modules}
    state["startup"] = shadowable(startup) | {"usercustomize", "sitecustomize"}
    state["loaded"] = shadowable(loaded - startup)
    state["stdin"] = (sys.stdin.encoding, sys.stdin.errors)
    state["stdout"] = (sys.stdout.encoding, sys.stdout.errors)
    state["path"] = path
    sys.stdout.flush()
    sys.stderr.flush()
    held.update((name, module) for name, module in sys.modules.items() if name not in ("sys", "builtins", "__main__"))
    gc.collect()
    gc.freeze()
    names.add("HOME")  # site reads it before anything is recorded
    return sorted(names)


# --- in the restored process ------------------------------------------------------------------------------------------


def command(argv):
    """What the arguments ask for: (buffered, key of the configuration, its value, sys.argv). The restorer let only
    these forms through."""
    at = 1
    buffered = True
    while argv[at] == "-u":
        buffered = False
        at += 1
    if argv[at] == "-m":
        return buffered, "run_module", argv[at + 1], ["-m"] + argv[at + 2 :]
    if argv[at] == "-c":
        return buffered, "run_command", argv[at + 1] + "\n", ["-c"] + argv[at + 2 :]
    return buffered, "run_filename", argv[at], argv[at:]


def unbuffered(value):
    """PYTHONUNBUFFERED, as _Py_get_env_flag reads it."""
    if not value:
        return False
    try:
        return int(value) != 0
    except ValueError:
        return True


def hides(folder, names):
    """Whether a module of that name in `folder` would be found before the loaded one."""
    try:
        entries = os.listdir(folder)
    except OSError:
        return False
    for entry in entries:
        stem, _, suffix = entry.partition(".")
        if stem not in names:
            continue
        if suffix:
            if entry.endswith(SUFFIXES):
                return True
            continue
        for inside in ("__init__.py", "__init__.pyc"):
            try:
                posix.stat(f"{folder}/{entry}/{inside}")
                return True
            except OSError:
                pass
    return False


def tree_hides(root, names):
    """The same for folders below `root` which are no packages: a program may put one of those on sys.path."""
    waiting = [(root, 0)]
    seen = 0
    while waiting:
        folder, depth = waiting.pop()
        seen += 1
        if seen > MAX_FOLDERS:
            return True
        files, folders = set(), []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if not entry.is_dir(follow_symlinks=False):
                        files.add(entry.name)
                    elif entry.name[0] not in "._" and entry.name not in ("node_modules", "site-packages"):
                        folders.append(entry.path)
        except OSError:
            continue
        if "pyvenv.cfg" in files:
            continue
        if depth > 0 and "__init__.py" not in files and hides(folder, names):
            return True
        if depth < MAX_DEPTH:
            waiting.extend((path, depth + 1) for path in folders)
    return False


def fits(argv, value, key, python_path):
    """Whether a cold start would have found the same modules."""
    loaded = state["loaded"]
    for folder in python_path:
        if hides(folder, state["startup"] | loaded):
            return False
    folders = []
    if key == "run_module":
        module = sys.modules.get(value)
        if module is not None and not hasattr(module, "__path__"):
            return False  # runpy would execute it a second time, and say so
        if value + ".__main__" in sys.modules:
            return False
    if key == "run_filename":
        folders.append(os.path.dirname(os.path.realpath(value)) or ".")
    try:
        here = os.getcwd()
    except OSError:
        return False
    folders.append(here)
    for at, argument in enumerate(argv):
        name, _, given = argument.partition("=")
        if name in CONSOLE_ARGUMENTS:
            folders.append(given or (argv[at + 1] if at + 1 < len(argv) else "."))
    for folder in folders:
        if hides(folder, loaded):
            return False
    if here == "/" or (site.USER_SITE and os.path.isdir(site.USER_SITE)):
        return False
    return not tree_hides(here, loaded)


def executable(name):
    """What sys.executable is; the restorer has seen that it exists."""
    if "/" in name:
        return name
    for folder in os.environ["PATH"].split(":"):
        if posix.access(f"{folder}/{name}", posix.X_OK):
            return f"{folder}/{name}"
    return name


def restored(argv, entries, config):
    """Decides, and puts into `config` what the arguments and the environment say. False: start cold."""
    data = os.environ._data
    data.clear()
    for entry in entries:
        key, equals, value = entry.partition(b"=")
        if equals:
            data.setdefault(key, value)
    buffered, key, value, arguments = command(argv)
    if unbuffered(os.environ.get("PYTHONUNBUFFERED")):
        buffered = False
    path = os.environ.get("PYTHONPATH") or ""
    given = path.split(":") if path else []
    if "" in given:
        return False
    python_path = []
    for folder in map(os.path.abspath, given):
        if folder not in python_path:
            python_path.append(folder)
    if not fits(argv, value, key, python_path):
        return False
    if key == "run_filename" and value[0] != "/":
        value = os.getcwd() + "/" + value.removeprefix("./")  # as config_run_filename_abspath joins it
    config["argv"] = arguments
    config["orig_argv"] = argv
    config["buffered_stdio"] = int(buffered)
    config[key] = value
    config["executable"] = config["base_executable"] = executable(argv[0])
    config["program_name"] = argv[0]
    if path:
        config["pythonpath_env"] = path
    state["path"][:0] = [folder for folder in python_path if folder not in state["path"]]
    state["buffered"] = buffered
    return True


def stream(fd, writes, name, buffered, encoding, errors):
    """One of sys.std*, as pylifecycle.c's create_stdio makes it."""
    try:
        posix.fstat(fd)
    except OSError:
        return None
    raw_only = writes and not buffered
    buffer = io.open(fd, "wb" if writes else "rb", 0 if raw_only else -1, closefd=False)
    raw = buffer if raw_only else buffer.raw
    raw.name = name
    terminal = raw.isatty()
    text = io.TextIOWrapper(
        buffer,
        encoding=encoding,
        errors=errors,
        newline="\n",
        line_buffering=buffered and (terminal or fd == 2),
        write_through=not buffered,
    )
    text.mode = "w" if writes else "r"
    return text


def renew():
    """What modules made of this process, of the time or of chance when they were imported."""
    modules = sys.modules
    if "random" in modules:
        modules["random"].seed()
    if "numpy.random" in modules:
        modules["numpy.random"].seed()
    if "tempfile" in modules:
        modules["tempfile"]._name_sequence = None
    if "threading" in modules:
        modules["threading"].main_thread()._set_native_id()
    if "multiprocessing.process" in modules:
        process = modules["multiprocessing.process"]
        process.current_process().authkey = posix.urandom(32)
    if "logging" in modules:
        import time

        modules["logging"]._startTime = time.time()
    handlers = modules["wsgiref.handlers"]
    handlers.BaseHandler.os_environ = handlers.read_environ()


def let_go(phase, _):
    """The interpreter that ends empties every module, which copies the template's pages one by one in a process that is
    over. It leaves alone what sys.modules does not have: the template's modules go at the moment when it would drop
    them all, after the last collection of which finalisers could still import. The program's own modules are emptied
    as ever."""
    if phase == "stop":
        gc.callbacks.remove(let_go)
        for name, module in held.items():
            if sys.modules.get(name) is module:
                sys.modules[name] = None


def finish(config, ignored):
    """After the configuration is in place: nothing fails from here on, the program runs next."""
    sys.argv, sys.orig_argv = config["argv"], config["orig_argv"]
    sys.executable = sys._base_executable = config["executable"]
    sys.path[:] = state["path"]
    buffered = state["buffered"]
    sys.__stderr__ = sys.stderr = stream(2, True, "<stderr>", buffered, state["stdout"][0], "backslashreplace")
    sys.__stdin__ = sys.stdin = stream(0, False, "<stdin>", buffered, *state["stdin"])
    sys.__stdout__ = sys.stdout = stream(1, True, "<stdout>", buffered, *state["stdout"])
    for number in ignored:
        if number not in (9, 19):
            _signal.signal(number, _signal.SIG_IGN)
    for number in (_signal.SIGPIPE, _signal.SIGXFSZ):
        _signal.signal(number, _signal.SIG_IGN)
    if _signal.SIGINT not in ignored:
        _signal.signal(_signal.SIGINT, _signal.default_int_handler)
    renew()
    # Registered first, so called last: what follows is the interpreter's own end.
    atexit.register(gc.callbacks.append, let_go)
    state.clear()
